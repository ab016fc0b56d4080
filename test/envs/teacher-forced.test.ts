/** Recordings of tasks whose resets write into the model. */
import { afterEach, describe, expect, it } from 'vitest';
import type { ControlEnvironment } from '../../envs/control-environment.ts';
import { defineTask } from '../../envs/domain.ts';
import { ModelError } from '../../envs/errors.ts';
import { makeEnvironment } from '../../envs/index.ts';
import type { Physics } from '../../envs/physics.ts';
import { teacherForced } from '../../envs/teacher-forced.ts';
import { type TracedSeed, traceSeed } from '../../envs/trace.ts';

const model = `<mujoco><asset><material name="shine" reflectance="0.1"/></asset><worldbody>
  <body name="box" pos="0 0 1"><freejoint name="free"/><geom name="box" type="box" size=".1 .1 .1"/></body>
  <body name="arm" pos="1 0 1"><joint name="hinge" axis="0 1 0" stiffness="1" damping=".1"/>
    <geom name="arm" type="capsule" fromto="0 0 0 .3 0 0" size=".03" material="shine"/></body></worldbody>
  <contact><pair name="touch" geom1="box" geom2="arm"/></contact>
  <equality><weld name="weld" body1="box" solref="0.1 1"/></equality>
  <actuator><motor name="motor" joint="hinge" ctrllimited="true" ctrlrange="-1 1"/></actuator></mujoco>`;

type Randomise = (physics: Physics, draw: () => number) => void;
const environments: ControlEnvironment[] = [];
afterEach(() => {
  for (const environment of environments.splice(0)) environment.dispose();
});

async function make(randomise: Randomise): Promise<ControlEnvironment> {
  const task = defineTask('arm-swing', {
    model,
    timeLimit: 1,
    initialize: (physics, random) => randomise(physics, () => random.uniform(0.1, 0.9)),
    observe: (physics, observation) => observation.add('position', physics.qpos),
    reward: () => 0,
  });
  const environment = await makeEnvironment(task, { models: () => '', seed: 0 });
  environments.push(environment);
  return environment;
}

describe('a recording', () => {
  // Rows by object, by degree of freedom, and by joint over positions.
  it.each<[string, number, string, number, Randomise]>([
    ['eq_data', 0, 'weld', 11, ({ mjModel }, draw) => mjModel.eq_data.fill(draw(), 0, 1)],
    ['pair_friction', 0, 'touch', 5, ({ mjModel }, draw) => mjModel.pair_friction.fill(draw(), 0, 1)],
    ['mat_shininess', 0, 'shine', 1, ({ mjModel }, draw) => mjModel.mat_shininess.fill(draw())],
    ['qpos_spring', 1, 'hinge', 1, (physics, draw) => physics.model('qpos_spring', 'hinge').fill(draw())],
    ['qpos_spring', 0, 'free', 7, (physics, draw) => physics.model('qpos_spring', 'free').fill(draw(), 0, 1)],
    ['dof_damping', 4, 'free', 1, ({ mjModel }, draw) => mjModel.dof_damping.fill(draw(), 4, 5)],
  ])(
    'of changed %s, row %i, is stepped again without a difference',
    async (field, index, name, width, randomise) => {
      const environment = await make(randomise);
      const traced = await traceSeed(environment, 3, 5, false);
      const overrides = traced.reset.modelOverrides;
      expect(overrides).toMatchObject([{ field, index, name }]);
      const [{ value }] = overrides as unknown as [{ value: number | number[] }];
      expect([value].flat()).toHaveLength(width);
      // As it comes from a file, and with another reset in between.
      const recorded = JSON.parse(JSON.stringify(traced)) as TracedSeed;
      environment.reset(8);
      for (const { qpos, qvel, observation } of teacherForced(environment, recorded))
        expect([qpos, qvel, observation]).toEqual([0, 0, 0]);
    },
  );

  it('of another model is refused by the name of what does not fit', async () => {
    const environment = await make(({ mjModel }, draw) => mjModel.mat_shininess.fill(draw()));
    const traced = await traceSeed(environment, 3, 2, false);
    const { reset } = traced;
    const [override] = reset.modelOverrides as unknown as [Record<string, unknown>];
    const refused = (change: Partial<TracedSeed['reset']>) => {
      const changed = { ...traced, reset: { ...reset, ...change } };
      return expect(() => teacherForced(environment, changed));
    };
    const long = new ModelError('qpos has 9 numbers in the recording, 8 in this model');
    refused({ qpos: [...reset.qpos, 0] }).toThrow(long);
    refused({ modelOverrides: [{ ...override, value: [1, 2] }] as never }).toThrow(
      "row 'shine' of mat_shininess has 2 numbers in the recording, 1 in this model",
    );
    refused({ modelOverrides: [{ ...override, index: 7 }] as never }).toThrow(
      "the recording has a row 7 'shine' of mat_shininess, which this model has not",
    );
    refused({ modelOverrides: [{ ...override, field: 'mat_gloss' }] as never }).toThrow(
      "MuJoCo has no array 'mat_gloss' in mjModel",
    );
  });
});

describe('rows by name', () => {
  it('are of no matrix that MuJoCo keeps without zeros, and of no flags', async () => {
    const { physics } = await make(() => {});
    for (const field of ['actuator_moment', 'ten_J'])
      expect(() => physics.data(field, 'motor')).toThrow(new ModelError(`rows of '${field}' have no names`));
    expect(() => physics.data('eq_active', 'weld')).toThrow(
      "'eq_active' of mjData holds flags, which MuJoCo's bindings do not give out",
    );
    expect(() => physics.model('jnt_limited', 'hinge')).toThrow("'jnt_limited' of mjModel holds flags");
    expect([...physics.model('eq_solref', 'weld')]).toEqual([0.1, 1]);
  });
});
