/** A plugin domain as a file: a cart with a pole, episodes of 40 and 50 control steps, so that tests are short. */
export const shortPole = `
import { domain, task, tolerance } from 'rfm-harness';

const model = () => \`
  <mujoco>
    <option timestep="0.01"/>
    <worldbody>
      <body name="cart">
        <joint name="slider" type="slide" axis="1 0 0" damping="0.1"/>
        <geom type="box" size="0.1 0.1 0.05" mass="1"/>
        <body name="pole">
          <joint name="hinge" type="hinge" axis="0 1 0"/>
          <geom type="capsule" fromto="0 0 0 0 0 1" size="0.04" mass="0.1"/>
        </body>
      </body>
    </worldbody>
    <actuator>
      <motor joint="slider" gear="10" ctrllimited="true" ctrlrange="-1 1"/>
    </actuator>
  </mujoco>\`;

const balance = (timeLimit: number) =>
  task({
    model,
    timeLimit,
    initialize(physics, random) {
      physics.qpos[1] = random.uniform(-0.1, 0.1);
    },
    observe(physics, observation) {
      observation.add('position', physics.qpos);
      observation.add('velocity', physics.qvel);
    },
    reward: (physics) => tolerance(physics.qpos[1], { margin: 0.5 }),
    terminates: (physics) => Math.abs(physics.qpos[1]) > 0.4,
  });

export default domain('short', { tasks: { balance: balance(0.4), longer: balance(0.5) } });
`;

/** The same with 'short-balance' alone: half the runs. */
export const shortBalance = shortPole.replace(', longer: balance(0.5)', '');
