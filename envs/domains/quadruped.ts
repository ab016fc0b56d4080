/** A quadruped walks, runs, escapes from a bowl of rough terrain and fetches a ball. Control Suite "quadruped". */

import { asinh, cos, sin, tanh } from '../../math/elementary.ts';
import { domain, task } from '../domain.ts';
import { type QuadrupedArena, quadrupedModel } from '../models/quadruped.ts';
import type { ObservationWriter } from '../observation.ts';
import type { Physics } from '../physics.ts';
import type { RandomState } from '../random-state.ts';
import { normalized } from '../randomize-joints.ts';
import { Tolerance, tolerance } from '../tolerance.ts';
import { TERRAIN_RADIUS, terrain } from './quadruped-terrain.ts';

/** Cosine between torso and vertical: linear from upside down to upright; on terrain, to within 20° of it. */
const UPRIGHT = uprightWithin(0);
const UPRIGHT_ON_TERRAIN = uprightWithin(20);
/** Forward speed in the torso's frame, m/s; half the reward at rest. */
const WALKING = new Tolerance({ above: 0.5, margin: 0.5, atMargin: 0.5, sigmoid: 'linear' });
const RUNNING = new Tolerance({ above: 5, margin: 5, atMargin: 0.5, sigmoid: 'linear' });
/** Distance of the workspace from the middle of the terrain, m. */
const OUTSIDE = new Tolerance({
  above: TERRAIN_RADIUS,
  margin: TERRAIN_RADIUS,
  atMargin: 0,
  sigmoid: 'linear',
});

/** Fetch: half the side of the arena, radii of the ball, of the workspace and of the target, m. */
const ARENA = 15;
const BALL = 0.15;
const WORKSPACE = 0.3;
const TARGET = 0.4;
const ACROSS = { above: 0, margin: ARENA * Math.SQRT2, atMargin: 0, sigmoid: 'linear' } as const;
const REACHED = new Tolerance({ ...ACROSS, below: WORKSPACE + BALL });
const FETCHED = new Tolerance({ ...ACROSS, below: TARGET });
/** Robot and ball begin within this part of the arena; the ball from this height with speeds of this deviation. */
const SPAWN = 0.9 * ARENA;
const BALL_HEIGHT = 2;
const BALL_SPEED = 5;

export const quadruped = domain('quadruped', {
  controlStep: 0.02,
  tasks: {
    walk: locomotion({ floor: 10 }, WALKING),
    run: locomotion({ floor: 100 }, RUNNING),
    escape: task({
      model: inArena({ floor: 40, terrain: true, rangefinders: true }),
      timeLimit: 20,
      initialize(physics, random) {
        physics.model('hfield_data', 'terrain').set(terrain(random));
        standFreeOfContact(physics, randomOrientation(random), 0, 0);
      },
      observe(physics, observation) {
        observeBody(physics, observation);
        observation.open('origin'); // [3]
        const torso = physics.data('xpos', 'torso');
        pushInTorsoFrame(physics, -torso[0], -torso[1], -torso[2], observation);
        observation.open('rangefinder'); // [20], in (0, 1]
        for (const ray of RAYS) observation.push(seenDistance(physics.sensor(ray)[0]));
      },
      reward: (physics) =>
        tolerance(distanceFromOrigin(physics), OUTSIDE) *
        tolerance(torsoUpright(physics), UPRIGHT_ON_TERRAIN),
    }),
    fetch: task({
      model: inArena({ floor: ARENA, ball: true }),
      timeLimit: 20,
      initialize(physics, random) {
        const half = random.uniform(0, 2 * Math.PI) / 2;
        const [x, y] = random.uniforms(-SPAWN, SPAWN, 2);
        standFreeOfContact(physics, [cos(half), 0, 0, sin(half)], x, y);
        const ball = random.uniforms(-SPAWN, SPAWN, 2);
        physics.data('qpos', 'ball_root').set([ball[0], ball[1], BALL_HEIGHT]);
        const speed = random.normals(2);
        physics.data('qvel', 'ball_root').set([BALL_SPEED * speed[0], BALL_SPEED * speed[1]]);
      },
      observe(physics, observation) {
        observeBody(physics, observation);
        const torso = physics.data('xpos', 'torso');
        const ball = physics.data('xpos', 'ball');
        const target = physics.data('site_xpos', 'target');
        const own = physics.data('qvel', 'root');
        const rolling = physics.data('qvel', 'ball_root');
        observation.open('ball_state'); // [9]: place and velocity relative to the torso, rotation
        pushInTorsoFrame(physics, ball[0] - torso[0], ball[1] - torso[1], ball[2] - torso[2], observation);
        pushInTorsoFrame(physics, rolling[0] - own[0], rolling[1] - own[1], rolling[2] - own[2], observation);
        pushInTorsoFrame(physics, rolling[3], rolling[4], rolling[5], observation);
        observation.open('target_position'); // [3]
        pushInTorsoFrame(
          physics,
          target[0] - torso[0],
          target[1] - torso[1],
          target[2] - torso[2],
          observation,
        );
      },
      reward(physics) {
        const reached = tolerance(workspaceToBall(physics), REACHED);
        const fetched = tolerance(ballToTarget(physics), FETCHED);
        return tolerance(torsoUpright(physics), UPRIGHT) * reached * (0.5 + 0.5 * fetched);
      },
    }),
  },
});

