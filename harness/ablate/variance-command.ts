/** The variance experiment as the command runs it: settings, progress, tables. */
import { parseEstimator } from '../../agents/posterior/estimator.ts';
import { createSchedule, type ScheduleName } from '../../agents/posterior/schedules.ts';
import { RandomStream } from '../../engine/random.ts';
import { UserError } from '../errors.ts';
import { formatTable } from '../results/csv.ts';
import { builtInProblems, type Problem, readProblems } from './problems.ts';
import { type ProposalName, type VarianceRow, varianceAtTime } from './variance.ts';

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

export type ProblemVarianceRow = VarianceRow & { readonly problem: string; readonly proposal: ProposalName };

const estimators = [
  'noise',
  'gradient',
  'eta=0.5',
  'optimal-isotropic',
  'optimal-diagonal',
  'optimal-matrix',
  'adaptive',
];
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
  'bias2',
  'variance',
  'ess',
  'seconds_per_estimate',
] as const;

/**
 * @param progress told after every time of every problem
 * @throws UserError for an unreadable problem
 */
export function varianceRows(
  settings: VarianceSettings,
  progress: (done: number, total: number, problem: string) => void = () => {},
): ProblemVarianceRow[] {
  const defaults = settings.full ? full : quick;
  const problems: Problem[] =
    settings.problem.length === 0
      ? builtInProblems()
      : settings.problem.flatMap((file) => readProblems(file));
  const parsed = (settings.estimators ?? estimators).map((name) => ({
    name,
    estimator: parseEstimator(name),
  }));
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
      rows.push(...found.map((row) => ({ problem: name, proposal: settings.proposal, ...row })));
      progress(index * times.length + timeIndex + 1, problems.length * times.length, name);
    });
  });
  return rows;
}

/** Runs the experiment and prints it; with `out` also writes its table. */
export async function runVariance(settings: VarianceSettings): Promise<void> {
  if (settings.json && settings.csv) throw new UserError('--json and --csv exclude each other');
  const bar = process.stderr.isTTY ? '\r' : '\n';
  const rows = varianceRows(settings, (done, total, problem) => {
    process.stderr.write(`${bar}${done}/${total} ${problem.padEnd(20)}${done === total ? '\n' : ''}`);
  });
  if (settings.out !== undefined) {
    const { variancePictures } = await import('./variance-plot.ts');
    const { writeAblation } = await import('./page.ts');
    writeAblation(settings.out, {
      name: 'variance',
      title: 'Error of the posterior mean by estimator',
      text: [
        'Mean squared error of E[y1 | y_t] against its exact value on Gaussian mixtures, by estimator, number of draws N and time t. Lower is better; bands are two standard errors over y_t.',
      ],
      command: `harness ablate variance${settings.full ? ' --full' : ''} --seed ${settings.seed} --out DIR`,
      columns,
      rows,
      pictures: variancePictures(rows),
    });
  }
  if (settings.json) process.stdout.write(`${JSON.stringify(rows, null, 1)}\n`);
  else if (settings.csv) process.stdout.write(formatTable(columns, rows));
  else process.stdout.write(varianceTable(rows));
}

/** MSE by problem, draws and time (rows) and estimator (columns). */
export function varianceTable(rows: readonly ProblemVarianceRow[]): string {
  const names = [...new Set(rows.map((row) => row.estimator))];
  const widths = names.map((name) => Math.max(10, name.length));
  const header = ['problem'.padEnd(18), 'N'.padStart(5), 't'.padStart(5), 'ESS'.padStart(7)];
  const lines = [[...header, ...names.map((name, i) => name.padStart(widths[i]))].join('  ')];
  const cells = new Map<string, ProblemVarianceRow[]>();
  for (const row of rows) {
    const key = `${row.problem}/${row.particles}/${row.t}`;
    cells.set(key, [...(cells.get(key) ?? []), row]);
  }
  for (const cell of cells.values()) {
    const { problem, particles, t, ess } = cell[0];
    const start = [
      problem.padEnd(18),
      String(particles).padStart(5),
      String(t).padStart(5),
      ess.toFixed(1).padStart(7),
    ];
    const values = names.map((name, i) => {
      const mse = cell.find((row) => row.estimator === name)?.mse;
      return (mse === undefined ? '' : mse.toPrecision(4)).padStart(widths[i]);
    });
    lines.push([...start, ...values].join('  '));
  }
  return `mean squared error of E[y1 | y_t]\n${lines.join('\n')}\n`;
}
