import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ActionError,
  type ControlEnvironment,
  DivergenceError,
  domain,
  EpisodeError,
  ModelError,
  makeEnvironment,
  StateError,
  TaskError,
  task,
} from '../../envs/index.ts';
import { actionStream } from '../../envs/trace.ts';
import { packagedModels } from '../../harness/plugins/assets.ts';

const make = (name: string) => makeEnvironment(name, { models: packagedModels });

/** Observation and reward of `steps` steps with the actions of a seed, as plain numbers. */
function roll(environment: ControlEnvironment, draw: () => Float64Array, steps: number): number[][] {
  return Array.from({ length: steps }, () => {
    const { observation, reward } = environment.step(draw());
    return [...observation, reward];
  });
}

describe('an action is refused with its place, value and bounds, and changes nothing', () => {
  let environment: ControlEnvironment;
  beforeAll(async () => {
    environment = await make('cheetah-run');
  });
  afterAll(() => environment.dispose());

  test.each([
    ['too short', [0, 0, 0], 'cheetah-run: an action has 6 numbers, got 3'],
    ['too long', [0, 0, 0, 0, 0, 0, 0], 'an action has 6 numbers, got 7'],
    ['NaN', [0, 0, Number.NaN, 0, 0, 0], 'cheetah-run: action[2] must be in [-1, 1], got NaN at step 3'],
    ['infinite', [0, 0, 0, 0, 0, Number.NEGATIVE_INFINITY], 'action[5] must be in [-1, 1], got -Infinity'],
    ['out of bounds', [1.0000001, 0, 0, 0, 0, 0], 'action[0] must be in [-1, 1], got 1.0000001'],
    [
      'a hole',
      [0, 0, 0, undefined as unknown as number, 0, 0],
      'action[3] must be in [-1, 1], got undefined',
    ],
  ])('%s', (_, action, message) => {
    const draw = () => new Float64Array(6).fill(0.5);
    environment.reset(5);
    const untouched = roll(environment, draw, 6);
    environment.reset(5);
    const before = roll(environment, draw, 2);
    expect(() => environment.step(action)).toThrow(ActionError);
    expect(() => environment.step(action)).toThrow(message);
    expect([...before, ...roll(environment, draw, 4)]).toEqual(untouched);
  });
});

describe('an episode', () => {
  test('needs a reset first, ends by truncation after its length, and then needs a reset again', async () => {
    const environment = await make('cartpole-balance');
    expect(() => environment.step([0])).toThrow(
      new EpisodeError('cartpole-balance: step() before the first reset()'),
    );
    environment.reset(0);
    for (let i = 1; i < environment.episodeLength; i++) {
      const { truncated, terminated, discount } = environment.step([0]);
      expect([truncated, terminated, discount]).toEqual([false, false, 1]);
    }
    const { truncated, terminated, discount } = environment.step([0]);
    expect([truncated, terminated, discount]).toEqual([true, false, 1]);
    expect(() => environment.step([0])).toThrow(EpisodeError);
    expect(environment.reset().truncated).toBe(false);
    environment.step([0]);
    environment.dispose();
  });

  test('ends by termination with discount 0 where the task says so', async () => {
    const falling = domain('falling', {
      model: () =>
        '<mujoco><worldbody><body pos="0 0 1"><joint type="slide" axis="0 0 1"/><geom size="0.1"/></body></worldbody></mujoco>',
      tasks: {
        ball: task({
          timeLimit: 1,
          observe: (physics, observation) => void observation.add('height', physics.qpos),
          reward: () => 1,
          terminates: (physics) => physics.qpos[0] < -0.01,
        }),
      },
    });
    const environment = await makeEnvironment(falling.tasks[0], { models: packagedModels });
    environment.reset(0);
    let last = environment.step([]);
    while (!last.terminated) last = environment.step([]);
    expect(last).toMatchObject({ terminated: true, truncated: false, discount: 0 });
    expect(environment.physics.time).toBeCloseTo(Math.sqrt(0.02 / 9.81), 2);
    expect(() => environment.step([])).toThrow(EpisodeError);
    environment.dispose();
  });

  test('is over for good after dispose()', async () => {
    const environment = await make('cartpole-balance');
    environment.reset(0);
    environment.dispose();
    environment.dispose();
    for (const use of [
      () => environment.reset(),
      () => environment.step([0]),
      () => environment.state(),
      () => environment.setState({ task: 'cartpole-balance' }),
    ]) {
      expect(use).toThrow(new EpisodeError('cartpole-balance: used after dispose()'));
    }
  });
});

