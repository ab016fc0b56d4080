/** A humanoid stands, walks and runs. Control Suite "humanoid" (Tassa et al. 2018; model after Tassa et al. 2012). */
import { domain, task } from '../domain.ts';
import type { ObservationWriter } from '../observation.ts';
import type { Physics } from '../physics.ts';
import type { RandomState } from '../random-state.ts';
import { randomizeLimitedAndRotationalJoints } from '../randomize-joints.ts';
import { Tolerance, tolerance } from '../tolerance.ts';

/** The head is at least 1.4 m high. */
const HEAD_UP = new Tolerance({ above: 1.4, margin: 0.35 });
/** Cosine between torso and vertical: linear from lying on the head to within 26° of upright. */
const UPRIGHT = new Tolerance({ above: 0.9, margin: 1.9, atMargin: 0, sigmoid: 'linear' });
/** No force; nothing at full force. */
const GENTLE = new Tolerance({ margin: 1, atMargin: 0, sigmoid: 'quadratic' });
/** Speed over ground, m/s. */
const STILL = new Tolerance({ margin: 2 });
const WALKING = new Tolerance({ above: 1, margin: 1, atMargin: 0, sigmoid: 'linear' });
const RUNNING = new Tolerance({ above: 10, margin: 10, atMargin: 0, sigmoid: 'linear' });

export const humanoid = domain('humanoid', {
  controlStep: 0.025,
  tasks: {
    stand: humanoidTask((physics) => standing(physics) * standingStill(physics)),
    walk: humanoidTask((physics) => standing(physics) * movingAt(physics, WALKING)),
    run: humanoidTask((physics) => standing(physics) * movingAt(physics, RUNNING)),
    run_pure_state: humanoidTask((physics) => standing(physics) * movingAt(physics, RUNNING), observeState),
  },
});

function humanoidTask(reward: (physics: Physics) => number, observe = observeFeatures) {
  return task({ timeLimit: 25, initialize: freeOfContact, observe, reward });
}

/** Joints and orientation at random, again until no part touches another or the ground. */
function freeOfContact(physics: Physics, random: RandomState): void {
  do {
    randomizeLimitedAndRotationalJoints(physics, random);
    physics.forwardUnactuated();
  } while (physics.contacts > 0);
}

function observeFeatures(physics: Physics, observation: ObservationWriter): void {
  observation.add('joint_angles', physics.qposFrom(7)); // [21]
  observation.add('head_height', headHeight(physics));
  observation.open('extremities'); // [12], seen from the torso
  for (const limb of LIMBS) pushSeenFromTorso(physics, limb, observation);
  const frame = physics.data('xmat', 'torso');
  observation.open('torso_vertical').push(frame[6]).push(frame[7]).push(frame[8]); // zx, zy, zz
  observation.add('com_velocity', physics.sensor('torso_subtreelinvel')); // [3]
  observation.add('velocity', physics.qvel); // [27]
}

function observeState(physics: Physics, observation: ObservationWriter): void {
  observation.add('position', physics.qpos); // [28]
  observation.add('velocity', physics.qvel); // [27]
}

const LIMBS = ['left_hand', 'left_foot', 'right_hand', 'right_foot'];

/** The place of a body in the torso's frame, m. */
function pushSeenFromTorso(physics: Physics, body: string, observation: ObservationWriter): void {
  const frame = physics.data('xmat', 'torso');
  const origin = physics.data('xpos', 'torso');
  const place = physics.data('xpos', body);
  const x = place[0] - origin[0];
  const y = place[1] - origin[1];
  const z = place[2] - origin[2];
  for (let axis = 0; axis < 3; axis++) {
    observation.push(x * frame[axis] + y * frame[axis + 3] + z * frame[axis + 6]);
  }
}

/** Head up, torso upright, and a fifth of that depends on little force. */
function standing(physics: Physics): number {
  const stand = tolerance(headHeight(physics), HEAD_UP) * tolerance(torsoUpright(physics), UPRIGHT);
  return (stand * (4 + gentle(physics))) / 5;
}

/** Mean over the joints. */
function gentle({ ctrl }: Physics): number {
  let sum = 0;
  for (let i = 0; i < ctrl.length; i++) sum += tolerance(ctrl[i], GENTLE);
  return sum / ctrl.length;
}

/** Mean over the two directions on the ground. */
function standingStill(physics: Physics): number {
  const velocity = physics.sensor('torso_subtreelinvel');
  return (tolerance(velocity[0], STILL) + tolerance(velocity[1], STILL)) / 2;
}

/** A sixth is for nothing, the rest for speed in any direction. */
function movingAt(physics: Physics, speed: Tolerance): number {
  const velocity = physics.sensor('torso_subtreelinvel');
  return (5 * tolerance(Math.sqrt(velocity[0] * velocity[0] + velocity[1] * velocity[1]), speed) + 1) / 6;
}

/** Of the head's centre above the ground, m. */
const headHeight = (physics: Physics) => physics.data('xpos', 'head')[2];
/** Cosine of the angle between the torso and the vertical. */
const torsoUpright = (physics: Physics) => physics.data('xmat', 'torso')[8];
