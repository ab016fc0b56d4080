/** A planar cheetah runs. Control Suite "cheetah" (Tassa et al. 2018; model after Wawrzynski 2009). */
import { domain, task } from '../domain.ts';
import type { Physics } from '../physics.ts';
import { randomizeLimitedJoints } from '../randomize-joints.ts';
import { Tolerance, tolerance } from '../tolerance.ts';

/** Grows linearly with forward speed up to 10 m/s. */
const RUNNING = new Tolerance({ above: 10, margin: 10, atMargin: 0, sigmoid: 'linear' });

export const cheetah = domain('cheetah', {
  tasks: {
    run: task({
      timeLimit: 10,
      initialize(physics, random) {
        randomizeLimitedJoints(physics, random);
        physics.settle(200); // comes to rest on the ground before the clock starts
      },
      observe(physics, observation) {
        observation.add('position', physics.qposFrom(1)); // [8], where it is along the track stays hidden
        observation.add('velocity', physics.qvel); // [9]
      },
      reward: (physics) => tolerance(forwardSpeed(physics), RUNNING),
    }),
  },
});

/** Of the centre of mass, m/s. */
const forwardSpeed = (physics: Physics) => physics.sensor('torso_subtreelinvel')[0];