describe('a diverging simulation', () => {
  test.each([
    [
      'a position that is not a number',
      'qpos',
      Number.NaN,
      /cheetah-run: the simulation diverged at step 3: .*QPOS/,
    ],
    [
      'a velocity beyond all bounds',
      'qvel',
      1e12,
      /cheetah-run: the simulation diverged at step 3: .*Q(POS|VEL|ACC)/,
    ],
  ] as const)(
    '%s is an error with the step and MuJoCo’s message; a reset starts anew',
    async (_, field, value, message) => {
      const environment = await make('cheetah-run');
      environment.reset(1);
      environment.step(new Float64Array(6));
      environment.step(new Float64Array(6));
      environment.physics[field][2] = value;
      const diverge = () => environment.step(new Float64Array(6));
      expect(diverge).toThrow(message);
      expect(diverge).toThrow(
        new EpisodeError('cheetah-run: step() after the simulation diverged: call reset() first'),
      );

      const fresh = await make('cheetah-run');
      expect([...environment.reset(1).observation]).toEqual([...fresh.reset(1).observation]);
      const draw = () => new Float64Array(6).fill(-0.3);
      expect(roll(environment, draw, 20)).toEqual(roll(fresh, draw, 20));
      environment.dispose();
      fresh.dispose();
    },
  );

  test('a reward or an observation that is not a number is one too', async () => {
    const broken = (reward: number, observed: number) =>
      domain('broken', {
        model: () => packagedModels('pendulum.xml'),
        tasks: {
          one: task({
            timeLimit: 1,
            observe: ({ time }, observation) => void observation.add('angle', time > 0 ? observed : 0),
            reward: () => reward,
          }),
        },
      }).tasks[0];
    for (const [reward, observed, message] of [
      [Number.NaN, 0, 'broken-one: the reward is NaN at step 1'],
      [0, Number.POSITIVE_INFINITY, "broken-one: observation 'angle' is Infinity at step 1"],
    ] as const) {
      const environment = await makeEnvironment(broken(reward, observed), { models: packagedModels });
      const step = () => {
        environment.reset(0);
        environment.step([0]);
      };
      expect(step).toThrow(DivergenceError);
      expect(step).toThrow(`${message}; onUnstable: 'terminate' in the task's description`);
      environment.dispose();
    }
  });
});

describe('a task that is wrong', () => {
  const described = (model: string, more: Partial<Parameters<typeof task>[0]> = {}) =>
    makeEnvironment(
      domain('mine', {
        model: () => model,
        tasks: {
          it: task({ timeLimit: 1, observe: (p, o) => void o.add('q', p.qpos), reward: () => 0, ...more }),
        },
      }).tasks[0],
      { models: packagedModels },
    );
  const pendulum = packagedModels('pendulum.xml');

  test('broken MJCF is an error with the compiler’s words and line', async () => {
    await expect(
      described('<mujoco>\n  <worldbody>\n    <geom tye="box"/>\n  </worldbody>\n</mujoco>'),
    ).rejects.toThrow(
      new ModelError(
        "mine-it: XML Error: Schema violation: unrecognized attribute: 'tye'; Element 'geom', line 3",
      ),
    );
    await expect(described('<mujoco><worldbody>')).rejects.toThrow(
      /mine-it: XML parse error.*line number=1/i,
    );
  });

  test('a name the model does not have is an error with those it has', async () => {
    const observe = (physics: Parameters<Parameters<typeof task>[0]['observe']>[0]) =>
      void physics.data('xpos', 'leg');
    await expect(described(pendulum, { observe })).rejects.toThrow(
      /mine-it: the model has no body 'leg'; it has: .*pole/,
    );
  });

  test('observations that change their parts, no observation, odd time steps', async () => {
    const environment = await described(pendulum, {
      observe: (physics, observation) => {
        observation.add('q', physics.qpos);
        if (physics.time > 0) observation.add('more', 1);
      },
    });
    environment.reset(0);
    expect(() => environment.step([0])).toThrow(TaskError);
    environment.dispose();
    await expect(described(pendulum, { observe: () => {} })).rejects.toThrow(
      'mine-it: the task observes nothing',
    );
    await expect(described(pendulum, { controlStep: 0.0213 })).rejects.toThrow(
      /control step 0.0213 s is not a multiple/,
    );
    expect(() => domain('Mine', { tasks: { it: { timeLimit: 1, observe() {}, reward: () => 0 } } })).toThrow(
      TaskError,
    );
  });

  test('an unknown name', async () => {
    await expect(make('cheetah-fly')).rejects.toThrow(
      "unknown task 'cheetah-fly'; did you mean 'cheetah-run'?",
    );
    await expect(make('xyzzy')).rejects.toThrow(/unknown task 'xyzzy'; known: .*cheetah-run/);
  });
});

test('a state of another task or model is refused and changes nothing', async () => {
  const [walker, cheetah] = [await make('walker-walk'), await make('cheetah-run')];
  walker.reset(0);
  cheetah.reset(0);
  const before = cheetah.state();
  expect(() => cheetah.setState(walker.state())).toThrow(StateError);
  expect(() => cheetah.setState({ ...walker.state(), task: 'cheetah-run' })).toThrow(StateError);
  expect(cheetah.state()).toEqual(before);
  walker.dispose();
  cheetah.dispose();
});

test('an environment goes on undisturbed while others are made and memory grows', async () => {
  const alone = await make('walker-walk');
  alone.reset(3);
  const expected = roll(alone, actionStream(alone, 3), 60);
  alone.dispose();

  const environment = await make('walker-walk');
  environment.reset(3);
  const draw = actionStream(environment, 3);
  const bytes = () => environment.physics.qpos.buffer.byteLength;
  const start = bytes();
  const others: ControlEnvironment[] = [];
  const found: number[][] = [];
  for (let i = 0; i < 60; i++) {
    if (i % 2 === 0) others.push(await make('cartpole-balance'));
    found.push(...roll(environment, draw, 1));
  }
  expect(bytes()).toBeGreaterThan(start);
  expect(found).toEqual(expected);
  for (const one of [...others, environment]) one.dispose();
});

test('200 environments made and disposed of leave the memory as it was', async () => {
  const cycle = async () => {
    const environment = await make('cheetah-run');
    environment.reset(0);
    environment.step(new Float64Array(6));
    const bytes = environment.physics.qpos.buffer.byteLength;
    environment.dispose();
    return bytes;
  };
  const first = await cycle();
  for (let i = 0; i < 198; i++) await cycle();
  expect(await cycle()).toBe(first);
});
