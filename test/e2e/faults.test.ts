import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { agentFile } from '../harness/support/agent-files.ts';
import { shortPole } from '../harness/support/task-file.ts';
import { harness, killGroup, pause, start, workplace } from './support/command.ts';
import { tableBytes } from './support/tables.ts';

const files = { 'tiny.ts': agentFile(), 'short.ts': shortPole };

/** 2 tasks × 3 agents × 1 seed, each with learning, evaluations and checkpoints. */
const comparison = [
  ...['compare', '--agents', 'sac,./tiny.ts,random', '--tasks', './short.ts', '--seeds', '1'],
  ...['--steps', '260', '--evaluate-every', '60', '--log-every', '25', '--evaluation-episodes', '2'],
  ...['--set', 'sac.randomSteps=40', '--set', 'sac.batchSize=16', '--set', 'sac.replayCapacity=150'],
  ...['--preset', 'smoke', '--checkpoint-seconds', '0.05'],
];

/** Intervals of time drawn from a fixed sequence, so that a failure can be tried again. */
function* instants(seed: number): Generator<number> {
  let x = seed;
  for (;;) {
    x = (x * 48271) % 2147483647;
    yield x / 2147483647;
  }
}

describe('a comparison under faults', () => {
  let folder: string;
  let undisturbed: Record<string, string>;
  const results = (name: string) => join(folder, 'results', name);
  const compare = (out: string, ...more: string[]) => harness(folder, ...comparison, '--out', out, ...more);

  beforeAll(async () => {
    folder = workplace(files);
    const { code, stderr } = await compare('undisturbed', '--workers', '1');
    expect(stderr).toContain('results: ');
    expect(code).toBe(0);
    undisturbed = tableBytes(results('undisturbed'));
  }, 300_000);

  it('gives rows for every run, in the order of the plan', () => {
    const rows = undisturbed.evaluations.trim().split(/\r?\n/).slice(1);
    expect(rows).toHaveLength(2 * 3 * 6 * 2);
    const runs = [...new Set(rows.map((row) => row.split(',').slice(0, 3).join()))];
    expect(runs).toEqual(
      ['balance', 'longer'].flatMap((task) =>
        ['sac', 'tiny', 'random'].map((agent) => `short-${task},${agent},0`),
      ),
    );
    expect(undisturbed.training.split(/\r?\n/)[0]).toMatch(/^task,agent,seed,step,.*,loss,sum$/);
  });

  it('gives the same bytes with two workers', async () => {
    expect((await compare('two', '--workers', '2')).code).toBe(0);
    expect(tableBytes(results('two'))).toEqual(undisturbed);
  }, 300_000);

  it('ends with the same bytes after being killed at twenty instants', async () => {
    const instant = instants(8);
    let kills = 0;
    for (; kills < 20; kills++) {
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
      if (existsSync(join(results('killed'), 'report.html'))) break;
    }
    expect(kills).toBeGreaterThan(5);
    const last = await compare('killed', '--resume');
    expect(last.code).toBe(0);
    expect(tableBytes(results('killed'))).toEqual(undisturbed);
  }, 300_000);

  it('starts a run again whose worker was killed, with the same bytes', async () => {
    const { child, ended } = start(folder, ...comparison, '--out', 'worker', '--workers', '2');
    for (let killed = false; !killed; ) {
      await pause(100);
      killed = killOneWorker(child.pid ?? 0);
    }
    const { code, stderr } = await ended;
    expect(stderr).toMatch(/its process was killed .*; starts again from its last checkpoint/);
    expect(code).toBe(0);
    expect(tableBytes(results('worker'))).toEqual(undisturbed);
  }, 300_000);

  it('stops at Ctrl-C with checkpoints, says how to go on, and goes on', async () => {
    const { child, ended } = start(folder, ...comparison, '--out', 'stopped', '--workers', '2');
    while (!existsSync(join(results('stopped'), 'runs/short-balance/sac/0/training.csv'))) await pause(50);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(
      /interrupted with \d+ run\(s\) unfinished; go on with: harness compare --resume --out stopped/,
    );
    const resumed = await harness(folder, 'compare', '--resume', '--out', 'stopped');
    expect(resumed.code).toBe(0);
    expect(tableBytes(results('stopped'))).toEqual(undisturbed);
  }, 300_000);

  it('ends at once at the second Ctrl-C', async () => {
    const { child, ended } = start(folder, ...comparison, '--out', 'twice');
    while (!existsSync(join(results('twice'), 'runs/short-balance/sac'))) await pause(50);
    child.kill('SIGINT');
    await pause(30);
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect((await compare('twice', '--resume')).code).toBe(0);
    expect(tableBytes(results('twice'))).toEqual(undisturbed);
  }, 300_000);

  it('refuses a second process on its folder', async () => {
    const { child, ended } = start(folder, ...comparison, '--out', 'locked');
    while (!existsSync(join(results('locked'), 'runs'))) await pause(20);
    const second = await compare('locked', '--resume');
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(/^harness: .*results\/locked is in use by process \d+ on .*\n$/m);
    killGroup(child);
    await ended;
  }, 300_000);

  it('repairs what was damaged after its end: CSVs, checkpoints, marks', async () => {
    const run = (task: string, agent: string, file: string) =>
      join(results('undisturbed'), 'runs', `short-${task}`, agent, '0', file);
    truncateSync(run('balance', 'sac', 'evaluations.csv'), 100);
    appendFileSync(run('balance', 'tiny', 'training.csv'), 'torn');
    rmSync(run('longer', 'random', 'evaluations.csv'));
    truncateSync(run('longer', 'tiny', 'run.json'), 10);
    truncateSync(run('longer', 'tiny', 'checkpoint/last.safetensors'), 1000);
    rmSync(run('balance', 'random', 'run.json'));
    for (const file of readdirSync(run('balance', 'random', 'checkpoint'))) {
      truncateSync(run('balance', 'random', `checkpoint/${file}`), 3);
    }
    rmSync(join(results('undisturbed'), 'evaluations.csv'));
    const { code, stderr } = await compare('undisturbed', '--resume');
    expect(stderr).toMatch(/short-longer\/tiny\/0: checkpoint .*last\.safetensors is damaged .*falling back/);
    expect(code).toBe(0);
    expect(tableBytes(results('undisturbed'))).toEqual(undisturbed);
  }, 300_000);
});

/** Kills the newest worker of the executor. @returns false if there is none yet */
function killOneWorker(executor: number): boolean {
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
