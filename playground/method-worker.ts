/** Learns a density of the plane by RFM, and measures the estimators on it, while the page shows both. */

import './no-code-from-text.ts';
import { extent } from '../ablations/toy/targets.ts';
import { varianceAtTime } from '../ablations/variance/experiment.ts';
import { parseEstimator } from '../agents/posterior/estimator.ts';
import { GaussianMixture } from '../agents/posterior/mixture.ts';
import { createSchedule } from '../agents/posterior/schedules.ts';
import { samplerDefaults } from '../agents/toy/config.ts';
import { mixtureDensity } from '../agents/toy/density.ts';
import { rfmFlow } from '../agents/toy/rfm.ts';
import { CompiledSampler, DensitySampler } from '../agents/toy/sampler.ts';
import { createEngine } from '../engine/index.ts';
import { RandomStream } from '../engine/random.ts';
import { messageOf } from './elements.ts';
import {
  gridPoints,
  type MethodOrder,
  type MethodReport,
  type MethodSettings,
  PARTICLES,
} from './method-messages.ts';

/** A network that learns while one watches. */
const config = { ...samplerDefaults, actorWidth: 64, averaging: 0.02, innerUpdates: 50 };
/** Updates of one training. */
const MOST = 6000;
/** Between two reports, in ms. */
const REPORT = 120;
const TIMES = [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95];
const POINTS = 24;
const REPETITIONS = 24;

const engine = createEngine({ backend: 'wasm', threads: 1 });
const report = (message: MethodReport): void => postMessage(message);
/** The newest order's; a training with another number ends. */
let wanted = -1;

addEventListener('message', ({ data }: MessageEvent<MethodOrder>) => {
  if (data.type === 'stop') {
    wanted = -1;
    return;
  }
  const { number, settings } = data;
  wanted = number;
  learn(number, settings).catch((error: unknown) => {
    report({ number, type: 'failed', message: messageOf(error) });
  });
});

async function learn(number: number, settings: MethodSettings): Promise<void> {
  const { density, estimator, draws, steps } = settings;
  const random = RandomStream.fromSeed(0).split('method');
  report({ number, type: 'errors', errors: errorsOf(settings, random.split('errors')) });
  await nextOrder();
  const form = rfmFlow({ estimator, draws: 'prior', bound: extent(density) });
  const compiled = new CompiledSampler(form, { ...config, draws }, mixtureDensity(density), engine);
  try {
    const sampler = new DensitySampler(compiled, random.split('training'));
    const grid = gridPoints();
    let reportedAt = Number.NEGATIVE_INFINITY;
    let updates = 0;
    while (number === wanted && updates < MOST) {
      const { loss, ess } = await sampler.train(10);
      updates += 10;
      if (performance.now() - reportedAt > REPORT || updates >= MOST) {
        reportedAt = performance.now();
        const points = await sampler.follow(PARTICLES, steps, random.split('particles'));
        const field = await sampler.field(grid, steps);
        report({ number, type: 'flow', updates, loss, ess, points, field });
      }
      await nextOrder();
    }
  } finally {
    await compiled.dispose();
  }
}

/** The estimators against the exact posterior mean of y1. */
function errorsOf({ density, estimator, draws }: MethodSettings, random: RandomStream) {
  const names = [...new Set(['noise', 'gradient', 'optimal-diagonal', estimator])];
  const estimators = names.map((name) => ({ name, estimator: parseEstimator(name) }));
  const schedule = createSchedule('linear');
  const mixture = new GaussianMixture(density);
  return TIMES.flatMap((t) =>
    varianceAtTime({
      ...{ mixture, schedule, t, estimators, random: random.split(`t ${t}`) },
      particles: [draws],
      points: POINTS,
      repetitions: REPETITIONS,
    }).map(({ estimator: series, mse, mse_se }) => ({ series, t, mse, mse_se })),
  );
}

const channel = new MessageChannel();

/** Lets orders be heard. */
function nextOrder(): Promise<void> {
  return new Promise((resolve) => {
    channel.port1.onmessage = () => resolve();
    channel.port2.postMessage(undefined);
  });
}
