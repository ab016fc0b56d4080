/** An agent ready to play a task: from a checkpoint of a run, or fresh. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { type BackendName, backendNames, backends, isBackend } from '../../engine/backends/records.ts';
import { defaultBackend } from '../../engine/default-backend.ts';
import { namedFolder } from '../files/named-folder.ts';
import { findFile, isFile } from '../plugins/load-module.ts';
import { type AgentSource, checksumOf, type TaskSource } from '../plugins/source.ts';
import { trusted } from '../plugins/trust.ts';
import { UserError, unknownName } from '../text/errors.ts';
import { assemble } from './assemble.ts';
import { CheckpointStore, hasCheckpoint } from './checkpoint.ts';
import type { EpisodeStart } from './evaluate.ts';
import type { RunJob } from './job.ts';
import type { AssembledRun } from './parts.ts';
import { RunStreams } from './streams.ts';

export interface Player {
  readonly parts: AssembledRun;
  /** Control steps that it was trained for. */
  readonly trainedSteps: number;
}

/** What is to be played. */
export interface PlayOrder {
  readonly job: RunJob;
  /** The folder of the checkpoint, and the job that it says it is of; absent for an untrained agent. */
  readonly checkpoint?: { readonly folder: string; readonly job: RunJob };
  /** What the user wants it computed with. */
  readonly backend?: BackendName;
}

/** What the user says of how a checkpoint is played. */
export interface PlayOptions {
  /** The file of a user's agent or task, where no comparison of this user recorded it. */
  readonly agent?: string | undefined;
  readonly task?: string | undefined;
  /**
   * What computes; by default what the run was made with, or, where that does not run, what is the default there. Families
   * of bits differ in last digits.
   */
  readonly backend?: BackendName | undefined;
}

/**
 * The agent of a run's checkpoint. A file of an agent or a task that the checkpoint names is loaded only if the user
 * names it too, or a comparison of this user has recorded it as it is.
 * @param path a run's folder, its checkpoint folder, or results with a single run
 * @throws UserError where there is none, or it needs a file that may not be loaded
 */
export function playOfCheckpoint(path: string, options: PlayOptions): PlayOrder {
  const { backend } = options;
  if (backend !== undefined && !isBackend(backend))
    throw unknownName('backend', String(backend), backendNames());
  const folder = checkpointFolder(path);
  const job = new CheckpointStore(folder).job();
  const agent = sourceToPlay('agent', job.agent, options.agent, path);
  const task = sourceToPlay('task', job.task, options.task, path);
  return { job: { ...job, agent, task }, checkpoint: { folder, job }, ...(backend && { backend }) };
}

function sourceToPlay<S extends AgentSource | TaskSource>(
  kind: 'agent' | 'task',
  source: S,
  named: string | undefined,
  path: string,
): S {
  const where = `the checkpoint of ${path}`;
  if (named === undefined && source.file !== undefined && !existsSync(source.file))
    throw new UserError(
      `${where} names ${source.file}, which is not there; --${kind} FILE loads it from where it is now`,
    );
  if (named === undefined) return trusted(source, where, (file) => `--${kind} ${file} loads it all the same`);
  if (source.file === undefined)
    throw new UserError(
      `${where} is of the ${kind} '${source.name}', which comes with the harness: omit --${kind}`,
    );
  if (!isFile(named)) throw new UserError(`--${kind} of a checkpoint names a file, found '${named}'`);
  const file = findFile(named);
  return { ...source, file, sha256: checksumOf(file) };
}

/** Gets ready to play. @param episodes of an evaluation, each with an environment */
export async function openPlayer(order: PlayOrder, episodes = 1): Promise<Player> {
  const { job, checkpoint } = order;
  const expected = checkpoint && { job: checkpoint.job, mixed: false };
  const found = checkpoint && new CheckpointStore(checkpoint.folder, expected).readAgent(complain);
  const evaluation = { every: 1, episodes, starts: 'fresh' } as const;
  const backend = order.backend ?? (await backendHere(job.backend));
  // Threads that share a core wait for each other.
  const threads = Math.min(job.threads, availableParallelism());
  const parts = await assemble({ ...job, evaluation, backend, threads });
  const player = { parts, trainedSteps: found?.state.step ?? 0 };
  try {
    if (found !== undefined) await parts.agent.load(found.agent);
    return player;
  } catch (error) {
    await disposePlayer(player);
    throw error;
  }
}

/** What the run was made with, or, where that does not run, what is the default here. */
async function backendHere(backend: BackendName): Promise<BackendName> {
  const reason = await backends[backend].whyUnavailable();
  const other = defaultBackend();
  if (reason === undefined || other === backend) return backend;
  complain(
    `note: played on the backend ${other}, which may differ in the last digits: the run was made with ${backend}, which does not run here`,
  );
  return other;
}

const complain = (line: string) => process.stderr.write(`${line}\n`);

/** @param name a run's folder, its checkpoint folder, or results with a single run @throws UserError if it is none */
export function checkpointFolder(name: string): string {
  const path = namedFolder(name);
  if (!existsSync(path)) throw new UserError(`cannot find ${path}`);
  if (!statSync(path).isDirectory())
    throw new UserError(`${path} is a file; expected the folder of a run or of results`);
  if (basename(path) === 'checkpoint' || hasCheckpoint(path)) return path;
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
