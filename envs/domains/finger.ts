/**
 * A finger pokes a spinner: fast round, or until its tip rests in a target. Control Suite "finger" (Tassa et al.
 * 2018; Tassa et al. 2010).
 */

import { cos, log1p, sin } from '../../math/elementary.ts';
import { domain, type TaskDescription, task } from '../domain.ts';
import { planarLength } from '../geometry.ts';
import type { ObservationWriter } from '../observation.ts';
import type { Physics } from '../physics.ts';
import type { RandomState } from '../random-state.ts';
import { randomizeLimitedAndRotationalJoints } from '../randomize-joints.ts';

/** Speed that counts as spinning, rad/s. */
const SPINNING = 15;
/** From the hinge to the tip of the spinner: a capsule's radius and half length, m. */
const SPINNER = 0.04 + 0.09;

export const finger = domain('finger', {
  controlStep: 0.02,
  tasks: {
    spin: task({
      timeLimit: 20,
      rewardKind: 'sparse',
      initialize(physics, random) {
        physics.model('dof_damping', 'hinge')[0] = 0.03;
        drawPose(physics, random);
      },
      observe: observeFinger,
      reward: (physics) => (physics.sensor('hinge_velocity')[0] <= -SPINNING ? 1 : 0),
    }),
    turn_easy: turn(0.07),
    turn_hard: turn(0.03),
  },
});

/** @param radius of the target, m. */
function turn(radius: number): TaskDescription {
  return task({
    timeLimit: 20,
    rewardKind: 'sparse',
    initialize(physics, random) {
      const angle = random.uniform(-Math.PI, Math.PI);
      const hinge = physics.data('xanchor', 'hinge');
      const target = physics.model('site_pos', 'target');
      target[X] = hinge[X] + SPINNER * sin(angle);
      target[Z] = hinge[Z] + SPINNER * cos(angle);
      physics.model('site_size', 'target')[0] = radius;
      drawPose(physics, random);
    },
    observe(physics, observation) {
      observeFinger(physics, observation);
      observation.open('target_position'); // [2]
      for (const axis of PLANE) observation.push(fromHinge(physics, 'target', axis));
      observation.add('dist_to_target', distanceToTarget(physics, radius));
    },
    reward: (physics) => (distanceToTarget(physics, radius) <= 0 ? 1 : 0),
  });
}

/** Any pose in which nothing touches. */
function drawPose(physics: Physics, random: RandomState): void {
  do {
    randomizeLimitedAndRotationalJoints(physics, random);
    physics.forwardUnactuated();
  } while (physics.contacts > 0);
}

function observeFinger(physics: Physics, observation: ObservationWriter): void {
  observation.open('position').push(physics.sensor('proximal')[0]).push(physics.sensor('distal')[0]);
  for (const axis of PLANE) observation.push(fromHinge(physics, 'tip', axis));
  observation.open('velocity'); // [3]
  for (const sensor of VELOCITIES) observation.push(physics.sensor(sensor)[0]);
  observation.open('touch'); // [2]
  for (const sensor of TOUCHES) observation.push(log1p(physics.sensor(sensor)[0]));
}

/** From the spinner's hinge to its tip or to the target, m. */
const fromHinge = (physics: Physics, to: 'tip' | 'target', axis: number) =>
  physics.sensor(to)[axis] - physics.sensor('spinner')[axis];

/** From the tip to the rim of the target, negative inside, m. */
function distanceToTarget(physics: Physics, radius: number): number {
  const target = physics.sensor('target');
  const tip = physics.sensor('tip');
  const hinge = physics.sensor('spinner');
  // Rounded as dm_control's: both seen from the hinge first.
  const x = target[X] - hinge[X] - (tip[X] - hinge[X]);
  const z = target[Z] - hinge[Z] - (tip[Z] - hinge[Z]);
  return planarLength(x, z) - radius;
}

const X = 0;
const Z = 2;
const PLANE = [X, Z];
const VELOCITIES = ['proximal_velocity', 'distal_velocity', 'hinge_velocity'];
const TOUCHES = ['touchtop', 'touchbottom'];
