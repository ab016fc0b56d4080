import { describe, expect, test } from 'vitest';
import { defineTask, domain, type TaskDescription } from '../../envs/domain.ts';
import { DivergenceError, ModelError, TaskError } from '../../envs/errors.ts';
import { findTask, makeEnvironment } from '../../envs/index.ts';
import { packagedModels } from '../../harness/plugins/assets.ts';

const model =
  '<mujoco><worldbody><body><joint name="j" type="slide"/><geom size="1"/></body></worldbody>' +
  '<actuator><motor joint="j" ctrllimited="true" ctrlrange="-1 1"/></actuator></mujoco>';
const none = () => expect.fail('no file is read');

const make = (own: Partial<TaskDescription>) =>
  makeEnvironment(
    defineTask('slide-far', {
      model,
      timeLimit: 1,
      observe: (physics, observation) => {
        observation.add('position', physics.qpos);
      },
      reward: () => 0,
      ...own,
    }),
    { models: none },
  );

const thrown = (): never => {
  throw new Error('no more');
};

describe('what a description of a task throws names the task and the step, and a reset begins anew', () => {
  const late = (physics: { time: number }) => (physics.time > 0.0021 ? thrown() : 0);
  test.each<[string, Partial<TaskDescription>]>([
    ['reward', { reward: late }],
    ['terminates', { terminates: (physics) => late(physics) > 0 }],
    [
      'observe',
      {
        observe: (physics, observation) => {
          observation.add('position', late(physics));
        },
      },
    ],
  ])('%s', async (_, own) => {
    const environment = await make(own);
    for (let episode = 0; episode < 2; episode++) {
      environment.reset(0);
      environment.step([0]);
      expect(() => environment.step([0])).toThrow(TaskError);
      expect(() => environment.step([0])).toThrow('call reset() first');
      environment.reset();
      environment.step([0]);
      expect(() => environment.step([0])).toThrow('slide-far: its description threw at step 2: no more');
    }
    environment.dispose();
  });

  test('initialize', async () => {
    const environment = await make({ initialize: thrown });
    expect(() => environment.reset(0)).toThrow('slide-far: its description threw at a reset: no more');
    environment.dispose();
  });

  test('a name that the model does not have', async () => {
    const environment = await make({ reward: (physics) => physics.data('xpos', 'cart')[0] });
    environment.reset(0);
    expect(() => environment.step([0])).toThrow(ModelError);
    environment.reset();
    expect(() => environment.step([0])).toThrow(/^slide-far: the model has no body 'cart'/);
    environment.dispose();
  });

  test('a model that is no text', async () => {
    expect(() => make({ model: 5 as never })).toThrow('slide-far: model must be MJCF text, or a function');
    await expect(make({ model: () => undefined as never })).rejects.toThrow(
      'slide-far: the model must be MJCF text, found undefined',
    );
    await expect(make({ model: (async () => model) as never })).rejects.toThrow(
      'slide-far: the model must be MJCF text, found a Promise',
    );
  });
});

describe('a key that is misspelt is refused, where it would be a part that the task lacks', () => {
  const parts = { model, timeLimit: 1, observe: () => {}, reward: () => 0 };

  test.each([
    ['terminate', 'terminates'],
    ['initalize', 'initialize'],
    ['scorerange', 'scoreRange'],
  ])('%s', (key, meant) => {
    const line = new TaskError(`slide-far: unknown key '${key}'; did you mean '${meant}'?`);
    expect(() => make({ [key]: () => true })).toThrow(line);
    expect(() => domain('slide', { tasks: { far: { ...parts, [key]: () => true } } as never })).toThrow(line);
  });

  test('of a domain', () => {
    const misspelt = { modl: model, tasks: { far: parts } } as never;
    expect(() => domain('slide', misspelt)).toThrow(
      new TaskError("slide: unknown key 'modl'; did you mean 'model'?"),
    );
  });

  test('of a Task that no function here made', async () => {
    const task = { ...defineTask('slide-far', parts), terminate: () => true };
    await expect(makeEnvironment(task, { models: none })).rejects.toThrow("unknown key 'terminate'");
  });

  test('but not the names of a task that it begins with', () => {
    const walk = findTask('walker-walk');
    expect(walk).toBeDefined();
    expect(defineTask('walker-crawl', { ...walk, reward: () => 0 } as TaskDescription).name).toBe(
      'walker-crawl',
    );
  });
});

