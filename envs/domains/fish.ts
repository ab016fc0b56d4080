/** A fish keeps upright, or swims its mouth into a target. Control Suite "fish" (Tassa et al. 2018). */
import { domain, task } from '../domain.ts';
import { along, distance } from '../geometry.ts';
import type { ObservationWriter } from '../observation.ts';
import type { Physics } from '../physics.ts';
import type { RandomState } from '../random-state.ts';
import { normalized } from '../randomize-joints.ts';
import { Tolerance, tolerance } from '../tolerance.ts';

const JOINTS = [
  'tail1',
  'tail_twist',
  'tail2',
  'finright_roll',
  'finright_pitch',
  'finleft_roll',
  'finleft_pitch',
];

const UPRIGHT = new Tolerance({ above: 1, below: 1, margin: 1 });
/** Radii of the mouth and of the target, m. */
const TOUCHING = 0.005 + 0.04;
const NEAR = new Tolerance({ above: 0, below: TOUCHING, margin: 2 * TOUCHING });

export const fish = domain('fish', {
  controlStep: 0.04,
  tasks: {
    upright: task({
      timeLimit: 40,
      initialize: drawPose,
      observe(physics, observation) {
        observeBody(physics, observation);
        observation.add('velocity', physics.qvel); // [13]
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
        observation.open('target'); // [3]
        for (let axis = 0; axis < 3; axis++) observation.push(toTarget(physics, axis));
        observation.add('velocity', physics.qvel); // [13]
      },
      // Mostly for reaching the target, a little for not lying on the side.
      reward(physics) {
        const apart = distance(physics.data('geom_xpos', 'mouth'), physics.data('geom_xpos', 'target'));
        const near = tolerance(apart, NEAR);
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
  observation.open('joint_angles'); // [7]
  for (const joint of JOINTS) observation.push(physics.data('qpos', joint)[0]);
  observation.add('upright', uprightness(physics));
}

/** Cosine of the angle between the back and the vertical. */
const uprightness = (physics: Physics) => physics.data('xmat', 'torso')[8];

/** From the mouth to the middle of the target, along an axis of the mouth, m. */
const toTarget = (physics: Physics, axis: number) =>
  along(
    physics.data('geom_xmat', 'mouth'),
    axis,
    physics.data('geom_xpos', 'mouth'),
    physics.data('geom_xpos', 'target'),
  );
