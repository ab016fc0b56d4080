/** The host side of an RFM agent: draws the noise, keeps the state, calls the compiled algorithm. */
import { RandomStream } from '../../engine/random.ts';
import type { Arrays, NdArray } from '../../engine/types.ts';
import type { Agent, AgentContext, AgentSnapshot, Batch, Metrics } from '../agent.ts';
import { fromRecord, toRecord } from '../snapshot.ts';
import {
  type PolicyForm,
  type RfmConfig,
  type RfmInputs,
  type RfmState,
  rfmAlgorithm,
  rfmMetrics,
  type SampleNoise,
} from './algorithm.ts';

/** Edges of the time bins in which the actor's loss and the ESS are reported. */
export const timeBins = [0, 0.03, 0.1, 0.3, 0.7, 1];

export async function createRfmAgent(form: PolicyForm, context: AgentContext<RfmConfig>): Promise<Agent> {
  const { config, engine } = context;
  const [obs, act] = [context.observation.size, context.action.size];
  const algorithm = rfmAlgorithm(form, config, obs, act);
  const { network, critic, actorAdam, criticAdam } = algorithm;
  const update = engine.compileStep<RfmState, RfmInputs, ReturnType<typeof algorithm.update>['outputs']>(
    `${form.name}/update`,
    algorithm.update,
  );
  const explore = engine.compile(`${form.name}/explore`, algorithm.act);
  const exploit = engine.compile(`${form.name}/exploit`, algorithm.actBest);

  const criticParams = critic.layout.initialise(context.random.split('critic'));
  let state: Arrays<RfmState> = {
    actor: actorAdam.init(network.layout, network.layout.initialise(context.random.split('actor'))),
    critic: criticAdam.init(critic.layout, criticParams),
    target: { data: criticParams.slice(), shape: critic.layout.shape },
  };
  let updates = 0;
  const streams = {
    update: context.random.split('update'),
    explore: context.random.split('explore'),
    exploit: context.random.split('exploit'),
  };

  const { batchSize, particles, evaluationParticles, integrationSteps } = config;
  const batchNoise: Arrays<RfmInputs>['noise'] = {
    next: allocateNoise(batchSize, particles),
    ...(config.endpoints === 'policy' ? { endpoint: allocateNoise(batchSize, particles) } : {}),
    time: array([batchSize]),
    bridge: array([batchSize, act]),
    prior: array([batchSize, config.priorDraws, act]),
  };
  const actNoise = new Map<string, Arrays<SampleNoise>>();

  function allocateNoise(states: number, m: number): Arrays<SampleNoise> {
    const path = form.samplerNoise ? { path: array([integrationSteps, states * m, act]) } : {};
    return { start: array([states, m, act]), choice: array([states, m]), ...path } as Arrays<SampleNoise>;
  }

  /** λ after the updates so far, annealed log-linearly. */
  function temperature(): number {
    const progress = Math.min(1, updates / config.temperatureSteps);
    const [start, end] = [Math.log(config.temperature), Math.log(config.finalTemperature)];
    return Math.exp(start + (end - start) * progress);
  }

  return {
    async act(observations, count, mode) {
      const best = mode === 'exploit';
      const m = best ? evaluationParticles : particles;
      const key = `${mode} ${count}`;
      let noise = actNoise.get(key);
      if (noise === undefined) {
        noise = allocateNoise(count, m);
        actNoise.set(key, noise);
      }
      drawSample(best ? streams.exploit : streams.explore, noise);
      const { action } = await (best ? exploit : explore)({
        actor: state.actor.params,
        critic: state.critic.params,
        observation: { data: observations, shape: [count, obs] },
        temperature: scalar(temperature()),
        noise,
      });
      return action.data as Float32Array;
    },

    async update(batch: Batch): Promise<Metrics> {
      const random = streams.update;
      drawSample(random, batchNoise.next);
      if (batchNoise.endpoint !== undefined) drawSample(random, batchNoise.endpoint);
      random.fillUniform(batchNoise.time.data as Float32Array, config.tMin, 1 - config.tMin);
      random.fillNormal(batchNoise.bridge.data as Float32Array);
      random.fillNormal(batchNoise.prior.data as Float32Array);
      const lambda = temperature();
      const result = await update(state, {
        batch: {
          observation: { data: batch.observation, shape: [batch.size, obs] },
          action: { data: batch.action, shape: [batch.size, act] },
          reward: { data: batch.reward, shape: [batch.size] },
          mask: { data: batch.mask, shape: [batch.size] },
          nextObservation: { data: batch.nextObservation, shape: [batch.size, obs] },
        },
        noise: batchNoise,
        temperature: scalar(lambda),
      });
      state = result.state;
      updates++;
      const metrics: Metrics = { temperature: lambda };
      for (const [i, name] of rfmMetrics.entries()) metrics[name] = result.outputs.metrics.data[i];
      addByTime(metrics, batchNoise.time.data, result.outputs.byTime.data, batch.size);
      return metrics;
    },

    async save(): Promise<AgentSnapshot> {
      const { update: u, explore: e, exploit: x } = streams;
      return {
        arrays: toRecord(state),
        values: { updates, streams: { update: u.state(), explore: e.state(), exploit: x.state() } },
      };
    },

    async load(snapshot) {
      state = fromRecord(snapshot.arrays, state);
      const values = snapshot.values as { updates: number; streams: Record<keyof typeof streams, never> };
      updates = values.updates;
      for (const name of ['update', 'explore', 'exploit'] as const) {
        streams[name] = RandomStream.restore(values.streams[name]);
      }
    },

    async dispose() {
      await Promise.all([update.dispose(), explore.dispose(), exploit.dispose()]);
    },
  };
}

function drawSample(random: RandomStream, noise: Arrays<SampleNoise>): void {
  random.fillNormal(noise.start.data as Float32Array);
  random.fillUniform(noise.choice.data as Float32Array);
  if (noise.path !== undefined) random.fillNormal(noise.path.data as Float32Array);
}

/** Means of the actor's loss and of the ESS within bins of t; a bin without samples has no entry. */
function addByTime(metrics: Metrics, time: ArrayLike<number>, rows: ArrayLike<number>, batch: number): void {
  const bins = timeBins.length - 1;
  const counts = new Float64Array(bins);
  const loss = new Float64Array(bins);
  const ess = new Float64Array(bins);
  for (let i = 0; i < batch; i++) {
    let bin = 0;
    while (bin + 1 < bins && time[i] >= timeBins[bin + 1]) bin++;
    counts[bin]++;
    loss[bin] += rows[i];
    ess[bin] += rows[batch + i];
  }
  for (let bin = 0; bin < bins; bin++) {
    if (counts[bin] === 0) continue;
    metrics[`actor_loss_t${timeBins[bin]}`] = loss[bin] / counts[bin];
    metrics[`ess_t${timeBins[bin]}`] = ess[bin] / counts[bin];
  }
}

function array(shape: number[]): NdArray {
  return { data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape };
}

function scalar(value: number): NdArray {
  return { data: Float32Array.of(value), shape: [] };
}
