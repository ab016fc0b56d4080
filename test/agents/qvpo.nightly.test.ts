import { afterAll, expect, it } from 'vitest';
import { createEngine } from '../../engine/index.ts';
import { twoHumps } from './bandit.ts';
import { expectGreedy } from './qvpo-bandit.ts';

const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

// Mish critics of this width need thousands of updates to see two humps apart, ReLU critics hundreds.
it('qvpo with the common networks reaches the higher of two humps', async () => {
  expect.hasAssertions();
  await expectGreedy(engine, {
    networks: 'common',
    reward: twoHumps,
    best: -0.5,
    within: 0.06,
    updates: 1000,
  });
});
