/** What an ablation that trained leaves behind: its table, pictures and section, from the comparisons' CSVs. */

import { interval, readable } from '../../harness/report/numbers.ts';
import { loadManifest } from '../../harness/results/manifest.ts';
import { joinRuns } from '../../harness/results/runs.ts';
import { textTable } from '../../harness/text/text-table.ts';
import { writeAblation } from '../page.ts';
import type { TrainingAblation } from './ablation.ts';
import { byTimePicture, secondsPicture } from './curves-plot.ts';
import { returnPictures } from './plot.ts';
import {
  endedRuns,
  type FinishedComparison,
  type TrainingAblationRow,
  trainingColumns,
  trainingRecords,
  trainingRows,
} from './rows.ts';

/**
 * Writes NAME.csv, pictures and the section of report.html.
 * @param folder the ablation's parent folder
 * @returns the rows; none are written if no run ended well
 */
export function writeTrainingAblation(
  ablation: TrainingAblation,
  folder: string,
  comparisons: readonly FinishedComparison[],
): readonly TrainingAblationRow[] {
  const rows = trainingRows(ablation, comparisons);
  if (rows.length === 0) return rows;
  const columns = trainingColumns(ablation, rows);
  const byTime = ablation.byTime ? byTimePicture(ablation, rows) : undefined;
  const pictures = [
    ...returnPictures(ablation, rows),
    ...(ablation.seconds ? [curves(ablation, comparisons)] : []),
    ...(byTime === undefined ? [] : [byTime]),
  ];
  writeAblation<string>(folder, {
    name: ablation.name,
    title: ablation.title,
    text: [...ablation.text, ...findings(rows), conditions(comparisons)],
    command: commandOf(comparisons[0].folder),
    columns,
    rows: trainingRecords(columns, rows),
    pictures,
  });
  return rows;
}

function curves(ablation: TrainingAblation, comparisons: readonly FinishedComparison[]) {
  const variants = comparisons[0].plan.agents.map(({ label }) => label);
  const runs = joinRuns(comparisons.map((comparison) => endedRuns(comparison.folder)));
  return secondsPicture(ablation, variants, runs);
}

/** Per task: the best mean, and which variants its interval tells apart from it. */
function findings(rows: readonly TrainingAblationRow[]): string[] {
  return [...new Set(rows.map((row) => row.task))].map((task) => {
    const own = rows.filter((row) => row.task === task).sort((a, b) => b.return - a.return);
    const [best, ...others] = own;
    const apart = others.filter((row) => row.high < best.low).map((row) => row.variant);
    return `On ${task} ${best.variant} has the highest mean return, ${readable(best.return)} ${interval(best.low, best.high)}; ${
      apart.length === 0
        ? 'the intervals of all others overlap its own'
        : `the intervals of ${apart.join(', ')} lie below its own`
    }.${own.some((row) => row.seeds < 3) ? ' Intervals from fewer than three seeds say little.' : ''}`;
  });
}

/** On what the numbers rest. */
function conditions(comparisons: readonly FinishedComparison[]): string {
  return comparisons
    .map(({ plan }) => {
      const presets = [...new Set(plan.agents.map((agent) => agent.preset))].join(', ');
      const agents = [...new Set(plan.agents.map((agent) => agent.source.name))].join(', ');
      const tasks = plan.tasks.map((task) => task.name).join(', ');
      return `${agents} at preset ${presets}, ${tasks}: ${plan.steps} control steps, ${plan.seeds.length} seeds, ${plan.evaluation.episodes} episodes per evaluation.`;
    })
    .join(' ');
}

/** How the comparison was begun, without what decides no number. */
function commandOf(folder: string): string {
  const { command } = loadManifest(folder);
  return command.filter((word) => !incidental.includes(word)).join(' ');
}

const incidental = ['--resume', '--force', '--quiet', '--json'];

/** For the terminal. */
export function trainingTable(rows: readonly TrainingAblationRow[]): string {
  const relative = rows.some((row) => row.relative !== undefined);
  const header = [
    'task',
    'variant',
    'seeds',
    'return',
    '95 % interval',
    'AUC',
    'steps/s',
    'ESS',
    'cv weight',
  ];
  return textTable(
    relative ? [...header, 'unperturbed'] : header,
    rows.map((row) => [
      row.task,
      row.variant,
      row.seeds,
      readable(row.return),
      interval(row.low, row.high),
      readable(row.auc),
      readable(row.stepsPerSecond),
      readable(row.metrics.ess),
      readable(row.metrics.cv_weight),
      ...(relative ? [`${readable((row.relative?.value ?? Number.NaN) * 100)} %`] : []),
    ]),
  );
}
