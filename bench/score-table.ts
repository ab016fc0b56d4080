/** Published comparisons as tables: the returns of each task, what the report has over all tasks, and which runs are done. */
import { join } from 'node:path';
import { readTable } from '../harness/files/csv.ts';
import type { Line } from '../harness/files/csv-text.ts';
import { interval, share } from '../harness/report/numbers.ts';
import { loadManifest } from '../harness/results/manifest.ts';
import { mean, meanInterval, stabilityMetrics } from '../harness/statistics/index.ts';
import { episodesAt, listed, publishedFolder, seedReturns, withInterval } from './published.ts';
import { wholePart } from './whole-part.ts';

const planOf = (folder: string) => loadManifest(publishedFolder(folder)).config;

/** A column a task. @param folder of results/ */
export const scoreHead = (folder: string): string[] => [
  'agent',
  ...planOf(folder).tasks.map(({ name }) => name),
];

/**
 * A row for each agent that is whole: for each task the mean return at the last step over the whole seeds, with its 95 % interval;
 * as long as there are fewer than three, the return of each in place of that.
 */
export function scoreRows(folder: string): string[][] {
  const manifest = loadManifest(publishedFolder(folder));
  const of = episodesAt(folder, manifest.config.steps);
  const { agents, seeds } = wholePart(manifest);
  return agents.map((agent) => [
    `\`${agent}\``,
    ...manifest.config.tasks.map(({ name }) => {
      const returns = seedReturns(of(agent, name).filter(({ seed }) => seeds.includes(Number(seed))));
      return returns.length < 3 ? listed(returns) : withInterval(mean(returns), meanInterval([returns]));
    }),
  ]);
}

export const aggregateHead = [
  ...['agent', 'IQM', 'P(`rfm-flow` better)'],
  ...['deviation between seeds', 'worst seed', 'drawdown', 'collapsed'], // stabilityMetrics
];

/**
 * A row an agent, by interquartile mean: what the report has over all tasks, each with its 95 % interval. Scores are shares of the
 * highest return. @param folder of results/, with a report
 */
export function aggregateRows(folder: string): string[][] {
  const table = (name: string, columns: readonly string[]) =>
    readTable(join(publishedFolder(folder), name), [...columns, 'ci_low', 'ci_high']);
  const shown = (line: Line | undefined, column: string) => {
    const value = line?.optionalNumber(column);
    if (line === undefined || value === undefined) return '–';
    const [low, high] = [line.optionalNumber('ci_low'), line.optionalNumber('ci_high')];
    return low === undefined ? share(value) : `${share(value)} ${interval(low, high, share)}`;
  };
  const aggregates = table('aggregate.csv', ['agent', 'metric', 'value']);
  const pairs = table('pairwise.csv', ['agent_x', 'agent_y', 'probability_of_improvement']);
  return aggregates
    .filter((line) => line.text('metric') === 'iqm')
    .sort((a, b) => b.number('value') - a.number('value'))
    .map((iqm) => {
      const agent = iqm.text('agent');
      const of = (metric: string) =>
        aggregates.find((line) => line.text('agent') === agent && line.text('metric') === metric);
      const better = pairs.find(
        (line) => line.text('agent_x') === 'rfm-flow' && line.text('agent_y') === agent,
      );
      return [
        `\`${agent}\``,
        shown(iqm, 'value'),
        shown(better, 'probability_of_improvement'),
        ...stabilityMetrics.map((metric) => shown(of(metric), 'value')),
      ];
    });
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

export const costHead = ['agent', 'runs', 'minutes of a run', 'hours'];

/** A row an agent, and one for all: what the finished runs took, by the clock, with one thread each. */
export function costRows(folder: string): string[][] {
  const { config, runs } = loadManifest(publishedFolder(folder));
  const done = runs.filter((run) => run.status === 'done');
  const row = (name: string, own: typeof done): string[] => {
    const hours = own.reduce((sum, run) => sum + (run.wallSeconds ?? 0), 0) / 3600;
    const minutes = own.length === 0 ? '–' : ((60 * hours) / own.length).toFixed(1);
    return [name, String(own.length), minutes, hours.toFixed(1)];
  };
  return [
    ...config.agents.map(({ label }) =>
      row(
        `\`${label}\``,
        done.filter((run) => run.agent === label),
      ),
    ),
    row('all', done),
  ];
}
