/** A ball on a string is swung up into a cup. Control Suite "ball_in_cup" (Tassa et al. 2018). */
import { domain, task } from '../domain.ts';
import type { Physics } from '../physics.ts';

/** Half the inside of the cup, less the radius of the ball, m. */
const PLAY = 0.05 - 0.025;

export const ball_in_cup = domain('ball_in_cup', {
  controlStep: 0.02,
  tasks: {
    catch: task({
      timeLimit: 20,
      rewardKind: 'sparse',
      easy: true,
      initialize(physics, random) {
        do {
          physics.data('qpos', 'ball_x')[0] = random.uniform(-0.2, 0.2);
          physics.data('qpos', 'ball_z')[0] = random.uniform(0.2, 0.5);
          physics.forwardUnactuated();
        } while (physics.contacts > 0);
      },
      observe(physics, observation) {
        observation.add('position', physics.qpos); // [4]
        observation.add('velocity', physics.qvel); // [4]
      },
      reward: (physics) => (isInside(physics, X) && isInside(physics, Z) ? 1 : 0),
    }),
  },
});

/** Whether the whole ball is between the walls of the cup, along x or z. */
const isInside = (physics: Physics, axis: number) =>
  Math.abs(physics.data('site_xpos', 'target')[axis] - physics.data('xpos', 'ball')[axis]) < PLAY;

const X = 0;
const Z = 2;
