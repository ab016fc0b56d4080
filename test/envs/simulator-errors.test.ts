import { expect, test } from 'vitest';
import {
  type ControlEnvironment,
  DivergenceError,
  defineTask,
  makeEnvironment,
  SimulatorError,
  type Task,
} from '../../envs/index.ts';
import { packagedModels } from '../../harness/plugins/assets.ts';

const make = (task: string | Task) => makeEnvironment(task, { models: packagedModels });

const slide = (own: Partial<Task>) =>
  defineTask('slide-far', {
    model: '<mujoco><worldbody><body><joint type="slide"/><geom size=".1"/></body></worldbody></mujoco>',
    timeLimit: 1,
    observe: (physics, observation) => {
      observation.add('position', physics.qpos);
    },
    reward: () => 0,
    ...own,
  });

/** Balls that fall on one another: the solver needs more than the model's 200 kB. */
const crowd = slide({
  model: () => {
    const ball = (i: number) =>
      `<body pos="${(i % 8) * 0.15 - 1} ${Math.floor(i / 8) * 0.15} ${0.5 + 0.3 * (i % 3)}"><freejoint/><geom size=".1"/></body>`;
    return `<mujoco><size memory="200K"/><worldbody><geom type="plane" size="9 9 .1"/>${Array.from({ length: 60 }, (_, i) => ball(i)).join('')}</worldbody></mujoco>`;
  },
  controlStep: 0.02,
});

/** An episode of a task as text. */
function episode(environment: ControlEnvironment, steps: number): string {
  const { size } = environment.actionSpec;
  const rows = [[...environment.reset(5).observation]];
  for (let i = 0; i < steps; i++) {
    rows.push([...environment.step(new Float64Array(size).fill(Math.sin(i))).observation]);
  }
  return rows.join();
}

test('errors of MuJoCo, as many as one likes, harm no other environment', async () => {
  const walker = await make('walker-walk');
  const humanoid = await make('humanoid-run');
  const expected = [episode(walker, 40), episode(humanoid, 20)];
  humanoid.dispose();
  const failing = await make(crowd);
  for (let i = 0; i < 30; i++) {
    failing.reset(i);
    expect(() => {
      for (let step = 0; step < 50; step++) failing.step([]);
    }).toThrow(/^slide-far: MuJoCo stopped at step \d+: mj_stackAlloc: out of memory/);
  }
  const after = await make('humanoid-run');
  expect([episode(walker, 40), episode(after, 20)]).toEqual(expected);
  for (const environment of [failing, walker, after]) environment.dispose();
});

test('the errors leave no memory behind', async () => {
  const failing = await make(crowd);
  const bytes = () => failing.physics.qpos.buffer.byteLength;
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) {
      failing.reset(i);
      expect(() => {
        for (let step = 0; step < 50; step++) failing.step([]);
      }).toThrow(DivergenceError);
    }
  };
  fail(3);
  const before = bytes();
  fail(30);
  expect(bytes()).toBe(before);
  failing.dispose();
});

test.each([
  [
    'a model that is nested too deeply',
    slide({ model: () => `<mujoco><worldbody>${nested(150)}</worldbody></mujoco>` }),
  ],
  [
    'rubbish written into a model',
    slide({
      initialize: ({ mjModel }) => {
        mjModel.jnt_qposadr[0] = 1 << 28;
      },
    }),
  ],
])(
  'after %s MuJoCo is refused to the environments of before and begins anew for later ones',
  async (_, task) => {
    const before = await make('walker-walk');
    before.reset(0);
    const use = async () => {
      (await make(task)).reset(0);
    };
    await expect(use()).rejects.toThrow(SimulatorError);
    await expect(make('walker-walk').then((made) => episode(made, 3))).resolves.toMatch(/\d/);
    for (const call of [
      () => before.step(new Float64Array(6)),
      () => before.reset(0),
      () => before.state(),
    ]) {
      expect(call).toThrow(/MuJoCo broke down \(.*\); environments made before that are lost/);
    }
    expect(() => before.dispose()).not.toThrow();
  },
);

function nested(depth: number): string {
  return '<body><joint/><geom size=".1"/>'.repeat(depth) + '</body>'.repeat(depth);
}
