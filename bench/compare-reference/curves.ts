/**
 * Learning curves at the sizes of the official program's recorded ones, beside those: what results/curves and
 * test/data/reference-program/curves.json say, as rows of a table in docs/fairness.md.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { mean, studentInterval } from '../../harness/statistics/index.ts';
import { listed, publishedEpisodes, publishedFolder, seedReturns, withInterval } from '../published.ts';

const recordedSchema = z.object({
  curves: z.array(
    z.object({
      agent: z.string(),
      task: z.string(),
      evaluationSteps: z.array(z.number()),
      returns: z.record(z.string(), z.array(z.number())),
    }),
  ),
});

const file = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const curveSteps = [10_000, 20_000, 30_000, 40_000, 50_000];
export const curveHead = ['agent', 'of', ...curveSteps.map((step) => `${step / 1000}k`), 'at 30k', 'at 50k'];

/** Two rows an agent, the program's and ours: the mean returns of the seeds, by step. */
export function curveRows(): string[][] {
  const recorded = recordedSchema.parse(
    JSON.parse(readFileSync(file('test/data/reference-program/curves.json'), 'utf8')),
  );
  const folders = readdirSync(publishedFolder('curves'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const episodes = folders.flatMap(({ name }) => publishedEpisodes(join('curves', name)));
  return recorded.curves.flatMap(({ agent, task, evaluationSteps, returns }) => {
    const own = episodes.filter((episode) => episode.agent === agent && episode.task === task);
    const theirs = (step: number) =>
      Object.values(returns).map((curve) => curve[evaluationSteps.indexOf(step)]);
    const ours = (step: number) => seedReturns(own.filter((episode) => episode.step === step));
    const seeds = (values: readonly number[]) => (values.length === 0 ? '–' : listed(values));
    return [
      [agent, 'the program', ...curveSteps.map((step) => seeds(theirs(step))), '', ''],
      [
        '',
        'here',
        ...curveSteps.map((step) => seeds(ours(step))),
        ...[30_000, 50_000].map((step) => verdict(ours(step), theirs(step))),
      ],
    ];
  });
}

/** Our mean with its interval, and how the range of our seeds lies to that of the program's. */
function verdict(ours: readonly number[], theirs: readonly number[]): string {
  if (ours.length === 0) return '–';
  const where =
    Math.min(...ours) > Math.max(...theirs)
      ? 'above'
      : Math.max(...ours) < Math.min(...theirs)
        ? 'below'
        : 'overlap';
  return `${withInterval(mean(ours), studentInterval(ours))}: ${where}`;
}
