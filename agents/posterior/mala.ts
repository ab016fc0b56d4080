/**
 * MALA in place of importance sampling: parallel chains on p(y0 | y_t), begun at prior draws resampled by their
 * importance weights. The states after the burn-in are draws of equal weight, to which the same control
 * variates apply.
 */
import type { Algebra } from './arithmetic.ts';
import {
  adaptStep,
  firstStepSize,
  joinWalkers,
  langevinMove,
  type MoveNoise,
  noiseOfMove,
  type PosteriorTarget,
  type Walkers,
  walkersAt,
} from './langevin.ts';
import { resample } from './resampling.ts';
import { type WeighedDraws, weighDraws } from './weighing.ts';

export interface ChainDraws<A> {
  /** Draws of equal weight; their `ess` is their number, blind to how far they depend on each other. */
  readonly draws: WeighedDraws<A>;
  /** Mean acceptance of the moves whose states are kept, [batch, 1, 1] */
  readonly acceptance: A;
}

export interface MalaInputs<A> extends PosteriorTarget<A> {
  /** Pilot draws of N(0, I), [batch, D, N] */
  readonly prior: A;
  /** Uniforms in [0, 1) for the choice of the starts, [batch, 1, 1] */
  readonly resampling: A;
  /** [batch, D or 1, moves · chains] */
  readonly noise: MoveNoise<A>;
  readonly chains: number;
  /** Moves of each chain before its states are kept; the step size is adapted in them alone. */
  readonly burnIn: number;
}

/** Evaluations of the target's density and score that malaDraws makes for one y_t. */
export function malaEvaluations(size: { pilots: number; chains: number; moves: number }): number {
  return size.pilots + size.chains * size.moves;
}

/** @throws RangeError if there is no move after the burn-in */
export function malaDraws<A>(a: Algebra<A>, inputs: MalaInputs<A>): ChainDraws<A> {
  const { chains, burnIn, noise } = inputs;
  const moves = a.shape(noise.uniform)[2] / chains;
  if (!Number.isInteger(moves) || burnIn >= moves)
    throw new RangeError(`noise for ${moves} moves of ${chains} chains with a burn-in of ${burnIn}`);
  const ratio = a.div(inputs.beta, inputs.alpha);
  const posterior = a.add(a.mul(inputs.resampling, 0), 1); // τ = 1
  const pilots = walkersAt(a, inputs, inputs.prior);
  const { weight, logWeight } = weighDraws(a, { ratio, ...pilots, logWeight: pilots.logDensity });
  let size = firstStepSize(a, inputs, pilots, logWeight, posterior);
  let walkers = resample(a, pilots, weight, inputs.resampling, chains);
  let kept: Walkers<A> | undefined;
  let accepted = a.mul(posterior, 0);
  for (let move = 0; move < moves; move++) {
    const own = noiseOfMove(a, noise, move, chains);
    const moved = langevinMove(a, inputs, walkers, posterior, size, own);
    walkers = moved.walkers;
    if (move < burnIn) {
      size = adaptStep(a, size, moved.acceptance);
    } else {
      kept = kept === undefined ? walkers : joinWalkers(a, kept, walkers);
      accepted = a.add(accepted, moved.acceptance);
    }
  }
  const all = kept ?? walkers;
  return {
    draws: { ...weighDraws(a, { ratio, ...all, logWeight: a.mul(all.logDensity, 0) }), chains },
    acceptance: a.div(accepted, moves - burnIn),
  };
}
