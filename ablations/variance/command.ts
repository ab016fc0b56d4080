/** The variance experiment as the command runs it: settings, progress, tables. */
import { parseEstimator } from '../../agents/posterior/estimator.ts';
import { estimatorForms } from '../../agents/posterior/estimators.ts';
import { createSchedule, type ScheduleName } from '../../agents/posterior/schedules.ts';
import { RandomStream } from '../../engine/random.ts';
import { UserError } from '../../harness/text/errors.ts';
import { errorTable, problemHeading, timeHeading } from '../error-table.ts';
import { problemNames } from '../problems.ts';
import {
  checkFormat,
  commandLine,
  interval,
  outputFolder,
  printProgress,
  printRows,
  problemsOf,
  withoutRepeats,
} from '../row-output.ts';
import { type ProblemVarianceRow, type ProposalName, varianceAtTime } from './experiment.ts';

export interface VarianceSettings {
  readonly problem: readonly string[];
  readonly particles?: readonly number[];
  readonly times?: readonly number[];
  readonly estimators?: readonly string[];
  readonly proposal: ProposalName;
  readonly points?: number;
  readonly repetitions?: number;
  readonly schedule: ScheduleName;
  readonly seed: number;
  readonly full?: boolean;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly out?: string;
}

const quick = { particles: [10, 100], times: [0.1, 0.3, 0.5, 0.7, 0.9], points: 50, repetitions: 50 };
const full = {
  particles: [10, 30, 100, 300, 1000],
  times: [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98],
  points: 200,
  repetitions: 200,
};

const columns = [
  'problem',
  'proposal',
  'estimator',
  'particles',
  't',
  'mse',
  'mse_se',
  'mse_low',
  'mse_high',
  'bias2',
  'variance',
  'ess',
  'seconds_per_estimate',
] as const;

/** @throws UserError for numbers of draws that a proposal cannot share with the prior */
function checkParticles({ particles = [], proposal }: VarianceSettings): void {
  for (const count of particles) {
    if (proposal === 'laplace' && count % 2 !== 0)
      throw new UserError(
        `--particles ${count}: --proposal laplace needs an even number, half of them the prior's`,
      );
    if (proposal === 'policy' && count < 2)
      throw new UserError(
        `--particles ${count}: --proposal policy needs two and more, one of them the prior's`,
      );
  }
}

/**
 * @param progress called after every time of every problem
 * @throws UserError for an unreadable problem
 */
export function varianceRows(
  given: VarianceSettings,
  progress: (done: number, total: number, problem: string) => void = () => {},
): ProblemVarianceRow[] {
  const settings = withoutRepeats(given);
  const defaults = settings.full ? full : quick;
  const problems = problemsOf(settings.problem, problemNames);
  const parsed = (settings.estimators ?? estimatorForms()).map((name) => ({
    name,
    estimator: parseEstimator(name),
  }));
  checkParticles(settings);
  const times = settings.times ?? defaults.times;
  const root = RandomStream.fromSeed(settings.seed);
  const rows: ProblemVarianceRow[] = [];
  problems.forEach(({ name, mixture }, index) => {
    times.forEach((t, timeIndex) => {
      const found = varianceAtTime({
        mixture,
        schedule: createSchedule(settings.schedule),
        t,
        particles: settings.particles ?? defaults.particles,
        estimators: parsed,
        points: settings.points ?? defaults.points,
        repetitions: settings.repetitions ?? defaults.repetitions,
        proposal: settings.proposal,
        random: root.split(`${name}/${t}`),
      });
      rows.push(
        ...found.map((row) => ({ problem: name, proposal: settings.proposal, ...row, ...interval(row) })),
      );
      progress(index * times.length + timeIndex + 1, problems.length * times.length, name);
    });
  });
  return rows;
}

/** Runs the experiment and prints it; with `out` also writes its table. */
export async function runVariance(settings: VarianceSettings): Promise<void> {
  checkFormat(settings);
  const folder = await outputFolder(settings.out);
  const rows = varianceRows(settings, printProgress);
  if (folder !== undefined) {
    const { variancePictures } = await import('./plot.ts');
    const { writeAblation } = await import('../page.ts');
    writeAblation(folder, {
      name: 'variance',
      title: 'Error of the posterior mean by estimator',
      text: [
        'Mean squared error of E[y1 | y_t] against its exact value on Gaussian mixtures, by estimator, number of draws N and time t. Lower is better; bands are two standard errors over y_t.',
      ],
      command: commandLine('variance', settings),
      columns,
      rows,
      pictures: variancePictures(rows),
    });
  }
  printRows(settings, columns, rows, () => varianceTable(rows));
}

/** MSE by problem, draws and time (rows) and estimator (columns). */
export function varianceTable(rows: readonly ProblemVarianceRow[]): string {
  return errorTable<ProblemVarianceRow>(
    rows,
    [
      problemHeading,
      { title: 'N', width: 5, of: ({ particles }) => String(particles) },
      timeHeading,
      { title: 'ESS', width: 7, of: ({ ess }) => ess.toFixed(1), remark: true },
    ],
    ({ estimator }) => estimator,
  );
}
