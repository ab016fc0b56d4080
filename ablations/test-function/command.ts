/** Constant against learned test functions as the command runs it: settings, progress, tables. */
import { parseEstimator } from '../../agents/posterior/estimator.ts';
import { createSchedule, type ScheduleName } from '../../agents/posterior/schedules.ts';
import { RandomStream } from '../../engine/random.ts';
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
import { type TestFunctionRow, testFunctionsAtTime } from './experiment.ts';
import { trainTestFunction } from './training.ts';

export interface TestFunctionSettings extends RowFormat {
  readonly problem: readonly string[];
  readonly particles?: readonly number[];
  readonly times?: readonly number[];
  readonly estimators?: readonly string[];
  readonly updates?: number;
  readonly points?: number;
  readonly repetitions?: number;
  readonly schedule: ScheduleName;
  readonly seed: number;
  readonly full?: boolean;
  readonly out?: string;
}

const problems = ['ring', 'crossed', 'six-dimensional'];
const estimators = ['noise', 'optimal-isotropic', 'optimal-diagonal', 'optimal-matrix', 'adaptive'];
const times = [0.1, 0.3, 0.5, 0.7, 0.9];
const quick = { particles: [30, 100], updates: 300, points: 24, repetitions: 10 };
const full = { particles: [10, 30, 100, 300, 1000], updates: 4000, points: 100, repetitions: 40 };

const columns = [
  'problem',
  'dimensions',
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
  'training_updates',
  'training_evaluations',
  'training_seconds',
] as const;

export type ProblemTestFunctionRow = TestFunctionRow & {
  readonly problem: string;
  readonly dimensions: number;
  readonly mse_low: number;
  readonly mse_high: number;
  /** Of the network; 0 for constant coefficients, which need none. */
  readonly training_updates: number;
  readonly training_evaluations: number;
  readonly training_seconds: number;
};

/** @throws UserError for an unreadable problem */
export async function testFunctionRows(
  given: TestFunctionSettings,
  progress: (done: number, total: number, what: string) => void = () => {},
): Promise<ProblemTestFunctionRow[]> {
  const settings = withoutRepeats(given);
  const defaults = settings.full ? full : quick;
  const chosen = problemsOf(settings.problem, problems);
  const names = settings.estimators ?? estimators;
  for (const name of names) parseEstimator(name);
  const at = settings.times ?? times;
  const updates = settings.updates ?? defaults.updates;
  const schedule = createSchedule(settings.schedule);
  const root = RandomStream.fromSeed(settings.seed);
  const rows: ProblemTestFunctionRow[] = [];
  for (const [index, { name, mixture }] of chosen.entries()) {
    progress(index, chosen.length, `${name}: training`);
    const trained = await trainTestFunction({
      mixture,
      schedule,
      times: at,
      updates,
      random: root.split(`${name}/training`),
    });
    for (const t of at) {
      const found = await testFunctionsAtTime({
        mixture,
        schedule,
        t,
        particles: settings.particles ?? defaults.particles,
        estimators: names,
        trained,
        points: settings.points ?? defaults.points,
        repetitions: settings.repetitions ?? defaults.repetitions,
        random: root.split(`${name}/${t}`),
      });
      for (const row of found) {
        const learned = row.estimator.startsWith('network');
        rows.push({
          problem: name,
          dimensions: mixture.dim,
          ...row,
          ...interval(row),
          training_updates: learned ? updates : 0,
          training_evaluations: learned ? trained.evaluations : 0,
          training_seconds: learned ? trained.seconds : 0,
        });
      }
    }
    await trained.dispose();
  }
  progress(chosen.length, chosen.length, 'done');
  return rows;
}

/** Runs the experiment and prints it; with `out` also writes its files. */
export async function runTestFunction(settings: TestFunctionSettings): Promise<void> {
  checkFormat(settings);
  const folder = await outputFolder(settings.out);
  const rows = await testFunctionRows(settings, printProgress);
  if (folder !== undefined) {
    const { writeAblation } = await import('../page.ts');
    writeAblation(folder, testFunctionResult(settings, rows));
  }
  printRows(settings, columns, rows, () =>
    errorTable<ProblemTestFunctionRow>(
      rows,
      [problemHeading, { title: 'N', width: 5, of: (row) => String(row.particles) }, timeHeading],
      ({ estimator }) => estimator,
    ),
  );
}

function testFunctionResult(
  settings: TestFunctionSettings,
  rows: readonly ProblemTestFunctionRow[],
): AblationResult<(typeof columns)[number]> {
  const series = [...new Set(rows.map((row) => row.estimator))];
  const problems = [...new Set(rows.map((row) => row.problem))];
  const fileName = problemFileNames(problems);
  const pictures = problems.map((problem) => {
    const own = rows.filter((row) => row.problem === problem);
    return errorPicture(
      {
        fileName: `test-function-${fileName(problem)}.svg`,
        title: `Constant and learned test functions on ${problem} (${own[0].dimensions} dimensions)`,
        description: 'Mean squared error of E[y1 | y_t] against time, by test function and number of draws.',
      },
      own.map((row) => ({ ...row, column: `N = ${row.particles}`, series: row.estimator })),
      series,
    );
  });
  return {
    name: 'test-function',
    title: 'Constant and learned test functions',
    text: [
      'Mean squared error of E[y1 | y_t] against its exact value. Constant coefficients are fitted to the draws of each estimate; network is one Φ(t, y_t, y0) for all t and y_t, trained before on prior draws of its own; network+adaptive fits a constant coefficient to what the network leaves over. All are evaluated on the same fresh draws; what training cost is in the table.',
    ],
    command: commandLine('test-function', settings),
    columns,
    rows,
    pictures,
  };
}
