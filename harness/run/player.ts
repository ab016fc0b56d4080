/** An agent ready to play a task: from a checkpoint of a run, or fresh. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { UserError } from '../text/errors.ts';
import { assemble } from './assemble.ts';
import { CheckpointStore } from './checkpoint.ts';
import type { EpisodeStart } from './evaluate.ts';
import type { RunJob } from './job.ts';
import type { AssembledRun } from './parts.ts';
import { RunStreams } from './streams.ts';

export interface Player {
  readonly parts: AssembledRun;
  /** Control steps that it was trained for. */
  readonly trainedSteps: number;
}

/**
 * The agent of a run's checkpoint.
 * @param path a run's folder, its checkpoint folder, or results with a single run
 */
export async function playerOfCheckpoint(path: string, episodes: number): Promise<Player> {
  const folder = checkpointFolder(path);
  const checkpoint = new CheckpointStore(folder).read((line) => process.stderr.write(`${line}\n`));
  if (checkpoint === undefined) throw new UserError(`${path} holds no readable checkpoint`);
  const job = { ...checkpoint.state.job, evaluation: { every: 1, episodes, starts: 'fresh' as const } };
  const parts = await assemble(job);
  await parts.agent.load(checkpoint.agent);
  return { parts, trainedSteps: checkpoint.state.step };
}

/** An untrained agent. */
export async function freshPlayer(job: RunJob): Promise<Player> {
  return { parts: await assemble(job), trainedSteps: 0 };
}

function checkpointFolder(path: string): string {
  if (!existsSync(path)) throw new UserError(`cannot find ${path}`);
  if (!statSync(path).isDirectory())
    throw new UserError(`${path} is a file; expected the folder of a run or of results`);
  if (basename(path) === 'checkpoint') return path;
  if (existsSync(join(path, 'checkpoint'))) return join(path, 'checkpoint');
  const runs = existsSync(join(path, 'runs')) ? runFolders(join(path, 'runs')) : [];
  if (runs.length === 1) return join(runs[0], 'checkpoint');
  if (runs.length === 0) throw new UserError(`${path} holds no checkpoint`);
  throw new UserError(`${path} holds ${runs.length} runs; choose one, such as ${runs[0]}`);
}

/** Folders RUNS/TASK/AGENT/SEED with a checkpoint, sorted. */
function runFolders(runs: string): string[] {
  const inside = (folder: string) =>
    readdirSync(folder)
      .sort()
      .map((name) => join(folder, name));
  return inside(runs)
    .flatMap(inside)
    .flatMap(inside)
    .filter((folder) => existsSync(join(folder, 'checkpoint')));
}

/** Starts of the episodes that a player plays, apart from those of its training and evaluations. */
export function playStarts(task: string, seed: number, episodes: number): EpisodeStart[] {
  const streams = new RunStreams({ task, agent: 'player', seed });
  return Array.from({ length: episodes }, (_, i) => ({ seed: streams.evaluationSeed(-1, i), reset: 1 }));
}

export async function disposePlayer({ parts }: Player): Promise<void> {
  await parts.agent.dispose();
  for (const environment of [parts.environment, ...parts.evaluationEnvironments]) environment.dispose();
}
