/** The toy comparison as the command runs it: settings, progress, tables and files. */
import { join } from 'node:path';
import { parseEstimator } from '../../agents/posterior/estimator.ts';
import { samplerDefaults } from '../../agents/toy/config.ts';
import { createEngine } from '../../engine/index.ts';
import { formatTable } from '../../harness/files/table.ts';
import { checkFormat, checkNames, commandLine, outputFolder } from '../row-output.ts';
import { runToy, setSizes, type ToyOutcome, type ToyPlan } from './experiment.ts';
import { checkMethod, methodNames, type PosteriorDraws } from './methods.ts';
import { seedColumns, summarise, summaryColumns, toyTable } from './summary.ts';
import { targetsOfFile } from './target-files.ts';
import { builtInTarget, targetNames } from './targets.ts';

export interface ToySettings {
  readonly targets?: readonly string[];
  readonly problem: readonly string[];
  readonly methods?: readonly string[];
  readonly seeds: number;
  readonly seed: number;
  readonly updates?: number;
  readonly steps?: readonly number[];
  readonly estimator: string;
  readonly draws: PosteriorDraws;
  readonly full?: boolean;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly out?: string;
}

const quick = { targets: ['moons'], updates: 1000, steps: [5, 20, 100] };
const full = { targets: targetNames, updates: 6000, steps: [5, 10, 20, 50, 100] };
/** Numbers of steps whose samples are shown, as far as they are asked for. */
const shownSteps = [20, 100];

/** @throws UserError for names that do not exist or a problem that cannot be used */
export function toyPlan(settings: ToySettings): ToyPlan {
  const defaults = settings.full ? full : quick;
  const named = settings.targets ?? (settings.problem.length === 0 ? defaults.targets : []);
  const targets = [...named.map(builtInTarget), ...settings.problem.flatMap(targetsOfFile)];
  checkNames('target', targets);
  parseEstimator(settings.estimator);
  return {
    targets,
    methods: [...new Set(settings.methods ?? methodNames)].map(checkMethod),
    seeds: Array.from({ length: settings.seeds }, (_, i) => settings.seed + i),
    updates: settings.updates ?? defaults.updates,
    steps: [...new Set(settings.steps ?? defaults.steps)].sort((a, b) => a - b),
    estimator: settings.estimator,
    draws: settings.draws,
    config: samplerDefaults,
  };
}

/** Trains, measures and prints; with `out` also writes tables, pictures and the report's section. */
export async function runToyCommand(settings: ToySettings): Promise<void> {
  checkFormat(settings);
  const plan = toyPlan(settings);
  const folder = await outputFolder(settings.out);
  const bar = process.stderr.isTTY ? '\r' : '\n';
  const trainings = plan.targets.length * plan.methods.length * plan.seeds.length;
  let done = 0;
  const progress = (what: string) => {
    done++;
    const end = done === trainings ? '\n' : '';
    process.stderr.write(`${bar}${done}/${trainings} ${what.padEnd(24)}${end}`);
  };
  const engine = createEngine();
  let outcome: ToyOutcome = { rows: [], samples: [] };
  try {
    for (const target of plan.targets) {
      const found = await runToy({ ...plan, targets: [target] }, engine, progress);
      outcome = {
        rows: [...outcome.rows, ...found.rows],
        samples: [...outcome.samples, ...found.samples],
      };
      // After every target, so that a long run that is stopped leaves something.
      if (folder !== undefined) await write(folder, settings, plan, outcome);
    }
  } finally {
    await engine.dispose();
  }
  const rows = summarise(outcome.rows, plan.updates);
  if (settings.json) process.stdout.write(`${JSON.stringify(rows, null, 1)}\n`);
  else if (settings.csv) process.stdout.write(formatTable(summaryColumns, rows));
  else process.stdout.write(toyTable(rows));
}

async function write(
  folder: string,
  settings: ToySettings,
  plan: ToyPlan,
  { rows: measured, samples }: ToyOutcome,
): Promise<void> {
  const rows = summarise(measured, plan.updates);
  const { distancePictures, samplePictures } = await import('./pictures.ts');
  const { writeAblation } = await import('../page.ts');
  const { writeDurably } = await import('../../harness/files/durable.ts');
  const shown = shownSteps.filter((n) => plan.steps.includes(n));
  const { batchSize, draws } = plan.config;
  writeAblation(folder, {
    name: 'toy',
    title: 'Samplers of known densities',
    text: [
      `Each method learns to sample a density of the plane from its values and score alone: ${plan.updates} updates of ${batchSize} points with ${draws} evaluations each, the same network, optimiser and buffer of own samples for all, ${plan.seeds.length} seeds. The two forms of RFM use the estimator ${plan.estimator} with draws of the prior${plan.draws === 'box' ? " cut off to the density's box" : ''}.`,
      `Distances are to fresh exact draws: sliced Wasserstein-2 over ${setSizes.sliced} points, unbiased squared MMD over ${setSizes.mmd}, debiased Sinkhorn divergence over ${setSizes.sinkhorn}. Lower is better; the dashed line is the same distance between two sets of exact draws, below which nothing can be told apart.`,
    ],
    command: commandLine('toy', settings),
    columns: summaryColumns,
    rows,
    pictures: [...distancePictures(rows), ...(shown.length > 0 ? samplePictures(samples, shown) : [])],
  });
  const bySeed = measured.map((row) => ({ steps: undefined, ...row }));
  writeDurably(join(folder, 'toy-seeds.csv'), formatTable(seedColumns, bySeed));
}
