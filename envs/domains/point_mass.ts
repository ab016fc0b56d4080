/** A point on a table is pushed to the middle with small forces. Control Suite "point_mass" (Tassa et al. 2018). */
import { domain, task } from '../domain.ts';
import { distance } from '../geometry.ts';
import type { Physics } from '../physics.ts';
import { randomizeLimitedAndRotationalJoints } from '../randomize-joints.ts';
import { Tolerance, tolerance } from '../tolerance.ts';

/** Radius of the target, m. */
const TARGET = 0.015;
const NEAR = new Tolerance({ above: 0, below: TARGET, margin: TARGET });
const GENTLE = new Tolerance({ margin: 1, atMargin: 0, sigmoid: 'quadratic' });

export const point_mass = domain('point_mass', {
  tasks: {
    easy: task({
      timeLimit: 20,
      easy: true,
      initialize: randomizeLimitedAndRotationalJoints,
      observe(physics, observation) {
        observation.add('position', physics.qpos); // [2]
        observation.add('velocity', physics.qvel); // [2]
      },
      // The forces change the reward by a fifth at most.
      reward: (physics) => (tolerance(distanceToTarget(physics), NEAR) * (4 + gentleness(physics))) / 5,
    }),
  },
});

/** From the mass to the middle of the target, m. */
const distanceToTarget = (physics: Physics) =>
  distance(physics.data('geom_xpos', 'pointmass'), physics.data('geom_xpos', 'target'));

/** 1 without force, 0 with all of it, the mean over both motors. */
function gentleness({ ctrl }: Physics): number {
  return (tolerance(ctrl[0], GENTLE) + tolerance(ctrl[1], GENTLE)) / 2;
}
