/** A planar one-legged hopper stands and hops. Control Suite "hopper" (Tassa et al. 2018; after Lillicrap 2015). */

import { log1p } from '../../math/elementary.ts';
import { domain, task } from '../domain.ts';
import type { Physics } from '../physics.ts';
import { randomizeLimitedAndRotationalJoints } from '../randomize-joints.ts';
import { Tolerance, tolerance } from '../tolerance.ts';

/** Height of the torso over the foot, m. */
const STANDING = new Tolerance({ above: 0.6, below: 2 });
/** At least 2 m/s forward; half the reward at 1 m/s. */
const HOPPING = new Tolerance({ above: 2, margin: 1, atMargin: 0.5, sigmoid: 'linear' });
/** No force; nothing at full force. */
const GENTLE = new Tolerance({ margin: 1, atMargin: 0, sigmoid: 'quadratic' });

export const hopper = domain('hopper', {
  controlStep: 0.02,
  tasks: {
    stand: planarHopper((physics) => (standing(physics) * (4 + gentle(physics))) / 5),
    hop: planarHopper((physics) => standing(physics) * tolerance(forwardSpeed(physics), HOPPING)),
  },
});

function planarHopper(reward: (physics: Physics) => number) {
  return task({
    timeLimit: 20,
    initialize: randomizeLimitedAndRotationalJoints,
    observe(physics, observation) {
      observation.add('position', physics.qposFrom(1)); // [6], where it is along the track stays hidden
      observation.add('velocity', physics.qvel); // [7]
      observation.open('touch'); // [2]
      observation.push(log1p(physics.sensor('touch_toe')[0]));
      observation.push(log1p(physics.sensor('touch_heel')[0]));
    },
    reward,
  });
}

const standing = (physics: Physics) => tolerance(torsoHeight(physics), STANDING);

/** Mean over the joints. */
function gentle({ ctrl }: Physics): number {
  let sum = 0;
  for (let i = 0; i < ctrl.length; i++) sum += tolerance(ctrl[i], GENTLE);
  return sum / ctrl.length;
}

/** Between the centres of mass of torso and foot, m. */
const torsoHeight = (physics: Physics) =>
  physics.data('xipos', 'torso')[2] - physics.data('xipos', 'foot')[2];
/** Of the centre of mass, m/s. */
const forwardSpeed = (physics: Physics) => physics.sensor('torso_subtreelinvel')[0];
