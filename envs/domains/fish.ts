/** A fish keeps upright, or swims its mouth into a target. Control Suite "fish" (Tassa et al. 2018). */
import { domain, task } from '../domain.ts';
import type { ObservationWriter } from '../observation.ts';
import type { Physics } from '../physics.ts';
import type { RandomState } from '../random-state.ts';
import { normalized } from '../randomize-joints.ts';
import { tolerance } from '../tolerance.ts';

const JOINTS = [
  'tail1',
  'tail_twist',
  'tail2',
  'finright_roll',
  'finright_pitch',
  'finleft_roll',
  'finleft_pitch',
];

const UPRIGHT = { above: 1, below: 1, margin: 1 };
/** Radii of the mouth and of the target, m. */
const TOUCHING = 0.005 + 0.04;
const NEAR = { above: 0, below: TOUCHING, margin: 2 * TOUCHING };

export const fish = domain('fish', {
  controlStep: 0.04,
  tasks: {
    upright: task({
      timeLimit: 40,
      initialize: drawPose,
      observe(physics, observation) {
        observeBody(physics, observation);
        observation.add('velocity', physics.qvel);
      },
      reward: (physics) => tolerance(uprightness(physics), UPRIGHT),
    }),
    swim: task({
      timeLimit: 40,
      initialize(physics, random) {
        drawPose(physics, random);
        const target = physics.model('geom_pos', 'target');
        target[0] = random.uniform(-0.4, 0.4);
        target[1] = random.uniform(-0.4, 0.4);
        target[2] = random.uniform(0.1, 0.3);
      },
      observe(physics, observation) {
        observeBody(physics, observation);
        observation.add('target', mouthToTarget(physics));
        observation.add('velocity', physics.qvel);
      },
      // Mostly for reaching the target, a little for not lying on the side.
      reward(physics) {
        const [x, y, z] = mouthToTarget(physics);
        const near = tolerance(Math.hypot(x, y, z), NEAR);
        return (7 * near + 0.5 * (uprightness(physics) + 1)) / 8;
      },
    }),
  },
});

/** Any orientation, tail and fins nearly straight. */
function drawPose(physics: Physics, random: RandomState): void {
  physics.data('qpos', 'root').set(normalized(random.normals(4)), 3);
  for (const joint of JOINTS) physics.data('qpos', joint)[0] = random.uniform(-0.2, 0.2);
}

function observeBody(physics: Physics, observation: ObservationWriter): void {
  observation.open('joint_angles');
  for (const joint of JOINTS) observation.push(physics.data('qpos', joint)[0]);
  observation.add('upright', uprightness(physics));
}

/** Cosine of the angle between the back and the vertical. */
const uprightness = (physics: Physics) => physics.data('xmat', 'torso')[8];

const toTarget = new Float64Array(3);

/** From the mouth to the middle of the target, in the mouth's frame, m. Overwritten by the next call. */
function mouthToTarget(physics: Physics): Float64Array {
  const mouth = physics.data('geom_xpos', 'mouth');
  const frame = physics.data('geom_xmat', 'mouth');
  const target = physics.data('geom_xpos', 'target');
  toTarget.fill(0);
  for (let i = 0; i < 3; i++) {
    const along = target[i] - mouth[i];
    for (let axis = 0; axis < 3; axis++) toTarget[axis] += along * frame[3 * i + axis];
  }
  return toTarget;
}
