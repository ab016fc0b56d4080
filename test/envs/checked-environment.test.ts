import { expect, test } from 'vitest';
import { CheckedEnvironment } from '../../envs/index.ts';

/** Scales its action in place, as one does to have newtons. */
function scaling() {
  const given: ArrayLike<number>[] = [];
  const step = (reward: number) => ({
    observation: Float64Array.of(0),
    reward,
    terminated: false,
    truncated: false,
    discount: 1,
  });
  const environment = new CheckedEnvironment(
    {
      task: 'toy-scaling',
      episodeLength: 50,
      controlStep: 0.1,
      observationSpec: { size: 1, parts: [{ name: 'x', shape: [1], offset: 0, size: 1 }] },
      actionSpec: { size: 2, low: Float64Array.of(-1, -1), high: Float64Array.of(1, 1) },
      reset: () => step(0),
      step(action: number[]) {
        given.push(action);
        action[0] *= 0.25;
        return step(action[0]);
      },
      state: () => ({ task: 'toy-scaling' }),
      setState: () => {},
      dispose: () => {},
    },
    'scaling.ts',
  );
  environment.reset();
  return { environment, given };
}

test.each([
  ['float32', Float32Array.of(0.5, -1)],
  ['float64', Float64Array.of(0.5, -1)],
  ['a list', [0.5, -1]],
])('an environment that changes its action changes a copy (%s)', (_, action) => {
  const { environment, given } = scaling();
  for (let i = 0; i < 2; i++) expect(environment.step(action).reward).toBe(0.125);
  expect([...action]).toEqual([0.5, -1]);
  expect(given[0]).toBeInstanceOf(action instanceof Float32Array ? Float32Array : Float64Array);
  expect(given[1]).toBe(given[0]); // held: nothing is allocated at a step
});
