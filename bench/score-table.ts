/**
 * The returns of a published comparison as a table of README.md. It has whole seeds alone, those that every agent has finished
 * on every task, so that no agent is shown with runs that another lacks.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadManifest } from '../harness/results/manifest.ts';
import { mean, meanInterval } from '../harness/statistics/index.ts';
import { publishedEpisodes, seedReturns, withInterval } from './published.ts';

const planOf = (folder: string) =>
  loadManifest(join(fileURLToPath(new URL('../results/', import.meta.url)), folder)).config;

/** A column a task. @param folder of results/ */
export const scoreHead = (folder: string): string[] => [
  'agent',
  ...planOf(folder).tasks.map(({ name }) => name),
];

/**
 * A row an agent: for each task the mean return at the last step over the whole seeds, with its 95 % interval; as long as there
 * are fewer than three, the return of each in place of that.
 */
export function scoreRows(folder: string): string[][] {
  const { agents, tasks, steps } = planOf(folder);
  const episodes = publishedEpisodes(folder).filter(({ step }) => step === steps);
  const of = (label: string, task: string) =>
    episodes.filter((episode) => episode.agent === label && episode.task === task);
  const seedsOf = (label: string, task: string) => new Set(of(label, task).map(({ seed }) => seed));
  const whole = [...new Set(episodes.map(({ seed }) => seed))].filter((seed) =>
    agents.every(({ label }) => tasks.every(({ name }) => seedsOf(label, name).has(seed))),
  );
  return agents.map(({ label }) => [
    `\`${label}\``,
    ...tasks.map(({ name }) => {
      const returns = seedReturns(of(label, name).filter(({ seed }) => whole.includes(seed)));
      return returns.length < 3
        ? returns.map((value) => withInterval(value, undefined)).join(', ')
        : withInterval(mean(returns), meanInterval([returns]));
    }),
  ]);
}
