/**
 * Every agent of preset laptop as it is in the official program and with gradients clipped as those of RFM: what
 * results/clip-trials says, as rows of a table in docs/fairness.md. An agent is there once all of its runs are done.
 */
import { fileURLToPath } from 'node:url';
import { readTable } from '../harness/files/csv.ts';
import { mean, meanInterval } from '../harness/statistics/index.ts';

const tasks = ['walker-stand', 'hopper-stand'];
const forms = ['plain', 'clipped'] as const;
const seeds = ['0', '1', '2'];
const LAST_STEP = 30_000;
const table = new URL('../results/clip-trials/evaluations.csv', import.meta.url);

export const clipTrialHead = [
  'agent',
  ...tasks.flatMap((task) => forms.map((form) => `${task}, ${form}`)),
  ...forms.map((form) => `both, ${form}`),
  'better',
];

/** A row an agent: the returns of the seeds at the last step, the means over both tasks, and the form with the higher one. */
export function clipTrialRows(): string[][] {
  const episodes = readTable(fileURLToPath(table), ['task', 'agent', 'seed', 'step', 'return'])
    .map((line) => ({
      ...{ task: line.text('task'), agent: line.text('agent'), seed: line.text('seed') },
      ...{ step: line.number('step'), value: line.number('return') },
    }))
    .filter(({ step }) => step === LAST_STEP);
  /** Undefined where a seed is missing. */
  const returns = (agent: string, task: string): number[] | undefined => {
    const own = episodes.filter((episode) => episode.agent === agent && episode.task === task);
    const bySeed = seeds.map((seed) =>
      own.filter((episode) => episode.seed === seed).map(({ value }) => value),
    );
    return bySeed.every((values) => values.length > 0) ? bySeed.map(mean) : undefined;
  };
  const names = [...new Set(episodes.map(({ agent }) => agent.replace(/-(?:plain|clipped)$/, '')))];
  return names.flatMap((name) => {
    const scores = forms.map((form) => tasks.map((task) => returns(`${name}-${form}`, task)));
    if (!scores.every((form): form is number[][] => form.every((values) => values !== undefined))) return [];
    const means = scores.map((form) => mean(form.map(mean)));
    return [
      [
        name,
        ...tasks.flatMap((_, i) => scores.map((form) => form[i].map((value) => value.toFixed(0)).join(', '))),
        ...scores.map((form, i) => withInterval(means[i], meanInterval(form))),
        forms[means[0] >= means[1] ? 0 : 1],
      ],
    ];
  });
}

function withInterval(value: number, interval: readonly [number, number] | undefined): string {
  const ends = interval?.map((end) => end.toFixed(0)).join(', ');
  return `${value.toFixed(0)}${ends === undefined ? '' : ` [${ends}]`}`.replaceAll('-', '−');
}
