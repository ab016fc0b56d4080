/** The rule of the presets (agents/config.ts), and `paper` against the program's configuration files. */
import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import type { Preset } from '../../agents/agent.ts';
import { sizeKeys, smokeRates, triedKeys } from '../../agents/config.ts';
import { builtInAgents } from '../../agents/registry.ts';
import { clipTrialHead, clipTrialRows } from '../../bench/trials.ts';
import { describeAgents } from '../../harness/inspect/agents.ts';

type Values = Readonly<Record<string, unknown>>;
const program = JSON.parse(
  readFileSync(new URL('../data/reference-program/configuration.json', import.meta.url), 'utf8'),
) as { default: Record<string, Values>; rfm: Record<string, Values> };

const presetsOf = (name: string) =>
  builtInAgents.find((agent) => agent.name === name)?.presets as unknown as Record<Preset, Values>;
const learners = builtInAgents.map(({ name }) => name).filter((name) => name !== 'random');

describe.each(learners)('the presets of %s', (name) => {
  const { paper, laptop, smoke } = presetsOf(name);
  const differing = (preset: Values) => Object.keys(paper).filter((key) => preset[key] !== paper[key]);

  it('have the same keys', () => {
    for (const preset of [laptop, smoke])
      expect(Object.keys(preset).sort()).toEqual(Object.keys(paper).sort());
  });

  it('differ at laptop in smaller sizes, and in what was tried', () => {
    const keys = differing(laptop).filter((key) => !(triedKeys as readonly string[]).includes(key));
    expect(keys).toEqual(expect.arrayContaining(['batchSize', 'randomSteps', 'criticWidth', 'actorWidth']));
    expect(keys.filter((key) => !(sizeKeys as readonly string[]).includes(key))).toEqual([]);
    for (const key of keys) expect(laptop[key], key).toBeLessThan(paper[key] as number);
  });

  it('differ at smoke in sizes no larger than at laptop, and in the listed rates', () => {
    const rates = Object.keys(smokeRates);
    const keys = differing(smoke).filter((key) => !rates.includes(key));
    expect(keys.filter((key) => !(sizeKeys as readonly string[]).includes(key))).toEqual([]);
    for (const key of keys) expect(smoke[key], key).toBeLessThanOrEqual(laptop[key] as number);
    expect(smoke).toMatchObject(
      Object.fromEntries(
        rates.filter((key) => key in paper).map((key) => [key, (smokeRates as Values)[key]]),
      ),
    );
  });
});

/** Our key → the place in the program's files. */
const ofEveryAgent = {
  batchSize: 'trainer.batch_size',
  randomSteps: 'trainer.start_training',
  updatesPerStep: 'trainer.updates_per_step',
  replayCapacity: 'trainer.replay_buffer_size',
  discount: 'critic.discount',
  tau: 'critic.tau',
  criticWidth: 'critic.hidden_size',
  criticLayers: 'critic.hidden_layers',
  criticLearningRate: 'critic.lr',
  maxGradNorm: 'critic.max_grad_norm',
  actorWidth: 'actor.hidden_size',
  actorBlocks: 'actor.hidden_layers',
  actorLearningRate: 'actor.lr',
};
const ofTimeNetworks = { ...ofEveryAgent, embedding: 'actor.emb_size' };
const rfm = {
  ...ofTimeNetworks,
  temperature: 'rfm.init_temperature',
  finalTemperature: 'rfm.final_temperature',
  temperatureSteps: 'rfm.temperature_steps',
  integrationSteps: 'rfm.num_integration_steps',
  priorDraws: 'rfm.num_estimator_mc_samples',
  particles: 'rfm.num_particles_training',
  evaluationParticles: 'rfm.num_particles_eval',
  tMin: 'rfm.t_min',
  ridge: 'rfm.cv_ridge',
  coefficientBound: 'rfm.cv_clip',
};
const keysOf: Record<string, Record<string, string>> = {
  'rfm-flow': { ...rfm, solver: 'rfm.sampler_method' },
  'rfm-diffusion': rfm,
  sac: { ...ofEveryAgent, temperatureLearningRate: 'sac.alpha_lr' },
  td3: ofEveryAgent,
  dqs: {
    ...ofTimeNetworks,
    sigmaMin: 'dqs.sigma_min',
    sigmaMax: 'dqs.sigma_max',
    temperature: 'dqs.init_temperature',
    finalTemperature: 'dqs.final_temperature',
    temperatureSteps: 'dqs.temperature_steps',
    integrationSteps: 'dqs.num_integration_steps',
    scoreDraws: 'dqs.num_estimator_mc_samples',
  },
  maxentdp: {
    ...ofTimeNetworks,
    temperature: 'maxentdp.init_temperature',
    finalTemperature: 'maxentdp.final_temperature',
    temperatureSteps: 'maxentdp.temperature_steps',
    integrationSteps: 'maxentdp.num_diffusion_steps',
    logDensityDraws: 'maxentdp.log_prob_samples',
    logDensitySteps: 'maxentdp.log_prob_steps',
    evaluationParticles: 'maxentdp.eval_candidate_num',
    noiseDraws: 'maxentdp.score_samples_num',
    tMin: 'maxentdp.t_min',
  },
  qsm: {
    ...ofTimeNetworks,
    diffusionSteps: 'qsm.num_diffusion_steps',
    samplerNoise: 'qsm.ddpm_temperature',
    gradientScale: 'qsm.q_grad_scale',
    targetNoise: 'qsm.target_action_noise',
    explorationNoise: 'qsm.exploration_noise',
  },
  qvpo: {
    ...ofTimeNetworks,
    diffusionSteps: 'qvpo.num_diffusion_steps',
    behaviourParticles: 'qvpo.behavior_sample',
    targetParticles: 'qvpo.target_sample',
    evaluationParticles: 'qvpo.eval_sample',
    trainingParticles: 'qvpo.train_sample',
    entropyWeight: 'qvpo.entropy_alpha',
    entropyDraws: 'qvpo.entropy_samples',
  },
};

