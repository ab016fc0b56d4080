/**
 * A chain of links swims its nose into a target, seen from the head. Control Suite "swimmer" (Tassa et al. 2018;
 * Coulom 2002).
 */
import { domain, type TaskDescription, task } from '../domain.ts';
import { along, planarLength } from '../geometry.ts';
import { swimmerModel } from '../models/swimmer.ts';
import type { Physics } from '../physics.ts';
import { randomizeLimitedAndRotationalJoints } from '../randomize-joints.ts';
import { Tolerance, tolerance } from '../tolerance.ts';

/** Radius of the target, m. */
const TARGET = 0.1;
const NEAR = new Tolerance({ above: 0, below: TARGET, margin: 5 * TARGET, sigmoid: 'long_tail' });

export const swimmer = domain('swimmer', {
  controlStep: 0.03,
  tasks: {
    swimmer6: swim(6),
    swimmer15: swim(15),
  },
});

function swim(links: number): TaskDescription {
  return task({
    model: (asset) => swimmerModel(asset('swimmer.xml'), links),
    timeLimit: 30,
    initialize(physics, random) {
      randomizeLimitedAndRotationalJoints(physics, random);
      // One target in five is close by.
      const reach = random.random() < 0.2 ? 0.3 : 2;
      const place = random.uniforms(-reach, reach, 2);
      physics.model('geom_pos', 'target').set(place);
      physics.model('light_pos', 'target_light').set(place);
    },
    observe(physics, observation) {
      observation.add('joints', physics.qposFrom(ROOT)); // [links - 1]
      observation.open('to_target').push(toTarget(physics, X)).push(toTarget(physics, Y));
      // Of each link: velocity along and across it, then its turning rate.
      observation.open('body_velocities'); // [3 links]
      const { sensordata } = physics;
      for (let link = LINKS; link < sensordata.length; link += 6) {
        observation
          .push(sensordata[link])
          .push(sensordata[link + 1])
          .push(sensordata[link + 5]);
      }
    },
    reward: (physics) => tolerance(planarLength(toTarget(physics, X), toTarget(physics, Y)), NEAR),
  });
}

/** From the nose to the middle of the target, along the head's x or y axis, m. */
const toTarget = (physics: Physics, axis: number) =>
  along(
    physics.data('xmat', 'head'),
    axis,
    physics.data('geom_xpos', 'nose'),
    physics.data('geom_xpos', 'target'),
  );

const X = 0;
const Y = 1;
/** Coordinates of the root joints in qpos. */
const ROOT = 3;
/** Where the sensors of the links begin: after two places and two axes, [3] each. */
const LINKS = 12;
