import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { checkAgent } from '../../agents/conformance.ts';
import { createEngine } from '../../engine/index.ts';
import { loadAgent } from '../../harness/plugins/load-agent.ts';
import { drawActions, oneHump, trainOnBandit } from '../agents/bandit.ts';

const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

describe.each(['my-agent.ts', 'cem-agent.ts'])('examples/%s', (name) => {
  const file = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));

  it('loads from its path and keeps every promise of the conformance suite', async () => {
    const { factory } = await loadAgent(file);
    for await (const { promise, passed, detail } of checkAgent(factory, { engine })) {
      expect(passed ? '' : detail, promise).toBe('');
    }
  }, 300_000);

  it('finds the best action of a bandit', async () => {
    const { factory } = await loadAgent(file);
    const { agent } = await trainOnBandit(factory, { engine, reward: oneHump, updates: 500 });
    for (const action of await drawActions(agent, 'exploit', 20)) {
      expect(Math.abs(action - 0.3)).toBeLessThan(0.1);
    }
    await agent.dispose();
  }, 300_000);
});

it('the agent in docs/agents.md, saved as a file, keeps every promise too', async () => {
  const text = readFileSync(new URL('../../docs/agents.md', import.meta.url), 'utf8');
  const [, code] = /```ts\n([\s\S]*?)```/.exec(text) ?? [];
  expect(code).toBeDefined();
  const file = join(mkdtempSync(join(tmpdir(), 'harness-')), 'restless.ts');
  writeFileSync(file, code);
  const { factory } = await loadAgent(file);
  for await (const { promise, passed, detail } of checkAgent(factory, { engine })) {
    expect(passed ? '' : detail, promise).toBe('');
  }
});
