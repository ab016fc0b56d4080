import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { checkAgent } from '../../agents/conformance.ts';
import { rfmFlow } from '../../agents/rfm/flow.ts';
import { loadAgent } from '../../harness/plugins/load-agent.ts';
import { engine, expectEqual, file } from './one-page.ts';

afterAll(() => engine.dispose());

// At laptop: rfm-in-one-page.nightly.test.ts.
it('equals rfm-flow to the bit at smoke', async () => {
  expect.hasAssertions();
  await expectEqual('smoke', 200);
}, 300_000);

it('has the constants of rfm-flow', async () => {
  const { factory } = await loadAgent(file);
  for (const preset of ['paper', 'laptop', 'smoke'] as const) {
    const { name: _, ...config } = factory.presets[preset] as unknown as Record<string, unknown>;
    expect(rfmFlow.presets[preset]).toMatchObject(config);
  }
});

it('keeps every promise of the conformance suite, on one page', async () => {
  const { factory } = await loadAgent(file);
  for await (const { promise, passed, detail } of checkAgent(factory, { engine: await engine })) {
    expect(passed ? '' : detail, promise).toBe('');
  }
  expect(readFileSync(file, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(200);
}, 300_000);
