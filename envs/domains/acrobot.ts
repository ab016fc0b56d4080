/**
 * Two links, a motor in the elbow alone: the tip must be swung up to a target above. Control Suite "acrobot"
 * (Tassa et al. 2018; Spong 1995).
 */
import { domain, type TaskDescription, task } from '../domain.ts';
import { distance } from '../geometry.ts';
import type { Physics } from '../physics.ts';
import { Tolerance, tolerance } from '../tolerance.ts';

/** Radius of the target, m. */
const TARGET = 0.2;

export const acrobot = domain('acrobot', {
  tasks: {
    swingup: swingup('dense', new Tolerance({ above: 0, below: TARGET, margin: 1 })),
    swingup_sparse: swingup('sparse', new Tolerance({ above: 0, below: TARGET })),
  },
});

function swingup(rewardKind: 'dense' | 'sparse', near: Tolerance): TaskDescription {
  return task({
    timeLimit: 10,
    rewardKind,
    initialize(physics, random) {
      physics.qpos.set(random.uniforms(-Math.PI, Math.PI, 2));
    },
    observe(physics, observation) {
      const upper = physics.data('xmat', 'upper_arm');
      const lower = physics.data('xmat', 'lower_arm');
      observation.open('orientations').push(upper[XZ]).push(lower[XZ]).push(upper[ZZ]).push(lower[ZZ]);
      observation.add('velocity', physics.qvel);
    },
    reward: (physics) => tolerance(distanceToTarget(physics), near),
  });
}

/** From the tip to the middle of the target, m. */
const distanceToTarget = (physics: Physics) =>
  distance(physics.data('site_xpos', 'tip'), physics.data('site_xpos', 'target'));

/** Where a row-major rotation matrix holds the x and the z component of a link's direction. */
const XZ = 2;
const ZZ = 8;
