/** A planar walker stands, walks and runs. Control Suite "walker" (Tassa et al. 2018; after Lillicrap 2015). */
import { domain, task } from '../domain.ts';
import type { Physics } from '../physics.ts';
import { randomizeLimitedAndRotationalJoints } from '../randomize-joints.ts';
import { Tolerance, tolerance } from '../tolerance.ts';

/** The torso is at least 1.2 m high. */
const STANDING = new Tolerance({ above: 1.2, margin: 0.6 });
/** At least this fast, m/s; half the reward at half of the speed. */
const WALKING = new Tolerance({ above: 1, margin: 0.5, atMargin: 0.5, sigmoid: 'linear' });
const RUNNING = new Tolerance({ above: 8, margin: 4, atMargin: 0.5, sigmoid: 'linear' });

export const walker = domain('walker', {
  controlStep: 0.025,
  tasks: {
    stand: planarWalker(standing),
    walk: planarWalker((physics) => movingAt(physics, WALKING)),
    run: planarWalker((physics) => movingAt(physics, RUNNING)),
  },
});

function planarWalker(reward: (physics: Physics) => number) {
  return task({
    timeLimit: 25,
    initialize: randomizeLimitedAndRotationalJoints,
    observe(physics, observation) {
      observation.open('orientations'); // [14]
      for (const body of BODIES) {
        const frame = physics.data('xmat', body);
        observation.push(frame[0]).push(frame[2]); // xx and xz: cosine and sine of its pitch
      }
      observation.add('height', torsoHeight(physics));
      observation.add('velocity', physics.qvel); // [9]
    },
    reward,
  });
}

const BODIES = ['torso', 'right_thigh', 'right_leg', 'right_foot', 'left_thigh', 'left_leg', 'left_foot'];

/** Three parts for the height of the torso, one for its being upright. */
function standing(physics: Physics): number {
  const upright = (1 + torsoUpright(physics)) / 2;
  return (3 * tolerance(torsoHeight(physics), STANDING) + upright) / 4;
}

/** Standing counts a sixth by itself, the speed the rest. */
function movingAt(physics: Physics, speed: Tolerance): number {
  return (standing(physics) * (5 * tolerance(forwardSpeed(physics), speed) + 1)) / 6;
}

/** Of the torso's centre above the ground, m. */
const torsoHeight = (physics: Physics) => physics.data('xpos', 'torso')[2];
/** Cosine of the angle between the torso and the vertical. */
const torsoUpright = (physics: Physics) => physics.data('xmat', 'torso')[8];
/** Of the centre of mass, m/s. */
const forwardSpeed = (physics: Physics) => physics.sensor('torso_subtreelinvel')[0];
