/**
 * Every agent of preset laptop as it is in the official program and with gradients clipped as those of RFM: what
 * results/clip-trials says, as rows of a table in docs/fairness.md. An agent is there once all of its runs are done.
 */
import { mean, meanInterval } from '../harness/statistics/index.ts';
import { listed, publishedEpisodes, seedReturns, withInterval } from './published.ts';

const tasks = ['walker-stand', 'hopper-stand'];
const forms = ['plain', 'clipped'] as const;
const SEEDS = 3;
const LAST_STEP = 30_000;

export const clipTrialHead = [
  'agent',
  ...tasks.flatMap((task) => forms.map((form) => `${task}, ${form}`)),
  ...forms.map((form) => `both, ${form}`),
  'better',
];

/** A row an agent: the returns of the seeds at the last step, the means over both tasks, and the form with the higher one. */
export function clipTrialRows(): string[][] {
  const episodes = publishedEpisodes('clip-trials').filter(({ step }) => step === LAST_STEP);
  const returns = (agent: string, task: string) =>
    seedReturns(episodes.filter((episode) => episode.agent === agent && episode.task === task));
  const names = [...new Set(episodes.map(({ agent }) => agent.replace(/-(?:plain|clipped)$/, '')))];
  return names.flatMap((name) => {
    const scores = forms.map((form) => tasks.map((task) => returns(`${name}-${form}`, task)));
    if (scores.flat().some((values) => values.length < SEEDS)) return [];
    const means = scores.map((form) => mean(form.map(mean)));
    return [
      [
        name,
        ...tasks.flatMap((_, i) => scores.map((form) => listed(form[i]))),
        ...scores.map((form, i) => withInterval(means[i], meanInterval(form))),
        forms[means[0] >= means[1] ? 0 : 1],
      ],
    ];
  });
}
