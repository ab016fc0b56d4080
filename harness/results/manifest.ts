/** manifest.json: what a comparison was asked, on what it ran, and how every run ended. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { inWords } from '../../agents/schema-words.ts';
import { writeDurably } from '../files/durable.ts';
import { planSchema } from '../plan/plan.ts';
import { installedVersion } from '../process/installed-version.ts';
import type { RunIdentity } from '../run/streams.ts';
import { intervalMethods } from '../statistics/index.ts';
import { firstIssue, UserError } from '../text/errors.ts';

const runStatus = z.enum(['waiting', 'running', 'done', 'failed', 'interrupted']);
export type RunStatus = z.infer<typeof runStatus>;

const seconds = z.number().min(0);

const runRecord = z.object({
  task: z.string(),
  agent: z.string(),
  seed: z.number(),
  status: runStatus,
  /** Why it failed. */
  reason: z.string().optional(),
  /** Processes started for it in the last session. */
  attempts: z.number(),
  /** Control steps taken. */
  steps: z.number(),
  wallSeconds: seconds,
  /** Part of wallSeconds spent on checkpoints in the last session. */
  checkpointSeconds: seconds,
  /** The machine that carried it out, if it came by way of a queue. */
  host: z.string().optional(),
});

export type RunRecord = Readonly<z.infer<typeof runRecord>>;

/** The record of a run that nothing is left of, or that has not begun. */
export const waitingRun = ({ task, agent, seed }: RunIdentity): RunRecord => ({
  ...{ task, agent, seed, status: 'waiting', attempts: 0, steps: 0, wallSeconds: 0, checkpointSeconds: 0 },
});

const scoreRange = z.tuple([z.number(), z.number()]).readonly();
const reportingSchema = z.object({
  interval: z.enum(intervalMethods).optional(),
  scoreRange: scoreRange.optional(),
  /** Task → its range. */
  taskRanges: z.record(z.string(), scoreRange).optional(),
});

/** What `--interval` and `--score-range` said. */
export type Reporting = Readonly<z.infer<typeof reportingSchema>>;

const processor = z.object({ model: z.string(), cores: z.number(), memoryGiB: z.number() });

/** A session after the first one. */
const continuation = z.object({
  /** ISO 8601, UTC. */
  at: z.string(),
  command: z.array(z.string()).readonly(),
  /** Of rfm-harness; `commit` as for the first session. */
  version: z.string(),
  commit: z.string().optional(),
  /** Absent in files of before there was one for each session. */
  cpu: processor.optional(),
  /** What --extend added; absent for --resume. */
  added: z
    .object({
      agents: z.array(z.string()).readonly().optional(),
      tasks: z.array(z.string()).readonly().optional(),
      seeds: z.array(z.number()).readonly().optional(),
      steps: z.object({ from: z.number(), to: z.number() }).optional(),
    })
    .optional(),
  /** What `harness merge` joined. */
  merged: z
    .array(
      z.object({
        name: z.string(),
        id: z.string(),
        cpu: z.string(),
        startedAt: z.string(),
        runs: z.number(),
      }),
    )
    .readonly()
    .optional(),
});

export type Continuation = Readonly<z.infer<typeof continuation>>;

const manifestSchema = z.object({
  format: z.literal('rfm-harness-results/1'),
  name: z.string(),
  /** Random; names the comparison where several share a queue. */
  id: z.string(),
  command: z.array(z.string()).readonly(),
  config: planSchema,
  versions: z.record(z.string(), z.string()),
  commit: z.string().optional(),
  /** The backend's family of bits; absent for backends that promise none, and in files of before there were families. */
  bits: z.string().optional(),
  /** What was changed between two sessions and accepted with --accept-changes; absent if nothing was. */
  changes: z.array(z.string()).optional(),
  /** How tables are made, where options said so; a later report and --resume do the same. */
  reporting: reportingSchema.optional(),
  /** Every time it went on after it had begun, in order; absent if it never did. */
  continued: z.array(continuation).readonly().optional(),
  /** Of the first session. */
  cpu: processor,
  /** ISO 8601, UTC. */
  startedAt: z.string(),
  /** When the last run ended; `status` stays `running` until tables and report are there. */
  endedAt: z.string().optional(),
  /** Seconds at work by a clock that nobody sets, the sessions before a resume included, the time between not. */
  wallSeconds: seconds,
  /** What carries out the runs in the newest session. */
  executor: z.string(),
  status: z.enum(['running', 'done', 'failed', 'interrupted']),
  runs: z.array(runRecord).readonly(),
});

/** The schema above tells what each entry means. */
export type Manifest = Readonly<z.infer<typeof manifestSchema>>;

/** What a repetition needs; also files of before there were the other entries have it. */
const recipeSchema = manifestSchema.pick({ config: true, versions: true, bits: true, changes: true });

export type Recipe = Readonly<z.infer<typeof recipeSchema>>;

const file = (folder: string) => join(folder, 'manifest.json');

export function writeManifest(folder: string, manifest: Manifest): void {
  writeDurably(file(folder), `${JSON.stringify(manifest, null, 2)}\n`);
}

export function hasManifest(folder: string): boolean {
  return existsSync(file(folder));
}

/** @throws UserError if there is none or it cannot be read */
export const loadManifest = (folder: string): Manifest => load(folder, manifestSchema);

/** @throws UserError if there is none or it cannot be read */
export const loadRecipe = (folder: string): Recipe => load(folder, recipeSchema);

function load<Value>(folder: string, schema: z.ZodType<Value>): Value {
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(file(folder), 'utf8'));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UserError(
      missing ? `${folder} holds no manifest.json` : `${file(folder)} is not readable JSON`,
    );
  }
  const parsed = schema.safeParse(found, { error: inWords });
  if (parsed.success) return parsed.data;
  throw new UserError(`${file(folder)} is no manifest of this harness: ${firstIssue(parsed.error)}`);
}

/** Versions of everything that decides a result. */
export function versions(): Record<string, string> {
  const versionOf = (name: string) => installedVersion(name) ?? 'unknown';
  return {
    'rfm-harness': packageVersion(),
    node: process.versions.node,
    mujoco: versionOf('@mujoco/mujoco'),
    'onnxruntime-node': versionOf('onnxruntime-node'),
    'tfjs-core': versionOf('@tensorflow/tfjs-core'),
  };
}

/** This package's folder: the nearest one above with a package.json. */
export function packageFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

export function packageVersion(): string {
  const text = readFileSync(join(packageFolder(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The commit of this package's checkout; undefined where there is none. */
export function commit(): string | undefined {
  try {
    const head = git('rev-parse', 'HEAD');
    const changes = git('status', '--porcelain', '--untracked-files=no');
    return changes === '' ? head : `${head} with changes`;
  } catch {
    return undefined;
  }
}

function git(...words: string[]): string {
  return execFileSync('git', words, {
    cwd: packageFolder(),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

export function cpu(): Manifest['cpu'] {
  const memoryGiB = Math.round((totalmem() / 2 ** 30) * 10) / 10;
  return { model: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism(), memoryGiB };
}
