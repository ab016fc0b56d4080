/**
 * The table of docs/estimators.md: how much better than the better end point (noise, gradient) each estimator
 * is, over 15 problems, 7 times and 5 numbers of draws. Prints Markdown; the cells go to a CSV file if asked for.
 *
 *   npx jiti bench/adaptive.ts [--points 60] [--repetitions 24] [--seed 0] [--schedule linear]
 *     [--problems 'circle8;curved ridge'] [--times 0.1,0.5] [--csv FILE]
 *
 * Repetitions are those of N = 10 and 30; N = 100 has half and N = 300 and 1000 a sixth of them.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Problem } from '../ablations/problems.ts';
import { type VarianceRow, varianceAtTime } from '../ablations/variance/experiment.ts';
import { parseEstimator } from '../agents/posterior/estimator.ts';
import { createSchedule, scheduleNames } from '../agents/posterior/schedules.ts';
import { RandomStream } from '../engine/random.ts';
import { adaptiveProblems } from './adaptive-problems.ts';

const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '60' },
    repetitions: { type: 'string', default: '24' },
    seed: { type: 'string', default: '0' },
    schedule: { type: 'string', default: 'linear' },
    problems: { type: 'string' },
    times: { type: 'string', default: '0.1,0.2,0.3,0.5,0.7,0.9,0.98' },
    csv: { type: 'string' },
  },
});
const kind = scheduleNames.find((name) => name === values.schedule);
if (kind === undefined) throw new Error(`--schedule: one of ${scheduleNames.join(', ')}`);
const schedule = createSchedule(kind);
const points = Number(values.points);
const repetitions = Number(values.repetitions);
const times = values.times.split(',').map(Number);
const chosen = values.problems?.split(';');

const ends = ['noise', 'gradient'];
const judged = ['optimal-isotropic', 'optimal-diagonal', 'optimal-matrix', 'adaptive'];
const estimators = [...ends, ...judged].map((name) => ({ name, estimator: parseEstimator(name) }));
const sizes = [
  { particles: [10, 30], repetitions },
  { particles: [100], repetitions: Math.max(1, Math.round(repetitions / 2)) },
  { particles: [300, 1000], repetitions: Math.max(1, Math.round(repetitions / 6)) },
];
/** Ratios above this are exact answers. */
const cap = 1e6;
/** A cell is lost where the estimator's error is more than this times the better end point's. */
const allowed = 1.05;

interface Cell {
  readonly problem: string;
  readonly t: number;
  readonly particles: number;
  readonly mse: Readonly<Record<string, VarianceRow>>;
}

function cellsOf({ name, mixture }: Problem, t: number): Cell[] {
  const random = RandomStream.fromSeed(Number(values.seed)).split(`${name}/${t}`);
  return sizes.flatMap((size, i) => {
    const rows = varianceAtTime({
      ...size,
      mixture,
      schedule,
      t,
      points,
      estimators,
      random: random.split(String(i)),
    });
    return size.particles.map((particles) => ({
      problem: name,
      t,
      particles,
      mse: Object.fromEntries(
        rows.filter((row) => row.particles === particles).map((row) => [row.estimator, row]),
      ),
    }));
  });
}

const gain = ({ mse }: Cell, estimator: string) =>
  Math.min(cap, Math.min(...ends.map((end) => mse[end].mse)) / mse[estimator].mse);

function geometricMean(cells: readonly Cell[], estimator: string): number {
  return Math.exp(cells.reduce((sum, cell) => sum + Math.log(gain(cell, estimator)), 0) / cells.length);
}

/** Two significant digits. */
const number = (x: number) => (x >= 1e5 ? '> 10⁵' : x < 0.01 ? '< 0.01' : String(Number(x.toPrecision(2))));

function report(cells: readonly Cell[]): string {
  const names = [...new Set(cells.map(({ problem }) => problem))];
  const withoutGaussian = cells.filter(({ problem }) => problem !== 'one Gaussian');
  const lines = [
    `${cells.length} cells, ${points} y_t x ${sizes.map((size) => `${size.repetitions} (N = ${size.particles.join(', ')})`).join(', ')}, ${kind} path, seed ${values.seed}`,
    '',
    '| estimator | geometric mean | without the single Gaussian | worst cell | cells lost |',
    '| --- | --- | --- | --- | --- |',
    ...judged.map((estimator) => {
      const gains = cells.map((cell) => gain(cell, estimator));
      const lost = gains.filter((ratio) => !(ratio >= 1 / allowed)).length;
      return `| \`${estimator}\` | ${number(geometricMean(cells, estimator))} | ${number(geometricMean(withoutGaussian, estimator))} | ${number(Math.min(...gains))} | ${lost} |`;
    }),
    '',
    '| problem | isotropic | diagonal | matrix | adaptive | worst of adaptive |',
    '| --- | --- | --- | --- | --- | --- |',
    ...names.map((name) => {
      const own = cells.filter(({ problem }) => problem === name);
      const worst = Math.min(...own.map((cell) => gain(cell, 'adaptive')));
      return `| ${name} | ${judged.map((estimator) => number(geometricMean(own, estimator))).join(' | ')} | ${worst.toFixed(2)} |`;
    }),
    '',
    'Cells that adaptive loses:',
    ...cells
      .filter((cell) => !(gain(cell, 'adaptive') >= 1 / allowed))
      .map((cell) => {
        const { mse, mse_se } = cell.mse.adaptive;
        const found = `${gain(cell, 'adaptive').toFixed(3)} (error ${mse.toPrecision(3)} ± ${mse_se.toPrecision(2)})`;
        return `- ${cell.problem}, t = ${cell.t}, N = ${cell.particles}: ${found}`;
      }),
  ];
  return `${lines.join('\n')}\n`;
}

const problems = adaptiveProblems().filter(({ name }) => chosen?.includes(name) ?? true);
const cells: Cell[] = [];
for (const problem of problems) {
  for (const t of times) {
    cells.push(...cellsOf(problem, t));
    process.stderr.write(`${cells.length}/${problems.length * times.length * 5} ${problem.name}, t = ${t}\n`);
  }
}
if (values.csv !== undefined) {
  const header = ['problem', 't', 'particles', ...estimators.map(({ name }) => name)].join(',');
  const rows = cells.map((cell) =>
    [`"${cell.problem}"`, cell.t, cell.particles, ...estimators.map(({ name }) => cell.mse[name].mse)].join(
      ',',
    ),
  );
  writeFileSync(values.csv, `${[header, ...rows].join('\n')}\n`);
}
process.stdout.write(report(cells));
