/** Evaluates an agent that is ready to play. */
import { z } from 'zod';
import { askWithFiles } from '../plugins/apart.ts';
import type { ApartFunction } from '../process/apart.ts';
import { type EpisodeScore, evaluate } from './evaluate.ts';
import { disposePlayer, openPlayer, type PlayOrder, playStarts } from './player.ts';

export interface EvaluationOrder {
  readonly play: PlayOrder;
  readonly seed: number;
  readonly episodes: number;
}

export interface PlayedEvaluation {
  /** Control steps that the agent was trained for. */
  readonly trainedSteps: number;
  /** Of each episode the sum of its rewards, and its control steps [episodes] each. */
  readonly returns: Float64Array;
  readonly lengths: Float64Array;
}

const playedEvaluation: z.ZodType<PlayedEvaluation> = z.object({
  trainedSteps: z.number(),
  returns: z.instanceof(Float64Array),
  lengths: z.instanceof(Float64Array),
});

/**
 * The episodes of one evaluation, in a process of their own where the agent or the task is a user's.
 * @param stallSeconds patience with that process while it gives no sign of life
 */
export function evaluatePlay(order: EvaluationOrder, stallSeconds?: number): Promise<PlayedEvaluation> {
  const module = new URL('./play-evaluation.ts', import.meta.url);
  const call = { module, name: 'tellEvaluation', order, news: playedEvaluation, stallSeconds };
  return askWithFiles(order.play.job, tellEvaluation, call);
}

/** Episodes played side by side: a process has memory for some 150 environments. */
const AT_A_TIME = 100;

/** Runs apart where the agent or the task is a user's. */
export const tellEvaluation: ApartFunction<EvaluationOrder, PlayedEvaluation> = async (order, tell) => {
  const { play, seed, episodes } = order;
  const player = await openPlayer(play, Math.min(episodes, AT_A_TIME));
  try {
    const { agent, evaluationEnvironments, job } = player.parts;
    const starts = playStarts(job.task.name, seed, episodes);
    const scores: EpisodeScore[] = [];
    while (scores.length < episodes) {
      const next = starts.slice(scores.length, scores.length + AT_A_TIME);
      scores.push(...(await evaluate(agent, evaluationEnvironments.slice(0, next.length), next)));
    }
    const { trainedSteps } = player;
    const numbers = (key: 'return' | 'length') => Float64Array.from(scores, (score) => score[key]);
    tell({ trainedSteps, returns: numbers('return'), lengths: numbers('length') });
  } finally {
    await disposePlayer(player);
  }
};