/** run.sh adds rfm.yaml for rfm alone. */
function programValue(place: string, agent: string): unknown {
  const [section, key] = place.split('.');
  const overlay = agent.startsWith('rfm-') ? program.rfm[section]?.[key] : undefined;
  return overlay ?? program.default[section][key];
}

/** As ours says it: null for a final temperature that is the first. */
function ourForm(place: string, agent: string): unknown {
  const value = programValue(place, agent);
  const first = place.replace('final_temperature', 'init_temperature');
  return first !== place && value === programValue(first, agent) ? null : value;
}

test.each(learners)('harness agents %s --json prints the program’s configuration as paper', async (name) => {
  const [{ presets }] = await describeAgents([name]);
  const expected = Object.fromEntries(
    Object.entries(keysOf[name]).map(([key, place]) => [key, ourForm(place, name)]),
  );
  expect(presets.paper).toMatchObject(expected);
});

test('qsm and qvpo are built for what the program’s switches say', () => {
  expect(program.default.qsm).toMatchObject({ beta_schedule: 'vp', clip_sampler: true });
  expect(program.default.qvpo).toMatchObject({
    beta_schedule: 'cosine',
    noise_ratio: 1,
    deterministic: false,
    eps_greedy: 0,
    action_augmentation: true,
  });
});

test('rfm regresses on policy end points with the diagonal optimum, as rfm_on_policy and cv_weight_autotune say', () => {
  expect(program.default.rfm).toMatchObject({ rfm_on_policy: true, cv_weight_autotune: true });
  for (const name of ['rfm-flow', 'rfm-diffusion']) {
    expect(presetsOf(name).paper).toMatchObject({
      endpoints: 'policy',
      estimator: 'optimal',
      lossWeight: 'uniform',
      proposal: 'prior',
      prediction: 'native',
    });
  }
});

test('the program clips gradients for rfm alone', () => {
  const clips = Object.fromEntries(learners.map((name) => [name, presetsOf(name).paper.maxGradNorm]));
  expect(clips).toEqual({
    'rfm-flow': 10,
    'rfm-diffusion': 10,
    ...Object.fromEntries(['sac', 'td3', 'dqs', 'maxentdp', 'qsm', 'qvpo'].map((name) => [name, null])),
  });
});

test('laptop clips gradients where the trials were better with the clip: results/clip-trials', () => {
  const better = clipTrialHead.indexOf('better');
  const clips = Object.fromEntries(
    clipTrialRows().map((row) => [row[0], row[better] === 'clipped' ? 10 : null]),
  );
  expect(Object.fromEntries(learners.map((name) => [name, presetsOf(name).laptop.maxGradNorm]))).toEqual(
    clips,
  );
});
