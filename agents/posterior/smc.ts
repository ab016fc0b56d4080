/**
 * Annealed sequential Monte Carlo in place of importance sampling (Del Moral, Doucet, Jasra 2006): draws of the
 * prior are led to p(y0 | y_t) through π_τ with τ rising from 0 to 1 in a fixed number of stages. A stage
 * reweighs, resamples `chains` draws and moves each by MALA; every state on the way is a draw of the next stage
 * (waste-free, Dau, Chopin 2022), so that no evaluation is thrown away.
 *
 * The temperatures adapt to every batch entry in a fixed number of operations: with r stages to go, τ rises
 * until the logarithm of the conditional effective sample size has taken 1/r of the fall that is left to τ = 1.
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
  positive,
  type Walkers,
  walkersAt,
} from './langevin.ts';
import type { ChainDraws } from './mala.ts';
import { resample } from './resampling.ts';
import { weighDraws } from './weighing.ts';

export interface SmcInputs<A> extends PosteriorTarget<A> {
  /** Draws of N(0, I), [batch, D, N] with N a multiple of `chains`. */
  readonly prior: A;
  /** Uniforms in [0, 1), one per stage, [batch, 1, stages] */
  readonly resampling: A;
  /** [batch, D or 1, stages · (N/chains - 1) · chains] */
  readonly noise: MoveNoise<A>;
  readonly chains: number;
}

export interface SmcDraws<A> extends ChainDraws<A> {
  /** τ after each stage, [batch, 1, stages]; the last is 1 */
  readonly temperatures: A;
}

/** Halvings of the interval, on a logarithmic scale, in which the next temperature is looked for. */
const halvings = 16;
/** The smallest rise of τ, as a share of what is left. */
const smallestRise = 1e-9;

/** Evaluations of the target's density and score that smcDraws makes for one y_t. */
export function smcEvaluations(size: { draws: number; chains: number; stages: number }): number {
  return size.draws + size.stages * (size.draws - size.chains);
}

/** @throws RangeError if the shapes do not fit together */
export function smcDraws<A>(a: Algebra<A>, inputs: SmcInputs<A>): SmcDraws<A> {
  const { chains, noise } = inputs;
  const count = a.shape(inputs.prior)[2];
  const stages = a.shape(inputs.resampling)[2];
  const moves = count / chains - 1;
  const given = a.shape(noise.uniform)[2];
  if (!Number.isInteger(moves) || moves < 1 || given !== stages * moves * chains)
    throw new RangeError(`${count} draws on ${chains} chains, ${stages} stages, noise for ${given} moves`);
  const ratio = a.div(inputs.beta, inputs.alpha);
  let walkers = walkersAt(a, inputs, inputs.prior);
  let temperature = a.mul(a.slice(inputs.resampling, 2, 0, 1), 0);
  let temperatures: A | undefined;
  let acceptance = temperature;
  let factor = a.add(temperature, 1);
  for (let stage = 0; stage < stages; stage++) {
    const rise = nextRise(a, walkers.logDensity, temperature, stages - stage);
    temperature = a.add(temperature, rise);
    temperatures = temperatures === undefined ? temperature : a.concat(temperatures, temperature, 2);
    const { weight, logWeight } = weighDraws(a, {
      ratio,
      ...walkers,
      logWeight: a.mul(rise, walkers.logDensity),
    });
    const first = firstStepSize(a, inputs, walkers, logWeight, temperature);
    // The curvature is this stage's; how its step has to be scaled is learnt over all stages.
    let size = { ...first, step: a.mul(first.step, factor) };
    const offset = a.slice(inputs.resampling, 2, stage, 1);
    let chain = resample(a, walkers, weight, offset, chains);
    let states: Walkers<A> = chain;
    let accepted = a.mul(temperature, 0);
    for (let move = 0; move < moves; move++) {
      const own = noiseOfMove(a, noise, stage * moves + move, chains);
      const moved = langevinMove(a, inputs, chain, temperature, size, own);
      chain = moved.walkers;
      states = joinWalkers(a, states, chain);
      accepted = a.add(accepted, moved.acceptance);
      size = adaptStep(a, size, moved.acceptance);
    }
    factor = a.div(size.step, first.step);
    acceptance = a.div(accepted, moves);
    walkers = states;
  }
  return {
    draws: { ...weighDraws(a, { ratio, ...walkers, logWeight: a.mul(walkers.logDensity, 0) }), chains },
    acceptance,
    temperatures: temperatures ?? temperature,
  };
}

/** By how much τ rises with `left` stages to go, [batch, 1, 1]. @param logDensity [batch, 1, N] */
function nextRise<A>(a: Algebra<A>, logDensity: A, temperature: A, left: number): A {
  const rest = a.sub(1, temperature);
  if (left === 1) return rest;
  const centred = a.sub(logDensity, a.max(logDensity, 2));
  const logEss = (rise: A) => {
    const raw = a.exp(a.mul(rise, centred));
    const total = a.sum(raw, 2);
    return a.log(a.div(a.mul(total, total), a.sum(a.mul(raw, raw), 2)));
  };
  const full = Math.log(a.shape(logDensity)[2]);
  const wanted = a.add(a.mul(logEss(rest), 1 / left), full * (1 - 1 / left));
  let low = a.mul(a.add(a.mul(rest, 0), 1), Math.log(smallestRise));
  let high = a.mul(low, 0);
  for (let i = 0; i < halvings; i++) {
    const middle = a.mul(a.add(low, high), 0.5);
    const above = positive(a, a.sub(logEss(a.mul(rest, a.exp(middle))), wanted));
    low = a.add(a.mul(above, middle), a.mul(a.sub(1, above), low));
    high = a.add(a.mul(above, high), a.mul(a.sub(1, above), middle));
  }
  return a.mul(rest, a.exp(low));
}
