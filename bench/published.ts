/** Published evaluations, as the tables of docs/ need them. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readTable } from '../harness/files/csv.ts';
import { type Interval, mean } from '../harness/statistics/index.ts';

export interface Episode {
  readonly task: string;
  readonly agent: string;
  readonly seed: string;
  readonly step: number;
  readonly value: number;
}

/** @param name of a folder of results/ */
export const publishedFolder = (name: string): string =>
  join(fileURLToPath(new URL('../results/', import.meta.url)), name);

/** The episodes in a folder of results/; published files have the columns of their day. */
export function publishedEpisodes(folder: string): Episode[] {
  const file = join(publishedFolder(folder), 'evaluations.csv');
  return readTable(file, ['task', 'agent', 'seed', 'step', 'return']).map((line) => ({
    ...{ task: line.text('task'), agent: line.text('agent'), seed: line.text('seed') },
    ...{ step: line.number('step'), value: line.number('return') },
  }));
}

/** The mean return of each seed that is there. */
export function seedReturns(episodes: readonly Episode[]): number[] {
  return [...new Set(episodes.map(({ seed }) => seed))].map((seed) =>
    mean(episodes.filter((episode) => episode.seed === seed).map(({ value }) => value)),
  );
}

/** The episodes of an agent on a task at a step of a published comparison. */
export function episodesAt(folder: string, step: number): (agent: string, task: string) => Episode[] {
  const episodes = publishedEpisodes(folder).filter((episode) => episode.step === step);
  return (agent, task) => episodes.filter((episode) => episode.agent === agent && episode.task === task);
}

const whole = (value: number) => (Math.round(value) || 0).toFixed(0).replace('-', '−');

/** The values in order, in whole numbers. */
export const listed = (values: readonly number[]): string => values.map(whole).join(', ');

/** A mean and its interval, if it has one, in whole numbers. */
export function withInterval(value: number, interval: Interval | undefined): string {
  return `${whole(value)}${interval === undefined ? '' : ` [${listed(interval)}]`}`;
}
