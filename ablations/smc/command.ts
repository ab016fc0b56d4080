/** Importance sampling against MALA and annealed SMC as the command runs it: settings, progress, tables. */
import { parseEstimator } from '../../agents/posterior/estimator.ts';
import { createSchedule, type ScheduleName } from '../../agents/posterior/schedules.ts';
import { RandomStream } from '../../engine/random.ts';
import { UserError } from '../../harness/text/errors.ts';
import { errorPicture, problemFileNames } from '../error-plot.ts';
import { errorTable, problemHeading, timeHeading } from '../error-table.ts';
import type { AblationResult } from '../page.ts';
import {
  checkFormat,
  commandLine,
  interval,
  outputFolder,
  printProgress,
  printRows,
  problemsOf,
  type RowFormat,
  withoutRepeats,
} from '../row-output.ts';
import {
  type ProblemSamplerRow,
  type SamplerName,
  samplerNames,
  samplersAtTime,
  smallestBudget,
} from './experiment.ts';
import { findings } from './findings.ts';

export interface SmcSettings extends RowFormat {
  readonly problem: readonly string[];
  readonly evaluations?: readonly number[];
  readonly times?: readonly number[];
  readonly samplers?: readonly SamplerName[];
  readonly estimators?: readonly string[];
  readonly points?: number;
  readonly repetitions?: number;
  readonly schedule: ScheduleName;
  readonly seed: number;
  readonly full?: boolean;
  readonly out?: string;
}

const problems = ['ring', 'crossed', 'six-dimensional', 'twelve-dimensional'];
const estimators = ['noise', 'optimal-diagonal', 'adaptive'];
const quick = { evaluations: [100, 500], times: [0.02, 0.1, 0.3, 0.5, 0.7, 0.9], points: 16, repetitions: 2 };
const full = {
  evaluations: [50, 100, 300, 1000, 3000],
  times: [0.02, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.98],
  points: 100,
  repetitions: 8,
};

const columns = [
  'problem',
  'dimensions',
  'sampler',
  'estimator',
  'evaluations',
  'evaluations_made',
  't',
  'mse',
  'mse_se',
  'mse_low',
  'mse_high',
  'bias2',
  'variance',
  'ess',
  'acceptance',
  'seconds_per_estimate',
] as const;

/**
 * @param progress called after every time of every problem
 * @throws UserError for an unreadable problem or a budget too small for chains
 */
export function samplerRows(
  given: SmcSettings,
  progress: (done: number, total: number, problem: string) => void = () => {},
): ProblemSamplerRow[] {
  const settings = withoutRepeats(given);
  const defaults = settings.full ? full : quick;
  const chosen = problemsOf(settings.problem, problems);
  const parsed = (settings.estimators ?? estimators).map((name) => ({
    name,
    estimator: parseEstimator(name),
  }));
  const times = settings.times ?? defaults.times;
  const budgets = settings.evaluations ?? defaults.evaluations;
  const short = budgets.find((budget) => budget < smallestBudget);
  if (short !== undefined)
    throw new UserError(`--evaluations ${short}: chains need ${smallestBudget} evaluations or more`);
  const root = RandomStream.fromSeed(settings.seed);
  let done = 0;
  return chosen.flatMap(({ name, mixture }) =>
    times.flatMap((t) => {
      const found = samplersAtTime({
        mixture,
        schedule: createSchedule(settings.schedule),
        t,
        budgets,
        samplers: settings.samplers ?? samplerNames,
        estimators: parsed,
        points: settings.points ?? defaults.points,
        repetitions: settings.repetitions ?? defaults.repetitions,
        random: root.split(`${name}/${t}`),
      });
      done++;
      progress(done, chosen.length * times.length, name);
      return found.map(({ budget, evaluations, ...row }) => ({
        problem: name,
        dimensions: mixture.dim,
        ...row,
        evaluations: budget,
        evaluations_made: evaluations,
        ...interval(row),
      }));
    }),
  );
}

/** Runs the experiment and prints it; with `out` also writes its files. */
export async function runSmc(settings: SmcSettings): Promise<void> {
  checkFormat(settings);
  const folder = await outputFolder(settings.out);
  const rows = samplerRows(settings, printProgress);
  if (folder !== undefined) {
    const { writeAblation } = await import('../page.ts');
    writeAblation(folder, smcResult(settings, rows));
  }
  printRows(settings, columns, rows, () =>
    errorTable<ProblemSamplerRow>(
      rows,
      [
        problemHeading,
        { title: 'evaluations', width: 11, of: (row) => String(row.evaluations) },
        timeHeading,
      ],
      ({ sampler, estimator }) => `${sampler}/${estimator}`,
    ),
  );
}

function smcResult(
  settings: SmcSettings,
  rows: readonly ProblemSamplerRow[],
): AblationResult<(typeof columns)[number]> {
  const samplers = [...new Set(rows.map((row) => row.sampler))];
  const problems = [...new Set(rows.map((row) => row.problem))];
  const fileName = problemFileNames(problems);
  const pictures = problems.map((problem) => {
    const own = rows.filter((row) => row.problem === problem);
    return errorPicture(
      {
        fileName: `smc-${fileName(problem)}.svg`,
        title: `Importance sampling, MALA and SMC on ${problem} (${own[0].dimensions} dimensions)`,
        description:
          'Mean squared error of E[y1 | y_t] against time, by sampler; columns: evaluations of the density, rows: estimator.',
      },
      own.map((row) => ({
        ...row,
        column: `${row.evaluations} evaluations`,
        row: row.estimator,
        series: row.sampler,
      })),
      samplers,
    );
  });
  return {
    name: 'smc',
    title: 'Annealed SMC and MALA in place of importance sampling',
    text: [
      'Mean squared error of E[y1 | y_t] against its exact value, at equal numbers of evaluations of the target’s density and score. snis weighs prior draws; mala runs parallel chains from resampled prior draws; smc leads prior draws through tempered posteriors. The same control variates are applied to the draws of each.',
      ...findings(rows),
    ],
    command: commandLine('smc', settings),
    columns,
    rows,
    pictures,
  };
}
