/** A rollout of what is to be played. */
import { z } from 'zod';
import { callWithFiles } from '../plugins/apart.ts';
import type { ApartFunction } from '../process/apart.ts';
import { disposePlayer, openPlayer, type PlayOrder, playStarts } from '../run/player.ts';
import { type Recording, recordingFault } from './recording.ts';
import { type EpisodeRows, returnOf, rollOut, rolloutColumns } from './rollout.ts';
import { beginTake } from './take.ts';

export interface RolloutOrder {
  readonly play: PlayOrder;
  readonly episodes: number;
  /** At most so many control steps in an episode. */
  readonly steps: number;
  readonly seed: number;
  readonly mode: 'explore' | 'exploit';
  /** Whether it shall be seen later. */
  readonly recorded: boolean;
}

export interface PlayedRollout {
  readonly columns: readonly string[];
  readonly episodes: readonly EpisodeRows[];
  readonly returns: readonly number[];
  /** If it was to be recorded. */
  readonly recording?: Recording;
}

type RolloutNews =
  | { readonly type: 'columns'; readonly columns: readonly string[] }
  | { readonly type: 'episode'; readonly rows: EpisodeRows }
  | { readonly type: 'recording'; readonly recording: Recording };

const rolloutNews: z.ZodType<RolloutNews> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('columns'), columns: z.array(z.string()) }),
  z.object({ type: z.literal('episode'), rows: z.instanceof(Float64Array) }),
  z.object({
    type: z.literal('recording'),
    recording: z.custom<Recording>((value) => recordingFault(value) === undefined),
  }),
]);

/**
 * Plays in a process of its own where the agent or the task is a user's.
 * @param stallSeconds patience with that process while it gives no sign of life
 */
export async function playRollout(order: RolloutOrder, stallSeconds?: number): Promise<PlayedRollout> {
  const module = new URL('./play-rollout.ts', import.meta.url);
  const call = { module, name: 'tellRollout', order, news: rolloutNews, stallSeconds };
  let columns: readonly string[] = [];
  let recording: Recording | undefined;
  const episodes: EpisodeRows[] = [];
  for await (const news of callWithFiles(order.play.job, tellRollout, call)) {
    if (news.type === 'columns') columns = news.columns;
    else if (news.type === 'episode') episodes.push(news.rows);
    else recording = news.recording;
  }
  return { columns, episodes, returns: episodes.map((rows) => returnOf(rows, columns)), recording };
}

/** Runs apart where the agent or the task is a user's. */
export const tellRollout: ApartFunction<RolloutOrder, RolloutNews> = async (order, tell) => {
  const { play, episodes, steps, seed, mode, recorded } = order;
  const player = await openPlayer(play);
  try {
    const { agent, environment, job } = player.parts;
    const seeds = playStarts(job.task.name, seed, episodes).map((start) => start.seed);
    const take = recorded ? await beginTake(player, { seed, mode }) : undefined;
    tell({ type: 'columns', columns: rolloutColumns(environment) });
    for await (const rows of rollOut(agent, environment, seeds, mode, steps, take?.recorder))
      tell({ type: 'episode', rows });
    if (take !== undefined) tell({ type: 'recording', recording: take.recording() });
  } finally {
    await disposePlayer(player);
  }
};
