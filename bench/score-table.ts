/**
 * The returns of a published comparison as a table of README.md. It has whole seeds alone, those that every agent has finished
 * on every task, so that no agent is shown with runs that another lacks.
 */
import { loadManifest } from '../harness/results/manifest.ts';
import { mean, meanInterval } from '../harness/statistics/index.ts';
import { listed, publishedEpisodes, publishedFolder, seedReturns, withInterval } from './published.ts';

const planOf = (folder: string) => loadManifest(publishedFolder(folder)).config;

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
  const cells = agents.map(({ label }) => tasks.map(({ name }) => of(label, name)));
  const isWhole = (seed: string) =>
    cells.flat().every((cell) => cell.some((episode) => episode.seed === seed));
  const whole = new Set([...new Set(episodes.map(({ seed }) => seed))].filter(isWhole));
  return agents.map(({ label }, i) => [
    `\`${label}\``,
    ...cells[i].map((cell) => {
      const returns = seedReturns(cell.filter(({ seed }) => whole.has(seed)));
      return returns.length < 3 ? listed(returns) : withInterval(mean(returns), meanInterval([returns]));
    }),
  ]);
}

/** A row an agent: how many seeds of it are finished on each task. */
export function progressRows(folder: string): string[][] {
  const { config, runs } = loadManifest(publishedFolder(folder));
  const finished = (agent: string, task: string) =>
    runs.filter((run) => run.status === 'done' && run.agent === agent && run.task === task).length;
  return config.agents.map(({ label }) => [
    `\`${label}\``,
    ...config.tasks.map(({ name }) => String(finished(label, name))),
  ]);
}