describe('what a description returns must be of its kind', () => {
  test.each<[string, Partial<Record<keyof TaskDescription, unknown>>, string]>([
    ['1 of terminates', { terminates: () => 1 }, 'terminates() returned 1 at step 1; expected true or false'],
    ['0 of terminates', { terminates: () => 0 }, 'terminates() returned 0 at step 1; expected true or false'],
    [
      'nothing of terminates',
      { terminates: () => {} },
      'terminates() returned undefined at step 1; expected true or false',
    ],
    [
      'a later answer of terminates',
      { terminates: async () => true },
      'terminates() returned a Promise at step 1; expected true or false',
    ],
    [
      'a text of reward',
      { reward: () => '0.5' },
      'reward() returned the string "0.5" at step 1; expected a number',
    ],
    ['a truth of reward', { reward: () => true }, 'reward() returned true at step 1; expected a number'],
    ['nothing of reward', { reward: () => {} }, 'reward() returned undefined at step 1; expected a number'],
    [
      'a later number of reward',
      { reward: async () => 0.5 },
      'reward() returned a Promise at step 1; expected a number',
    ],
  ])('%s', async (_, own, message) => {
    const environment = await make(own as Partial<TaskDescription>);
    environment.reset(0);
    expect(() => environment.step([0])).toThrow(new TaskError(`slide-far: ${message}`));
    environment.dispose();
  });

  test.each<[string, unknown, string]>([
    [
      'true',
      true,
      "'position' is true; expected a number, or an array of numbers: write Number(...), which is 1 here",
    ],
    ['a text', '0.5', `'position' is the string "0.5"; expected a number, or an array of numbers`],
    ['nothing', undefined, "'position' is undefined; expected a number, or an array of numbers"],
    ['null', null, "'position' is null; expected a number, or an array of numbers"],
    ['an object', { x: 1 }, "'position' is an Object; expected a number, or an array of numbers"],
    [
      'an array with false in it',
      [0, false],
      "'position[1]' is false; expected a number, or an array of numbers: write Number(...), which is 0 here",
    ],
    [
      'an array with a hole',
      [0, undefined],
      "'position[1]' is undefined; expected a number, or an array of numbers",
    ],
    [
      'whole numbers beyond double precision',
      BigInt64Array.of(1n),
      "'position[0]' is a BigInt; expected a number, or an array of numbers",
    ],
  ])('%s as an observation, first or later', async (_, value, message) => {
    let now: unknown = value;
    const observing = {
      observe: (_: unknown, observation: { add(name: string, value: unknown): void }) => {
        observation.add('position', now);
      },
    } as Partial<TaskDescription>;
    await expect(make(observing)).rejects.toThrow(new TaskError(`slide-far: observation ${message}`));
    now = value instanceof Object && 'length' in value ? [0, 0].slice(0, Number(value.length)) : 0;
    const environment = await make(observing);
    environment.reset(0);
    now = value;
    expect(() => environment.step([0])).toThrow(new TaskError(`slide-far: observation ${message}`));
    environment.dispose();
  });

  test('a truth that is pushed', async () => {
    const pushing: Partial<TaskDescription> = {
      observe: (_, observation) => {
        observation.open('touch').push(true as never);
      },
    };
    await expect(make(pushing)).rejects.toThrow("observation 'touch' is true; expected a number");
  });

  test('initialize and observe that end later', async () => {
    const late = make({ observe: async (_, observation) => void observation.add('x', 0) });
    await expect(late).rejects.toThrow('slide-far: observe() returned a Promise; it must not be async');
    const environment = await make({ initialize: async () => {} });
    expect(() => environment.reset(0)).toThrow(
      'slide-far: initialize() returned a Promise; it must not be async',
    );
    environment.dispose();
  });
});

describe('numbers that agents would see as infinite are refused, and those just below are not', () => {
  // 2^128 - 2^103 rounds to 2^128, which float32 does not have; what is smaller rounds to its largest number.
  const most = 2 ** 128 - 2 ** 103;
  const below = most * (1 - 2 ** -52);

  test.each([most, 1e39, -1e300])('%d', async (value) => {
    const observed = (now: () => number): Partial<TaskDescription> => ({
      observe: (_, observation) => {
        observation.add('raw', now());
      },
    });
    const environment = await make(observed(() => value));
    expect(() => environment.reset(0)).toThrow(
      new DivergenceError(
        `slide-far: observation 'raw' is ${value} at a reset: beyond float32 (3.4e38), in which agents see it`,
      ),
    );
    environment.dispose();
    const rewarded = await make({ reward: () => value });
    rewarded.reset(0);
    expect(() => rewarded.step([0])).toThrow(`the reward is ${value} at step 1: beyond float32 (3.4e38)`);
    rewarded.dispose();
    const sound = await make({ ...observed(() => Math.sign(value) * below), reward: () => below });
    sound.reset(0);
    expect(Math.fround(sound.step([0]).observation[0])).toBe(Math.sign(value) * (2 ** 128 - 2 ** 104));
    sound.dispose();
  });
});

