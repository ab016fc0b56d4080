import { afterAll, expect, it } from 'vitest';
import { createEngine } from '../../../engine/index.ts';
import { twoHumps } from '../bandit.ts';
import { learnBandit } from './bandit.ts';

const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

it('maxentdp reaches the Boltzmann policy of two humps', async () => {
  const { distance, best } = await learnBandit(engine, twoHumps, 6000);
  // The humps are 1 apart: 0.12 is an eighth of the mass at the wrong one. Uniform actions are 0.31 away.
  expect(distance).toBeLessThan(0.12);
  expect(best).toBeGreaterThan(0.97);
});