function locomotion(arena: QuadrupedArena, speed: Tolerance) {
  return task({
    model: inArena(arena),
    timeLimit: 20,
    initialize: (physics, random) => standFreeOfContact(physics, randomOrientation(random), 0, 0),
    observe: observeBody,
    reward: (physics) => tolerance(forwardSpeed(physics), speed) * tolerance(torsoUpright(physics), UPRIGHT),
  });
}

function inArena(arena: QuadrupedArena) {
  return (asset: (file: string) => string): string => quadrupedModel(asset('quadruped.xml'), arena);
}

function uprightWithin(degrees: number) {
  const cosine = cos((degrees * Math.PI) / 180);
  return new Tolerance({ above: cosine, margin: 1 + cosine, atMargin: 0, sigmoid: 'linear' });
}

const randomOrientation = (random: RandomState): ArrayLike<number> => normalized(random.normals(4));

/** How far the root rises per try, and how often: 100 m. */
const RISE = 0.01;
const MOST_TRIES = 10_000;

/** Puts the robot above (x, y) at the lowest of the tried heights where nothing touches. */
function standFreeOfContact(physics: Physics, orientation: ArrayLike<number>, x: number, y: number): void {
  const root = () => physics.data('qpos', 'root');
  root().set([x, y, 0]);
  root().set(orientation, 3);
  // Summed up, not multiplied: the heights are those of the Control Suite to the last bit.
  for (let tries = 0; physics.findContacts() > 0; tries++) {
    if (tries === MOST_TRIES) throw new Error('no height without contacts was found for the quadruped');
    root()[2] += RISE;
  }
  // The Control Suite restarts at every height; the last restart is the one that leaves its mark.
  const start = Float64Array.from(root());
  physics.restart(() => root().set(start));
}

const LEGS = ['front_left', 'front_right', 'back_right', 'back_left'];
const TOE_SENSORS = ['force', 'torque'].flatMap((kind) => LEGS.map((leg) => `${kind}_toe_${leg}`));
const RAYS = [0, 1, 2, 3].flatMap((row) => [0, 1, 2, 3, 4].map((column) => `rf_${row}${column}`));
/** Joints of the four legs, after the root's numbers. */
const LEG_JOINTS = 16;

function observeBody(physics: Physics, observation: ObservationWriter): void {
  const { qpos, qvel, act } = physics;
  observation.open('egocentric_state'); // [44]: joint angles, their speeds, actuators' activations
  for (let i = 0; i < LEG_JOINTS; i++) observation.push(qpos[7 + i]);
  for (let i = 0; i < LEG_JOINTS; i++) observation.push(qvel[6 + i]);
  for (let i = 0; i < act.length; i++) observation.push(act[i]);
  observation.add('torso_velocity', physics.sensor('velocimeter')); // [3]
  observation.add('torso_upright', torsoUpright(physics));
  observation.open('imu'); // [6]
  for (const sensor of IMU) pushReading(physics.sensor(sensor), observation);
  observation.open('force_torque'); // [24], compressed
  for (const sensor of TOE_SENSORS) {
    const reading = physics.sensor(sensor);
    for (let i = 0; i < reading.length; i++) observation.push(asinh(reading[i]));
  }
}

const IMU = ['imu_accel', 'imu_gyro'];

function pushReading(reading: ArrayLike<number>, observation: ObservationWriter): void {
  for (let i = 0; i < reading.length; i++) observation.push(reading[i]);
}

/** A vector of the world as the torso sees it. */
function pushInTorsoFrame(
  physics: Physics,
  x: number,
  y: number,
  z: number,
  observation: ObservationWriter,
): void {
  const frame = physics.data('xmat', 'torso');
  for (let axis = 0; axis < 3; axis++) {
    observation.push(x * frame[axis] + y * frame[axis + 3] + z * frame[axis + 6]);
  }
}

/** Compressed to (0, 1); a ray that meets nothing reads -1 and counts as 1. */
const seenDistance = (reading: number) => (reading === -1 ? 1 : tanh(reading));

/** Of the torso, along its own x axis, m/s. */
const forwardSpeed = (physics: Physics) => physics.sensor('velocimeter')[0];
/** Cosine of the angle between the torso and the vertical. */
const torsoUpright = (physics: Physics) => physics.data('xmat', 'torso')[8];

/** Of the workspace before the head, m. */
function distanceFromOrigin(physics: Physics): number {
  const place = physics.data('site_xpos', 'workspace');
  return Math.sqrt(place[0] * place[0] + place[1] * place[1] + place[2] * place[2]);
}

/** Both over the ground, m. */
const workspaceToBall = (physics: Physics) =>
  distanceOverGround(physics, physics.data('site_xpos', 'workspace'));
const ballToTarget = (physics: Physics) => distanceOverGround(physics, physics.data('site_xpos', 'target'));

function distanceOverGround(physics: Physics, place: ArrayLike<number>): number {
  const ball = physics.data('xpos', 'ball');
  const [x, y] = [place[0] - ball[0], place[1] - ball[1]];
  return Math.sqrt(x * x + y * y);
}
