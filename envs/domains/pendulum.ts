/** Pendulum with too weak a motor: it must be swung up. Control Suite "pendulum" (Tassa et al. 2018). */

import { cos } from '../../math/elementary.ts';
import { domain, task } from '../domain.ts';
import { Tolerance, tolerance } from '../tolerance.ts';

/** Within 8° of the vertical. The upper bound counts: rounding beyond 1 earns nothing. */
const UPRIGHT = new Tolerance({ above: cos((8 * Math.PI) / 180), below: 1 });

export const pendulum = domain('pendulum', {
  tasks: {
    swingup: task({
      timeLimit: 20,
      rewardKind: 'sparse',
      initialize(physics, random) {
        physics.data('qpos', 'hinge')[0] = random.uniform(-Math.PI, Math.PI);
      },
      observe(physics, observation) {
        const pole = physics.data('xmat', 'pole');
        observation.open('orientation').push(pole[ZZ]).push(pole[XZ]); // cosine and sine of its angle
        observation.add('velocity', physics.qvel); // [1]
      },
      reward: (physics) => tolerance(physics.data('xmat', 'pole')[ZZ], UPRIGHT),
    }),
  },
});

/** Where a row-major rotation matrix holds the x and the z component of the body's z axis. */
const XZ = 2;
const ZZ = 8;
