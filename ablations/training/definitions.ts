/** The ablations that train agents: what each varies, and how much it runs. */
import type { PrefixedAxis, Scale, TrainingAblation, Variant, VariantContext } from './ablation.ts';

/** Evaluations are few: an episode takes as long as several hundred updates. */
const quick = (steps: number): Scale => ({
  tasks: ['cartpole-balance'],
  seeds: 3,
  steps,
  evaluateEvery: steps / 5,
  preset: 'smoke',
  evaluationEpisodes: 3,
});

const full: Scale = {
  tasks: ['cartpole-swingup', 'walker-walk'],
  seeds: 5,
  steps: 50_000,
  taskSteps: { 'cartpole-swingup': 30_000 },
  preset: 'laptop',
  evaluationEpisodes: 5,
};

const eta: TrainingAblation = {
  name: 'eta',
  title: 'Returns by control variate',
  question: 'returns by the coefficient of the control variate: eta from 0 to 1, optimal, adaptive',
  text: [
    'The same agent with every estimator of the posterior mean: eta = 0 is the noise expectation, eta = 1 the gradient expectation, those between mix the two, optimal fits the coefficient per dimension from the draws, adaptive is the project’s own. Constants, tasks, seeds and the starts of episodes are the same; initial weights, first actions, batches and noise are drawn anew for each variant, so that its runs are a sample of their own.',
    'A difference in return is a difference where the intervals are apart. ess is the mean effective sample size of the weights, cv_weight the mean coefficient in use.',
  ],
  varied: ['estimator'],
  variants: () => [
    ...[0, 0.25, 0.5, 0.75, 1].map((x) => ({ name: `eta-${x}`, set: { estimator: `eta=${x}` } })),
    { name: 'optimal', set: { estimator: 'optimal' } },
    { name: 'adaptive', set: { estimator: 'adaptive' } },
  ],
  quick: quick(2000),
  full,
  returns: { kind: 'variants' },
};

interface SensitivityAxis extends PrefixedAxis {
  readonly quick: readonly number[];
  readonly full: readonly number[];
  set(value: number): Readonly<Record<string, unknown>>;
}

const sensitivityAxes: readonly SensitivityAxis[] = [
  {
    key: 'priorDraws',
    label: 'prior draws N',
    prefix: 'draws',
    quick: [8, 64],
    full: [8, 16, 32, 64, 128],
    set: (value) => ({ priorDraws: value }),
  },
  {
    key: 'temperature',
    label: 'temperature λ',
    prefix: 'temperature',
    quick: [0.005, 0.5],
    full: [0.005, 0.02, 0.1, 0.5],
    set: (value) => ({ temperature: value }),
  },
  {
    key: 'tMin',
    label: 't_min',
    prefix: 't-min',
    quick: [1e-4, 1e-1],
    full: [1e-4, 1e-3, 1e-2, 1e-1],
    set: (value) => ({ tMin: value }),
  },
];

const sensitivity: TrainingAblation = {
  name: 'sensitivity',
  title: 'Sensitivity to N, λ and t_min',
  question: 'returns by number of prior draws, temperature and smallest time, one at a time',
  text: [
    'One constant at a time moves away from the reference, which is the preset with what --set changed: the number N of prior draws per posterior mean, the temperature λ (constant over training), and the smallest time t_min of the path. The reference stands in every panel at its own value.',
    'A flat panel means that the constant need not be tuned; a slope, that a result depends on it.',
  ],
  varied: sensitivityAxes.map((axis) => axis.key),
  variants: ({ base, full }) => [
    { name: 'reference', set: {} },
    ...sensitivityAxes.flatMap((axis) =>
      axis[full ? 'full' : 'quick']
        .filter((value) => value !== base[axis.key])
        .map((value): Variant => ({ name: `${axis.prefix}-${value}`, set: axis.set(value) })),
    ),
  ],
  quick: quick(2000),
  full,
  returns: { kind: 'axes', axes: sensitivityAxes, reference: 'reference' },
};

const noisyQ: TrainingAblation = {
  name: 'noisy-q',
  title: 'Returns under a perturbed critic',
  question: 'degradation of returns as the critic gets noisier, by estimator',
  text: [
    'The critic that the posterior reads is off by a smooth random function of the action, anew at every update: its value and its gradient belong together, and criticNoise is its deviation in units of the batch’s deviation of Q. The estimators read the critic’s values only (noise), its gradient only (gradient), or both (optimal, adaptive).',
    'relative_return is the mean return as a share of the same estimator’s without noise; its interval is Student’s t on the logarithm, with the scatter of the runs of both. An estimator is robust if its line falls slowly, not if it begins high.',
  ],
  varied: ['estimator', 'criticNoise'],
  variants: ({ full }) =>
    ['noise', 'gradient', 'optimal', 'adaptive'].flatMap((estimator) =>
      (full ? [0, 0.1, 0.3, 1] : [0, 1]).map((criticNoise) => ({
        name: `${estimator}-q${criticNoise}`,
        set: { estimator, criticNoise },
      })),
    ),
  quick: quick(2000),
  full,
  returns: {
    kind: 'lines',
    x: { key: 'criticNoise', label: 'noise of the critic' },
    series: { key: 'estimator', label: 'estimator' },
  },
  relativeTo: { key: 'criticNoise', value: 0 },
};

