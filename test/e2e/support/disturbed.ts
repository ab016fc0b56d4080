/** A comparison that is disturbed: its settings, and ways to kill it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { agentFile, heldAgent } from '../../harness/support/agent-files.ts';
import { shortBalance, shortPole } from '../../harness/support/task-file.ts';
import { killGroup, pause, start } from './command.ts';

/** What `comparison` and `heldComparison` name. */
export const files = { 'tiny.ts': agentFile(), 'short.ts': shortPole };
export const heldFiles = { 'held.ts': heldAgent, 'short.ts': shortBalance };

const compared = (agent: string) => [
  ...['compare', '--agents', `sac,./${agent}.ts`, '--tasks', './short.ts', '--seeds', '1'],
  ...['--steps', '260', '--evaluate-every', '60', '--log-every', '25', '--evaluation-episodes', '2'],
  ...['--set', 'sac.randomSteps=40', '--set', 'sac.batchSize=16', '--set', 'sac.replayCapacity=150'],
  ...['--preset', 'smoke', '--checkpoint-seconds', '0.05'],
];

/** 2 tasks × 2 agents × 1 seed, each with learning, evaluations and checkpoints. */
export const comparison = compared('tiny');

/** 1 task × 2 agents × 1 seed, with an agent whose run lasts while the file hold-0.1 is there. */
export const heldComparison = compared('held');

/** Intervals of time drawn from a fixed sequence, so that a failure can be tried again. */
function* instants(seed: number): Generator<number> {
  let x = seed;
  for (;;) {
    x = (x * 48271) % 2147483647;
    yield x / 2147483647;
  }
}

/**
 * Begins the comparison in `folder` under the name 'killed' and goes on with it, killed at up to `most` instants or
 * until it has ended.
 * @returns how often it was killed
 */
export async function killedAtInstants(folder: string, most: number): Promise<number> {
  const instant = instants(8);
  for (let kills = 0; kills < most; kills++) {
    const { child, ended } = start(folder, ...comparison, '--out', 'killed', '--workers', '2', '--resume');
    await pause(600 + 1800 * Number(instant.next().value));
    // Everything at once, the executor alone, or one worker alone.
    if (kills % 3 === 0) killGroup(child);
    else if (kills % 3 === 1) child.kill('SIGKILL');
    else killOneWorker(child.pid ?? 0);
    if (kills % 3 === 2) {
      await pause(200);
      killGroup(child);
    }
    const { stderr } = await ended;
    expect(stderr).not.toMatch(/is in use|fault of the harness/);
    if (existsSync(join(folder, 'results/killed/report.html'))) return kills;
  }
  return most;
}

/** Kills the newest worker of the executor. @returns false if there is none yet */
export function killOneWorker(executor: number): boolean {
  try {
    const children = readFileSync(`/proc/${executor}/task/${executor}/children`, 'utf8').trim().split(' ');
    const isWorker = (pid: string) =>
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('/harness/execution/worker.js');
    const worker = children.filter((pid) => pid !== '' && isWorker(pid)).at(-1);
    if (worker === undefined) return false;
    process.kill(Number(worker), 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}
