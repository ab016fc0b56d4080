import { afterAll, describe, expect, it } from 'vitest';
import { checkAgent } from '../../agents/conformance.ts';
import { builtInAgents } from '../../agents/registry.ts';
import { createEngine } from '../../engine/index.ts';
import { fewSteps } from './few-steps.ts';

const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

describe.each(builtInAgents)('$name', (factory) => {
  it('keeps every promise of the conformance suite', async () => {
    const presets = { ...factory.presets, smoke: fewSteps(factory.presets.smoke) };
    for await (const { promise, passed, detail } of checkAgent({ ...factory, presets }, { engine })) {
      expect(passed ? '' : detail, promise).toBe('');
    }
  }, 300_000);
});
