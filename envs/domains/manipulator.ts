/** An arm catches a ball and carries it to a target. Control Suite "manipulator" (Tassa et al. 2018). */

import { atan2, cos, log1p, sin } from '../../math/elementary.ts';
import { domain, task } from '../domain.ts';
import { distance } from '../geometry.ts';
import type { ObservationWriter } from '../observation.ts';
import type { Physics } from '../physics.ts';
import type { RandomState } from '../random-state.ts';
import { Tolerance, tolerance } from '../tolerance.ts';

/** In the order in which they are observed and drawn. */
const ARM = [
  'arm_root',
  'arm_shoulder',
  'arm_elbow',
  'arm_wrist',
  'finger',
  'fingertip',
  'thumb',
  'thumbtip',
];
const BALL = ['ball_x', 'ball_z', 'ball_y'];
const TOUCHES = ['palm_touch', 'finger_touch', 'thumb_touch', 'fingertip_touch', 'thumbtip_touch'];

/** Distance that counts as there, m. */
const THERE = 0.01;
const NEAR = new Tolerance({ above: 0, below: THERE, margin: 2 * THERE });

export const manipulator = domain('manipulator', {
  controlStep: 0.01,
  tasks: {
    bring_ball: task({
      timeLimit: 10,
      initialize(physics, random) {
        do {
          drawArm(physics, random);
          drawBall(physics, random, drawTarget(physics, random));
          physics.forwardUnactuated();
        } while (physics.contacts > 0);
      },
      observe(physics, observation) {
        observation.open('arm_pos', [ARM.length, 2]);
        for (const joint of ARM) {
          const angle = physics.data('qpos', joint)[0];
          observation.push(sin(angle)).push(cos(angle));
        }
        observeSpeeds('arm_vel', ARM, physics, observation);
        observation.open('touch'); // [5]
        for (const sensor of TOUCHES) observation.push(log1p(physics.sensor(sensor)[0]));
        observePose('hand_pos', 'hand', physics, observation);
        observePose('object_pos', 'ball', physics, observation);
        observeSpeeds('object_vel', BALL, physics, observation);
        observePose('target_pos', 'target_ball', physics, observation);
      },
      reward: (physics) => tolerance(distanceToTarget(physics), NEAR),
    }),
  },
});

/** A pose in the plane: x, z, and what a rotation about y leaves of a quaternion. */
interface Pose {
  readonly x: number;
  readonly z: number;
  readonly angle: number;
}

/** Any pose of the arm, the finger opened as far as the thumb. */
function drawArm(physics: Physics, random: RandomState): void {
  const ranges = ARM.map((joint) => (joint === 'arm_root' ? FULL_TURN : physics.model('jnt_range', joint)));
  const low = ranges.map((range) => range[0]);
  const high = ranges.map((range) => range[1]);
  random.uniforms(low, high).forEach((angle, i) => {
    physics.data('qpos', ARM[i])[0] = angle;
  });
  physics.data('qpos', 'finger')[0] = physics.data('qpos', 'thumb')[0];
}

function drawTarget(physics: Physics, random: RandomState): Pose {
  const x = random.uniform(-0.4, 0.4);
  const z = random.uniform(0.1, 0.4);
  const angle = random.uniform(-Math.PI, Math.PI);
  const place = physics.model('body_pos', 'target_ball');
  place[0] = x;
  place[2] = z;
  const orientation = physics.model('body_quat', 'target_ball');
  orientation[0] = cos(angle / 2);
  orientation[2] = sin(angle / 2);
  return { x, z, angle };
}

/** One ball in ten begins in the hand, one in the target, the others fly in from anywhere. */
function drawBall(physics: Physics, random: RandomState, target: Pose): void {
  const place = random.choice(['in_hand', 'in_target', 'uniform'], [0.1, 0.1, 0.8]);
  let pose = target;
  if (place === 'in_hand') pose = graspPose(physics);
  if (place === 'uniform') {
    pose = { x: random.uniform(-0.5, 0.5), z: random.uniform(0, 0.7), angle: random.uniform(0, 2 * Math.PI) };
    physics.data('qvel', 'ball_x')[0] = random.uniform(-5, 5);
  }
  physics.data('qpos', 'ball_x')[0] = pose.x;
  physics.data('qpos', 'ball_z')[0] = pose.z;
  physics.data('qpos', 'ball_y')[0] = pose.angle;
}

/** Where the fingers close. */
function graspPose(physics: Physics): Pose {
  physics.forwardUnactuated();
  const [x, , z] = physics.data('site_xpos', 'grasp');
  const [xx, , , , , , zx] = physics.data('site_xmat', 'grasp');
  return { x, z, angle: Math.PI - atan2(zx, xx) };
}

function observeSpeeds(
  name: string,
  joints: string[],
  physics: Physics,
  observation: ObservationWriter,
): void {
  observation.open(name);
  for (const joint of joints) observation.push(physics.data('qvel', joint)[0]);
}

function observePose(name: string, body: string, physics: Physics, observation: ObservationWriter): void {
  const place = physics.data('xpos', body);
  const orientation = physics.data('xquat', body);
  observation.open(name).push(place[0]).push(place[2]).push(orientation[0]).push(orientation[2]);
}

/** From the ball to the target, m. */
const distanceToTarget = (physics: Physics) =>
  distance(physics.data('site_xpos', 'ball'), physics.data('site_xpos', 'target_ball'));

const FULL_TURN = [-Math.PI, Math.PI];
