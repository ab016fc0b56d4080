import { describe, expect, test } from 'vitest';
import {
  checkTask,
  defineTask,
  makeEnvironment,
  RandomState,
  type TaskDescription,
  TaskError,
} from '../../envs/index.ts';
import { packagedModels } from '../../harness/plugins/assets.ts';

const MODEL = `
<mujoco>
  <worldbody>
    <body><joint name="slide" type="slide" axis="1 0 0"/><geom name="ball" size="0.1"/></body>
  </worldbody>
  <actuator><motor joint="slide" ctrllimited="true" ctrlrange="-1 1"/></actuator>
</mujoco>`;

const sound: TaskDescription = {
  model: MODEL,
  timeLimit: 0.1,
  initialize: (physics, random) => {
    physics.qpos[0] = random.uniform(-1, 1);
  },
  observe: (physics, observation) => {
    observation.add('position', physics.qpos);
    observation.add('velocity', physics.qvel);
  },
  reward: (physics) => 1 / (1 + physics.qpos[0] ** 2),
};

/** The promises that a variation of the sound task breaks, with what was found. */
async function broken(variation: Partial<TaskDescription>): Promise<string[]> {
  const task = defineTask('ball-roll', { ...sound, ...variation });
  const found: string[] = [];
  for await (const { promise, passed, detail } of checkTask(() =>
    makeEnvironment(task, { models: packagedModels }),
  )) {
    if (!passed) found.push(`${promise}: ${detail}`);
  }
  return found;
}

describe('the conformance checks', () => {
  test('find nothing wrong with a sound task', async () => {
    expect(await broken({})).toEqual([]);
  });

  test('stop at a model that does not compile, with the compiler’s line', async () => {
    const found = await broken({ model: MODEL.replace('size=', 'sise=') });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/unrecognized attribute: 'sise'.*line 4/);
  });

  let episodes = 0;
  test.each<[string, Partial<TaskDescription>, RegExp]>([
    ['rewards beyond 1', { reward: () => 1.5 }, /rewards in \[0, 1\].*the reward is 1.5 at step 1/],
    ['a reward that is no number', { reward: () => Number.NaN }, /the reward is NaN at step 1/],
    [
      'an unlimited actuator',
      { model: MODEL.replace('ctrllimited="true" ctrlrange="-1 1"', '') },
      /every action has finite bounds: actuator '#0' is in \[-Infinity, Infinity\].* give the actuator ctrllimited="true" and a ctrlrange$/,
    ],
    [
      'a terminates that returns a number',
      { terminates: (physics) => Number(physics.qpos[0] > 9) as never },
      /terminates\(\) returned 0 at step 1; expected true or false/,
    ],
    [
      'observations beyond float32',
      {
        observe: (physics, observation) => {
          observation.add('raw', 1e39 * (2 + physics.qpos[0]));
        },
      },
      /begins an episode: ball-roll: observation 'raw' is .*e\+3[89] at a reset: beyond float32/,
    ],
    ['no actuator', { model: MODEL.replace(/<actuator>.*<\/actuator>/, '') }, /no actuator/],
    [
      'an actuator without effect',
      { model: MODEL.replace('joint="slide"', 'joint="slide" gear="0"') },
      /same observations/,
    ],
    [
      'starts that no seed repeats',
      {
        initialize: (physics) => {
          physics.qpos[0] = Math.random();
        },
      },
      /differ from step 0/,
    ],
    [
      'memory outside of the simulation',
      { reward: () => 1 / ++episodes },
      /the same seed gives the same episode.*differ/,
    ],
    [
      'a motor so strong that the simulation diverges',
      { model: MODEL.replace('joint="slide"', 'joint="slide" gear="1e14"') },
      /do not make the simulation diverge: .*diverged at step/,
    ],
  ])('find %s', async (_, variation, message) => {
    expect((await broken(variation)).join('\n')).toMatch(message);
  });

  test('ask rewards of a task with a scoreRange of its own to be finite alone', async () => {
    const negative: Partial<TaskDescription> = { reward: (physics) => -10 * Math.abs(physics.qpos[0]) };
    expect((await broken(negative)).join()).toMatch(
      /the reward is -\d.* at step 1; a task with other rewards says by scoreRange which returns count as 0 and 1/,
    );
    expect(await broken({ ...negative, scoreRange: [-500, 0] })).toEqual([]);
  });

  test('keep what a task remembers in its state, and a resumed episode with it', async () => {
    const counting: Partial<TaskDescription> = {
      reward: ({ taskState }) => {
        taskState.steps = (taskState.steps ?? 0) + 1;
        return 1 / taskState.steps;
      },
    };
    expect(await broken(counting)).toEqual([]);
  });

  const goal: Partial<TaskDescription> = {
    initialize: (physics, random) => {
      physics.taskState.goal = random.uniform(-1, 1);
      physics.qpos[0] = random.uniform(-1, 1);
    },
    observe: (physics, observation) => {
      observation.add('position', physics.qpos);
      observation.add('goal', physics.taskState.goal);
    },
  };

  test('take a task that observes what its initialize keeps in its state', async () => {
    expect(await broken(goal)).toEqual([]);
  });

  test('the try that finds the observation’s parts leaves nothing behind', async () => {
    const initialize: TaskDescription['initialize'] = (physics, random) => {
      goal.initialize?.(physics, random);
      physics.model('geom_pos', 'ball')[0] += 1;
    };
    const task = defineTask('ball-roll', { ...sound, ...goal, initialize });
    const environment = await makeEnvironment(task, { models: packagedModels, seed: 3 });
    expect(environment.state().physics).toMatchObject({ model: { arrays: [] }, task: {} });
    expect(environment.physics.taskState).toEqual({});
    const random = new RandomState(3);
    const [target, position] = [random.uniform(-1, 1), random.uniform(-1, 1)];
    expect([...environment.reset().observation]).toEqual([position, target]);
    expect(environment.physics.model('geom_pos', 'ball')[0]).toBe(1);
    environment.dispose();
  });
});

test.each<[unknown, string]>([
  [{ ...sound, timeLimit: 0 }, 'ball-roll: timeLimit must be seconds above 0, got 0'],
  [{ ...sound, timeLimit: undefined }, 'ball-roll: timeLimit must be seconds above 0, got undefined'],
  [{ ...sound, controlStep: -1 }, 'ball-roll: controlStep must be seconds above 0, got -1'],
  [{ ...sound, reward: 1 }, 'ball-roll: reward must be a function'],
  [{ ...sound, observe: undefined }, 'ball-roll: observe must be a function'],
  [{ ...sound, terminates: true }, 'ball-roll: terminates must be a function'],
])('a description without meaning is refused (%#)', (description, message) => {
  expect(() => defineTask('ball-roll', description as TaskDescription)).toThrow(new TaskError(message));
});

test.each(['ball', 'ball-', 'Ball-roll', '-roll', 'ball-roll-far'])("'%s' is no task name", (name) => {
  expect(() => defineTask(name, sound)).toThrow(TaskError);
});
