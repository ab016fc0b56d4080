/** manifest.json: what a comparison was asked, on what it ran, and how every run ended. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeDurably } from '../files/durable.ts';
import type { ComparisonPlan } from '../plan/plan.ts';
import { installedVersion } from '../process/installed-version.ts';
import type { RunIdentity } from '../run/streams.ts';
import { UserError } from '../text/errors.ts';

export type RunStatus = 'waiting' | 'running' | 'done' | 'failed' | 'interrupted';

export interface RunRecord extends RunIdentity {
  readonly status: RunStatus;
  /** Why it failed. */
  readonly reason?: string;
  /** Processes started for it in the last session. */
  readonly attempts: number;
  /** Control steps taken. */
  readonly steps: number;
  readonly wallSeconds: number;
  /** Part of wallSeconds spent on checkpoints in the last session. */
  readonly checkpointSeconds: number;
  /** The machine that carried it out, if it was told by way of a queue. */
  readonly host?: string;
}

export interface Manifest {
  readonly format: 'rfm-harness-results/1';
  readonly name: string;
  /** Random; names the comparison where several share a queue. */
  readonly id: string;
  readonly command: readonly string[];
  readonly config: ComparisonPlan;
  readonly versions: Readonly<Record<string, string>>;
  readonly commit?: string;
  readonly cpu: { readonly model: string; readonly cores: number; readonly memoryGiB: number };
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt?: string;
  /** Seconds at work by a clock that nobody sets, the sessions before a resume included, the time between not. */
  readonly wallSeconds: number;
  /** What carries out the runs in the newest session. */
  readonly executor: 'local' | 'bullmq';
  readonly status: 'running' | 'done' | 'failed' | 'interrupted';
  readonly runs: readonly RunRecord[];
}

const file = (folder: string) => join(folder, 'manifest.json');

export function writeManifest(folder: string, manifest: Manifest): void {
  writeDurably(file(folder), `${JSON.stringify(manifest, null, 2)}\n`);
}

export function hasManifest(folder: string): boolean {
  return existsSync(file(folder));
}

/** @throws UserError if there is none or it cannot be read */
export function loadManifest(folder: string): Manifest {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(readFileSync(file(folder), 'utf8')) as Manifest;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UserError(
      missing ? `${folder} holds no manifest.json` : `${file(folder)} is not readable JSON`,
    );
  }
  if (manifest.format !== 'rfm-harness-results/1') {
    throw new UserError(`${file(folder)}: unknown format ${JSON.stringify(manifest.format)}`);
  }
  return manifest;
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
