/** A two-link arm holds its finger in a target on the table. Control Suite "reacher" (Tassa et al. 2018). */

import { cos, sin } from '../../math/elementary.ts';
import { domain, type TaskDescription, task } from '../domain.ts';
import { planarLength } from '../geometry.ts';
import type { Physics } from '../physics.ts';
import { randomizeLimitedAndRotationalJoints } from '../randomize-joints.ts';
import { Tolerance, tolerance } from '../tolerance.ts';

/** Radius of the finger, m. */
const FINGER = 0.01;

export const reacher = domain('reacher', {
  tasks: {
    easy: reach(0.05, true),
    hard: reach(0.015, false),
  },
});

/** @param radius of the target, m. */
function reach(radius: number, easy: boolean): TaskDescription {
  const touching = new Tolerance({ above: 0, below: radius + FINGER });
  return task({
    timeLimit: 20,
    rewardKind: 'sparse',
    easy,
    initialize(physics, random) {
      physics.model('geom_size', 'target')[0] = radius;
      randomizeLimitedAndRotationalJoints(physics, random);
      const angle = random.uniform(0, 2 * Math.PI);
      const distance = random.uniform(0.05, 0.2);
      const target = physics.model('geom_pos', 'target');
      target[0] = distance * sin(angle);
      target[1] = distance * cos(angle);
    },
    observe(physics, observation) {
      observation.add('position', physics.qpos); // [2]
      const target = physics.data('geom_xpos', 'target');
      const finger = physics.data('geom_xpos', 'finger');
      observation
        .open('to_target')
        .push(target[0] - finger[0])
        .push(target[1] - finger[1]);
      observation.add('velocity', physics.qvel); // [2]
    },
    reward: (physics) => tolerance(distanceToTarget(physics), touching),
  });
}

/** From the finger to the middle of the target in the plane of the table, m. */
function distanceToTarget(physics: Physics): number {
  const target = physics.data('geom_xpos', 'target');
  const finger = physics.data('geom_xpos', 'finger');
  return planarLength(target[0] - finger[0], target[1] - finger[1]);
}