const softQ: TrainingAblation = {
  name: 'soft-q',
  title: 'Entropy in the critic’s target',
  question: 'returns of soft and plain critic targets, against steps and against wall-clock time',
  text: [
    'none is the plain target; exact and hutchinson add the policy’s entropy. The log-density of a sample is integrated along the sampler’s own path, from the noise it began with to the action, as a sum over the sampler’s steps: exact takes the divergence of the velocity there by the whole trace of its Jacobian, hutchinson by one random product with it. entropy is the policy’s at the next states.',
    'The log-density costs products with the network’s Jacobian at every step of the path, so the same curves are drawn twice: against environment steps, where only what is learned counts, and against seconds, where the price counts too.',
  ],
  varied: ['softQ'],
  variants: () => ['none', 'exact', 'hutchinson'].map((softQ) => ({ name: softQ, set: { softQ } })),
  quick: quick(3000),
  full,
  returns: { kind: 'variants' },
  seconds: true,
};

const proposal: TrainingAblation = {
  name: 'proposal',
  title: 'Where the bridge’s end points come from',
  question: 'returns by the proposal of y_t: end points of the buffer, of the policy, or adaptive',
  text: [
    'The network is regressed at y_t between noise and an end point: an action of the replay buffer, a fresh sample of the policy, or per state one of the two by their Boltzmann weights (adaptive; policy_endpoints is the policy’s share). The proposal decides at which y_t the regression is asked for, never what its target is.',
  ],
  varied: ['endpoints'],
  variants: () =>
    ['buffer', 'policy', 'adaptive'].map((endpoints) => ({ name: endpoints, set: { endpoints } })),
  quick: quick(3000),
  full,
  returns: { kind: 'variants' },
  byTime: true,
};

/** Updates of a run. */
function updatesOf({ base, steps }: VariantContext): number {
  const { randomSteps, updatesPerStep } = base as { randomSteps: number; updatesPerStep: number };
  return Math.max(1, (steps - randomSteps) * updatesPerStep);
}

const target: TrainingAblation = {
  name: 'target',
  title: 'A bounded regression target',
  question: "remedies for the regression target's growth at small t: loss and ESS by t, returns",
  text: [
    'At small t every prior draw implies an end point of order 1/t, the effective sample size is near 1, and the regression target is whichever draw is least absurd: the loss jumps. The reference leaves it so (uniform weights, prior draws); every other variant has one remedy: a loss weight by the signal-to-noise ratio or by the estimator’s own variance, draws of the policy or of the buffer beside the prior’s, a t_min annealed from 0.1 to the preset’s over the first half of training, or a network that predicts a bounded end point.',
    'actor_loss_t… and ess_t… are means over the last fifth of training in bins of t named by their lower edge, before any weight; the data prediction regresses another quantity, so its loss is not comparable with the others’. actor_loss_max is the largest logged loss of any run.',
  ],
  varied: ['lossWeight', 'proposal', 'tMin', 'finalTMin', 'prediction'],
  variants: (context) => [
    { name: 'reference', set: { lossWeight: 'uniform' } },
    { name: 'snr-weight', set: { lossWeight: 'snr' } },
    { name: 'variance-weight', set: { lossWeight: 'variance' } },
    { name: 'policy-draws', set: { lossWeight: 'uniform', proposal: 'policy' } },
    { name: 'buffer-draws', set: { lossWeight: 'uniform', proposal: 'buffer' } },
    {
      name: 'annealed-t-min',
      set: {
        lossWeight: 'uniform',
        tMin: 0.1,
        finalTMin: context.base.tMin,
        tMinSteps: Math.ceil(updatesOf(context) / 2),
      },
    },
    { name: 'data-prediction', set: { lossWeight: 'uniform', prediction: 'data' } },
  ],
  quick: quick(2000),
  full: { ...full, tasks: ['walker-walk', 'cheetah-run'] },
  returns: { kind: 'variants' },
  byTime: true,
};

/** In the order of the help. */
export const trainingAblations: readonly TrainingAblation[] = [
  eta,
  sensitivity,
  noisyQ,
  softQ,
  proposal,
  target,
];
