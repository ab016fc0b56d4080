import { describe, expect, test } from 'vitest';
import { readWarnings } from '../../envs/data-layout.ts';
import { defineTask, makeEnvironment } from '../../envs/index.ts';
import { loadMuJoCo } from '../../envs/mujoco.ts';
import { RandomState } from '../../envs/random-state.ts';
import { actionStream } from '../../envs/trace.ts';
import { packagedModels } from '../../harness/plugins/assets.ts';

describe('sensors computed for the last physics step alone give the same bits as computed for all', () => {
  test.each(['quadruped-escape', 'quadruped-walk', 'hopper-hop', 'humanoid-walk', 'cheetah-run'])(
    '%s',
    async (task) => {
      const { module } = await loadMuJoCo();
      const environment = await makeEnvironment(task, { models: packagedModels });
      const naive = await makeEnvironment(task, { models: packagedModels });
      environment.reset(4);
      naive.reset(4);
      const draw = actionStream(environment, 4);
      for (let i = 0; i < 6; i++) {
        const action = draw();
        environment.step(action);
        const { mjModel, mjData, ctrl } = naive.physics;
        ctrl.set(action);
        module.mj_step2(mjModel, mjData);
        for (let n = 1; n < naive.physicsSteps; n++) module.mj_step(mjModel, mjData);
        module.mj_step1(mjModel, mjData);
        for (const field of ['qpos', 'qvel', 'sensordata', 'qacc_warmstart', 'xpos'] as const) {
          expect([...environment.physics.mjData[field]], `${field} at step ${i}`).toEqual([...mjData[field]]);
        }
      }
      environment.dispose();
      naive.dispose();
    },
  );
});

test('the warning counts read from memory are those of the bindings', async () => {
  const { module } = await loadMuJoCo();
  const environment = await makeEnvironment('cheetah-run', { models: packagedModels });
  environment.reset(0);
  const { physics } = environment;
  expect(readWarnings(physics.mjData).every((value) => value === 0)).toBe(true);
  physics.qpos[0] = Number.NaN;
  module.mj_step(physics.mjModel, physics.mjData);
  expect(readWarnings(physics.mjData).some((value) => value > 0)).toBe(true);
  expect(() => physics.forward()).toThrow(/QPOS/);
  environment.dispose();
});

test('options and model numbers that a reset writes are part of the state', async () => {
  const task = defineTask('pendulum-elsewhere', {
    model: (asset) => asset('pendulum.xml'),
    timeLimit: 1,
    initialize: ({ mjModel }, random) => {
      mjModel.opt.gravity[2] = -random.uniform(1, 20);
      mjModel.opt.viscosity = random.uniform(0, 1);
      mjModel.body_mass[1] = random.uniform(0.5, 2);
    },
    observe: (physics, observation) => {
      observation.add('angle', physics.qpos);
    },
    reward: () => 0,
  });
  const [first, second] = [
    await makeEnvironment(task, { models: packagedModels }),
    await makeEnvironment(task, { models: packagedModels, seed: 1 }),
  ];
  first.reset(3);
  second.reset(4);
  first.step([0.5]);
  second.setState(JSON.parse(JSON.stringify(first.state())));
  for (let i = 0; i < 20; i++) {
    expect([...second.step([0.5]).observation]).toEqual([...first.step([0.5]).observation]);
  }
  expect([...second.physics.mjModel.opt.gravity]).toEqual([...first.physics.mjModel.opt.gravity]);
  first.dispose();
  second.dispose();
});

test('rows asked for by name are those of MuJoCo, in whatever order they are asked for', async () => {
  const environment = await makeEnvironment('walker-walk', { models: packagedModels });
  environment.reset(0);
  const { physics } = environment;
  const { mjModel, mjData } = physics;
  const rows = ['torso', 'left_foot', 'right_leg'].flatMap((name) => {
    const body = physics.id('body', name);
    return [
      { field: 'xpos', name, start: 3 * body, length: 3 },
      { field: 'xmat', name, start: 9 * body, length: 9 },
    ] as const;
  });
  const random = new RandomState(1);
  for (let asked = 0; asked < 300; asked++) {
    if (asked % 50 === 0) environment.step(new Float64Array(mjModel.nu));
    const { field, name, start, length } = rows[Math.floor(random.uniform(0, rows.length))];
    const expected = [...mjData[field].subarray(start, start + length)];
    expect([...physics.data(field, name)], `${field} of ${name}`).toEqual(expected);
  }
  environment.dispose();
});
