import { describe, expect, test } from 'vitest';
import { type ControlEnvironment, defineTask, makeEnvironment } from '../../envs/index.ts';
import { loadMuJoCo } from '../../envs/mujoco.ts';

const models = () => expect.fail('no file is read');

/** A cart that runs into a box and a pile of two after they have fallen asleep; another body never touches anything. */
const model = `<mujoco><option timestep="0.005"><flag sleep="enable"/></option><worldbody>
<geom type="plane" size="9 9 .1"/>
<body name="cart" pos="-1 0 .1"><joint name="slide" type="slide" axis="1 0 0" damping="1"/>
  <geom type="box" size=".1 .2 .1" mass="1"/></body>
<body name="box" pos="0 0 .12"><freejoint/><geom type="box" size=".1 .1 .1"/><site name="box"/></body>
<body pos=".5 0 .11"><freejoint/><geom type="box" size=".1 .1 .1"/></body>
<body name="top" pos=".5 0 .33"><freejoint/><geom type="box" size=".1 .1 .1"/><site name="top"/></body>
<body pos="0 3 .12"><freejoint/><geom type="sphere" size=".1"/><site name="alone"/></body>
</worldbody><actuator><motor joint="slide" gear="25" ctrllimited="true" ctrlrange="-1 1"/></actuator>
<sensor><accelerometer site="box"/><gyro site="top"/><velocimeter site="alone"/><touch site="box"/></sensor></mujoco>`;

const make = (controlStep: number) =>
  makeEnvironment(
    defineTask('sleep-pile', {
      model,
      timeLimit: 3,
      controlStep,
      observe(physics, observation) {
        observation.add('position', physics.qpos);
        observation.add('velocity', physics.qvel);
        observation.add('sensors', physics.sensordata);
        observation.add('force', physics.mjData.qfrc_constraint as Float64Array);
        observation.add('place', physics.data('xpos', 'top'));
      },
      reward: () => 0,
    }),
    { models },
  );

/** Rests for half of the episode, then pushes. */
const action = ({ episodeLength }: ControlEnvironment, step: number) => [step < episodeLength / 2 ? 0 : 1];

describe.each([0.005, 0.01, 0.02])('with sleep="enable" and control steps of %f s', (controlStep) => {
  test('bodies fall asleep and wake up', async () => {
    const environment = await make(controlStep);
    environment.reset(0);
    const awake = new Set<number>();
    for (let i = 0; i < environment.episodeLength; i++) {
      environment.step(action(environment, i));
      awake.add(environment.physics.mjData.ntree_awake);
    }
    expect(Math.max(...awake)).toBe(5);
    expect(Math.min(...awake)).toBeLessThan(3);
    environment.dispose();
  });

  test('what is observed is what plain steps of MuJoCo give', async () => {
    const { module } = await loadMuJoCo();
    const [environment, plain] = [await make(controlStep), await make(controlStep)];
    environment.reset(0);
    plain.reset(0);
    const { mjModel, mjData } = plain.physics;
    for (let i = 0; i < environment.episodeLength; i++) {
      const { observation } = environment.step(action(environment, i));
      plain.physics.ctrl.set(action(plain, i));
      module.mj_step2(mjModel, mjData);
      for (let n = 1; n < plain.physicsSteps; n++) module.mj_step(mjModel, mjData);
      module.mj_step1(mjModel, mjData);
      const expected = [...mjData.qpos, ...mjData.qvel, ...mjData.sensordata];
      expect([...observation.subarray(0, expected.length)], `step ${i}`).toEqual(expected);
    }
    environment.dispose();
    plain.dispose();
  });

  test('a saved state goes on bit for bit, wherever it was taken', async () => {
    const environment = await make(controlStep);
    environment.reset(0);
    const { episodeLength } = environment;
    const states = new Map<number, string>();
    const rows: number[][] = [];
    for (let i = 0; i < episodeLength; i++) {
      rows.push([...environment.step(action(environment, i)).observation]);
      if (i % Math.ceil(episodeLength / 12) === 0) states.set(i, JSON.stringify(environment.state()));
    }
    for (const [at, state] of states) {
      const resumed = await make(controlStep);
      resumed.setState(JSON.parse(state));
      for (let i = at + 1; i < episodeLength; i++) {
        expect([...resumed.step(action(resumed, i)).observation], `${at}: step ${i}`).toEqual(rows[i]);
      }
      resumed.dispose();
    }
    environment.dispose();
  });
});