describe('a step at which the simulation does not hold', () => {
  /** Each begins to fail at step 3. */
  const failures: [string, Partial<TaskDescription>, RegExp][] = [
    [
      'a warning of MuJoCo',
      {
        reward: (physics) => {
          if (physics.time > 0.003) physics.qvel[0] = 1e12;
          return 0.5;
        },
      },
      /the simulation diverged at step 3: Nan, Inf or huge value in QVEL/,
    ],
    [
      'a reward that is not finite',
      { reward: (physics) => (physics.time > 0.005 ? Number.NaN : 0.5) },
      /the reward is NaN at step 3/,
    ],
    [
      'an observation that is not finite',
      {
        observe: (physics, observation) => {
          observation.add('time', physics.time > 0.005 ? Number.POSITIVE_INFINITY : physics.time);
        },
        reward: () => 0.5,
      },
      /observation 'time' is Infinity at step 3/,
    ],
  ];

  test.each(failures)('fails by default, with the way on: %s', async (_, own, message) => {
    const environment = await make(own);
    expect(environment.endsUnstable).toBe(false);
    environment.reset(0);
    environment.step([0]);
    environment.step([0]);
    const step = () => environment.step([0]);
    expect(step).toThrow(DivergenceError);
    expect(step).toThrow('call reset() first');
    environment.reset(0);
    environment.step([0]);
    environment.step([0]);
    expect(step).toThrow(message);
    environment.reset(0);
    environment.step([0]);
    environment.step([0]);
    expect(step).toThrow(
      /; onUnstable: 'terminate' in the task's description ends such an episode instead of the run$/,
    );
    environment.dispose();
  });

  test.each(failures)('ends the episode where the task says so: %s', async (_, own, message) => {
    const environment = await make({ ...own, onUnstable: 'terminate' });
    expect(environment.endsUnstable).toBe(true);
    for (let episode = 0; episode < 3; episode++) {
      expect(environment.reset(0).unstable).toBeUndefined();
      environment.step([0]);
      const before = [...environment.step([0]).observation];
      const { observation, reward, terminated, truncated, discount, unstable } = environment.step([0]);
      expect({ reward, terminated, truncated, discount }).toEqual({
        reward: 0,
        terminated: true,
        truncated: false,
        discount: 0,
      });
      expect([...observation]).toEqual(before);
      expect(unstable).toMatch(message);
      expect(() => environment.step([0])).toThrow('after the end of the episode: call reset() first');
    }
    environment.dispose();
  });

  test('a fault of the description is an error all the same', async () => {
    const environment = await make({ reward: () => 'much' as never, onUnstable: 'terminate' });
    environment.reset(0);
    expect(() => environment.step([0])).toThrow(TaskError);
    environment.dispose();
  });

  test('at a reset is an error all the same', async () => {
    const environment = await make({
      initialize: (physics) => {
        physics.qpos[0] = Number.NaN;
      },
      onUnstable: 'terminate',
    });
    expect(() => environment.reset(0)).toThrow(DivergenceError);
    environment.dispose();
  });

  test('a packaged task is not said to be changed', async () => {
    const environment = await makeEnvironment('pendulum-swingup', { models: packagedModels });
    environment.reset(0);
    environment.physics.qvel[0] = 1e12;
    expect(() => environment.step([0])).toThrow(/^(?!.*onUnstable).*diverged at step 1/);
    environment.dispose();
  });

  test('is told as fail or terminate', () => {
    expect(() => make({ onUnstable: 'continue' as never })).toThrow(
      "slide-far: onUnstable must be 'fail' or 'terminate', got continue",
    );
  });
});

describe('the range of scores that a task tells', () => {
  test('is its own', async () => {
    const environment = await make({ scoreRange: [-50, 10] });
    expect(environment.scoreRange).toEqual([-50, 10]);
    environment.dispose();
    const silent = await make({});
    expect(silent.scoreRange).toBeUndefined();
    silent.dispose();
  });

  test.each([[[1, 0]], [[0, 0]], [[0]], [[0, 1, 2]], [[0, Number.POSITIVE_INFINITY]], ['0,1'], [5]])(
    'is two numbers, the lower one first: not %j',
    (scoreRange) => {
      const own = { scoreRange } as unknown as Partial<TaskDescription>;
      expect(() => make(own)).toThrow(/^slide-far: scoreRange must be \[low, high\], low below high, got /);
    },
  );
});
