/**
 * What was tried on walker-stand and hopper-stand, which are outside rfm8, as rows of tables in docs/fairness.md: every agent of
 * preset laptop as it is in the official program and with gradients clipped as those of RFM (results/clip-trials), and the
 * options that give an agent another form than the program's (results/form-trials). A row is there once all of its runs are done.
 */
import { mean, meanInterval, type ScoresByTask } from '../harness/statistics/index.ts';
import { episodesAt, listed, seedReturns, withInterval } from './published.ts';

const tasks = ['walker-stand', 'hopper-stand'];
const clips = ['plain', 'clipped'] as const;
const SEEDS = 3;
const LAST_STEP = 30_000;

/** The returns of an agent's seeds at the last step, by task; none before all are there. @param folder of results/ */
function scoresOf(folder: string): (agent: string) => ScoresByTask | undefined {
  const episodes = episodesAt(folder, LAST_STEP);
  return (agent) => {
    const scores = tasks.map((task) => seedReturns(episodes(agent, task)));
    return scores.every((values) => values.length === SEEDS) ? scores : undefined;
  };
}

const meanOfBoth = (scores: ScoresByTask) => mean(scores.map(mean));
const both = (scores: ScoresByTask) => withInterval(meanOfBoth(scores), meanInterval(scores));

export const clipTrialHead = [
  'agent',
  ...tasks.flatMap((task) => clips.map((clip) => `${task}, ${clip}`)),
  ...clips.map((clip) => `both, ${clip}`),
  'better',
];

/** A row an agent: the returns of the seeds at the last step, the means over both tasks, and the form with the higher one. */
export function clipTrialRows(): string[][] {
  const names = ['rfm-flow', 'rfm-diffusion', 'sac', 'td3', 'dqs', 'maxentdp', 'qsm', 'qvpo'];
  const scores = scoresOf('clip-trials');
  return names.flatMap((name) => {
    const [plain, clipped] = clips.map((clip) => scores(`${name}-${clip}`));
    if (plain === undefined || clipped === undefined) return [];
    return [
      [
        name,
        ...tasks.flatMap((_, i) => [listed(plain[i]), listed(clipped[i])]),
        ...[both(plain), both(clipped)],
        clips[meanOfBoth(plain) >= meanOfBoth(clipped) ? 0 : 1],
      ],
    ];
  });
}

export const formTrialHead = ['agent', 'form', ...tasks, 'both'];

/** A row a form: the returns of the seeds at the last step, and the mean over both tasks. */
export function formTrialRows(): string[][] {
  const [program, option] = [scoresOf('clip-trials'), scoresOf('form-trials')];
  const rows = [
    ['dqs', '`space: action`, the program’s', program('dqs-clipped')],
    ['', '`space: latent`', option('dqs-latent')],
    ['qvpo', '`networks: reference`, the program’s', program('qvpo-clipped')],
    ['', '`networks: common`', option('qvpo-common')],
  ] as const;
  return rows.flatMap(([agent, form, scores]) =>
    scores === undefined ? [] : [[agent, form, ...scores.map(listed), both(scores)]],
  );
}
