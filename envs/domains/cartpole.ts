/** A cart balances and swings up poles. Control Suite "cartpole" (Tassa et al. 2018; after Barto et al. 1983). */
import { domain, task } from '../domain.ts';
import { cartpoleModel } from '../models/cartpole.ts';
import type { Physics } from '../physics.ts';
import type { RandomState } from '../random-state.ts';
import { Tolerance, tolerance } from '../tolerance.ts';

/** Sparse tasks: 0.25 m from the middle, every pole within about 6° of the vertical. */
const CART_IN_BOUNDS = new Tolerance({ above: -0.25, below: 0.25 });
const POLE_IN_BOUNDS = new Tolerance({ above: 0.995, below: 1 });
/** Dense tasks. */
const CENTRED = new Tolerance({ margin: 2 });
const SLOW = new Tolerance({ margin: 5 });
const GENTLE = new Tolerance({ margin: 1, atMargin: 0, sigmoid: 'quadratic' });

const BALANCE = { initialize: nearlyUpright, reward: denseReward };
const SWING_UP = { initialize: hanging, reward: denseReward };

export const cartpole = domain('cartpole', {
  tasks: {
    balance: cartpoleTask({ ...BALANCE, easy: true }),
    balance_sparse: cartpoleTask({ ...BALANCE, reward: sparseReward, rewardKind: 'sparse', easy: true }),
    swingup: cartpoleTask({ ...SWING_UP, easy: true }),
    swingup_sparse: cartpoleTask({ ...SWING_UP, reward: sparseReward, rewardKind: 'sparse' }),
    two_poles: cartpoleTask({ ...SWING_UP, poles: 2 }),
    three_poles: cartpoleTask({ ...SWING_UP, poles: 3 }),
  },
});

interface Variant {
  readonly poles?: number;
  readonly easy?: boolean;
  readonly rewardKind?: 'dense' | 'sparse';
  initialize(physics: Physics, random: RandomState): void;
  reward(physics: Physics): number;
}

function cartpoleTask({ poles = 1, ...variant }: Variant) {
  return task({
    ...variant,
    model: (asset) => cartpoleModel(asset('cartpole.xml'), poles),
    timeLimit: 10,
    observe(physics, observation) {
      observation.open('position').push(cartPosition(physics)); // [1 + 2 poles]
      for (let pole = 1; pole <= poles; pole++) {
        const frame = physics.data('xmat', POLES[pole]);
        observation.push(frame[8]).push(frame[2]); // zz and xz: cosine and sine of its angle
      }
      observation.add('velocity', physics.qvel); // [1 + poles]
    },
  });
}

const POLES = ['', 'pole_1', 'pole_2', 'pole_3'];

function nearlyUpright({ qpos, qvel }: Physics, random: RandomState): void {
  qpos[0] = random.uniform(-0.1, 0.1);
  qpos.set(random.uniforms(-0.034, 0.034, qpos.length - 1), 1);
  nudge(qvel, random);
}

function hanging({ qpos, qvel }: Physics, random: RandomState): void {
  qpos[0] = 0.01 * random.normal();
  qpos[1] = Math.PI + 0.01 * random.normal();
  qpos.set(scaled(random.normals(qpos.length - 2), 0.1), 2);
  nudge(qvel, random);
}

function nudge(qvel: Float64Array, random: RandomState): void {
  qvel.set(scaled(random.normals(qvel.length), 0.01));
}

const scaled = (values: Float64Array, factor: number) => values.map((value) => factor * value);

/** Upright poles, the cart near the middle, little force, slow poles: the product of all four. */
function denseReward(physics: Physics): number {
  const { qvel } = physics;
  let upright = 0;
  let slow = 1;
  for (let pole = 1; pole < qvel.length; pole++) {
    upright += (poleCosine(physics, pole) + 1) / 2;
    slow = Math.min(slow, tolerance(qvel[pole], SLOW));
  }
  const centred = (1 + tolerance(cartPosition(physics), CENTRED)) / 2;
  const gentle = (4 + tolerance(physics.ctrl[0], GENTLE)) / 5;
  return (upright / (qvel.length - 1)) * gentle * ((1 + slow) / 2) * centred;
}

function sparseReward(physics: Physics): number {
  let reward = tolerance(cartPosition(physics), CART_IN_BOUNDS);
  for (let pole = 1; pole < physics.qvel.length; pole++) {
    reward *= tolerance(poleCosine(physics, pole), POLE_IN_BOUNDS);
  }
  return reward;
}

/** From the middle of the rail, m. */
const cartPosition = (physics: Physics) => physics.qpos[0];
/** Cosine of a pole's angle to the vertical. */
const poleCosine = (physics: Physics, pole: number) => physics.data('xmat', POLES[pole])[8];
