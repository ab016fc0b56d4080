import { expect, test } from 'vitest';
import { ActionError, makeEnvironment, TaskError, VectorEnvironment } from '../../envs/index.ts';
import { actionStream } from '../../envs/trace.ts';
import { packagedModels } from '../../harness/plugins/assets.ts';

const make = (task: string) => makeEnvironment(task, { models: packagedModels });

test('environments in a vector run as each would alone', async () => {
  const seeds = [4, 5, 6];
  const vector = new VectorEnvironment(await Promise.all(seeds.map(() => make('walker-walk'))));
  const alone = await make('walker-walk');
  const found = seeds.map((): number[][] => []);
  const actions = seeds.map((seed) => actionStream(alone, seed));
  let { observation, reward } = vector.reset(seeds);
  for (let step = 0; step < 20; step++) {
    ({ observation, reward } = vector.step(actions.flatMap((draw) => [...draw()])));
    seeds.forEach((_, i) => {
      found[i].push([...observation.subarray(i * 24, (i + 1) * 24), reward[i]]);
    });
  }
  seeds.forEach((seed, i) => {
    alone.reset(seed);
    const draw = actionStream(alone, seed);
    const expected = Array.from({ length: 20 }, () => {
      const step = alone.step(draw());
      return [...step.observation, step.reward];
    });
    expect(found[i]).toEqual(expected);
  });
  vector.dispose();
  alone.dispose();
});

test('an environment whose episode is over waits for the next reset', async () => {
  const vector = new VectorEnvironment([await make('pendulum-swingup'), await make('pendulum-swingup')]);
  vector.reset();
  for (let i = 0; i < vector.episodeLength; i++) {
    expect(vector.finished).toBe(false);
    vector.step([0, 0]);
  }
  expect(vector.finished).toBe(true);
  expect([...vector.step([0, 0]).reward]).toEqual([0, 0]);
  expect([...vector.reset().done]).toEqual([0, 0]);
  vector.dispose();
});

test('wrong sizes and mixed tasks are refused', async () => {
  const [pendulum, cheetah] = [await make('pendulum-swingup'), await make('cheetah-run')];
  expect(() => new VectorEnvironment([])).toThrow(TaskError);
  expect(() => new VectorEnvironment([pendulum, cheetah])).toThrow(
    /vector of pendulum-swingup cannot hold cheetah-run/,
  );
  const vector = new VectorEnvironment([pendulum]);
  expect(() => vector.reset([1, 2])).toThrow('2 seeds for 1 environments');
  vector.reset();
  expect(() => vector.step([0, 0])).toThrow(ActionError);
  vector.dispose();
  cheetah.dispose();
});

test('a refused action leaves every environment where it was', async () => {
  const vector = new VectorEnvironment([await make('cartpole-balance'), await make('cartpole-balance')]);
  vector.reset([0, 0]);
  for (const wrong of [2, Number.NaN]) {
    expect(() => vector.step([0.5, wrong])).toThrow(
      new ActionError(`cartpole-balance: environment 1: action[0] must be in [-1, 1], got ${wrong}`),
    );
  }
  const { observation } = vector.step([0.5, 0.5]);
  const size = vector.observationSpec.size;
  expect([...observation.subarray(0, size)]).toEqual([...observation.subarray(size)]);
  vector.dispose();
});
