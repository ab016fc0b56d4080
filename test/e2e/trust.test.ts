import { cpSync, mkdtempSync, readFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ViewedRun } from '../../harness/view/comparison-files.ts';
import { RolloutMaker } from '../../harness/view/rollout-maker.ts';
import { agentFile } from '../harness/support/agent-files.ts';
import { builtCommand } from '../harness/support/command.ts';
import { shortBalance } from '../harness/support/task-file.ts';
import { harness, type Outcome, workplace } from './support/command.ts';

/** Notes that it was loaded, and changes what all code of its process uses. */
const spy = `
  import { appendFileSync } from 'node:fs';
  appendFileSync(__dirname + '/loaded.txt', 'x');
  Math.sqrt = () => 7;
  Array.prototype.sort = function () { return this; };
  Object.defineProperty(Object.prototype, 'status', { value: 'failed', writable: true });
  JSON.stringify = () => 'no';`;

describe('a comparison with an agent that changes what its process uses', () => {
  let folder: string;
  let outcome: Outcome;
  const state = process.env.XDG_STATE_HOME;
  const loads = () => readFileSync(join(folder, 'loaded.txt'), 'utf8').length;
  const table = (name: string): Record<string, string>[] =>
    parse(readFileSync(join(folder, 'results/own', name), 'utf8'), { columns: true });

  beforeAll(async () => {
    folder = workplace({
      // Its own run would not end well without what it changed.
      'spy.ts': agentFile({ name: 'a-spy', prelude: spy.replace("JSON.stringify = () => 'no';", '') }),
      'short.ts': shortBalance,
    });
    outcome = await harness(
      folder,
      ...['compare', '--agents', 'random,./spy.ts', '--tasks', './short.ts', '--seeds', '2', '--steps', '30'],
      ...[
        '--evaluation-episodes',
        '2',
        '--evaluate-every',
        '30',
        '--preset',
        'smoke',
        '--quiet',
        '--out',
        'own',
      ],
    );
  }, 300_000);

  afterEach(() => {
    process.env.XDG_STATE_HOME = state;
  });

  it("leaves the others' statistics and the order of rows as they are", () => {
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    const last = table('evaluations.csv').filter(({ agent, step }) => agent === 'random' && step === '30');
    const scores = ['0', '1'].map((seed) => {
      const returns = last.filter((row) => row.seed === seed).map((row) => Number(row.return));
      return returns.reduce((sum, value) => sum + value, 0) / returns.length;
    });
    const mean = (scores[0] + scores[1]) / 2;
    const sd = Math.abs(scores[0] - scores[1]) / 2 ** 0.5;
    const summary = table('summary.csv');
    expect(summary.map(({ agent }) => agent)).toEqual(['a-spy', 'random']);
    expect(Number(summary[1].mean)).toBeCloseTo(mean, 9);
    expect(Number(summary[1].sd)).toBeCloseTo(sd, 9);
  });

  it('is played and gone on with by the user who began it', async () => {
    const run = 'results/own/runs/short-balance/a-spy/0';
    expect(await builtCommand(folder, 'eval', run, '--episodes', '1')).toMatchObject({ code: 0 });
    expect(await builtCommand(folder, 'compare', '--resume', '--quiet', '--out', 'own')).toMatchObject({
      code: 0,
    });
  }, 120_000);

  it('is not loaded where its folder came from elsewhere, unless the user names it', async () => {
    process.env.XDG_STATE_HOME = mkdtempSync(join(tmpdir(), 'stranger-'));
    const before = loads();
    const run = 'results/own/runs/short-balance/a-spy/0';
    const line = (kind: string, file: string) =>
      `harness: the checkpoint of ${run} names ${join(folder, file)}, which no comparison of yours has recorded as it is; --${kind} ${join(folder, file)} loads it all the same\n`;
    const refused = { code: 2, stdout: '', stderr: line('agent', 'spy.ts') };
    expect(await builtCommand(folder, 'eval', run)).toEqual(expect.objectContaining(refused));
    expect(await builtCommand(folder, 'rollout', run)).toEqual(expect.objectContaining(refused));
    const resumed = await builtCommand(folder, 'compare', '--resume', '--out', 'own', '--accept-changes');
    expect(resumed.stderr).toMatch(
      /^harness: .*\/results\/own names .*\/spy\.ts, which no comparison of yours has recorded; .*\n$/,
    );
    expect(resumed.code).toBe(2);
    const played: ViewedRun = {
      ...{ task: 'short-balance', agent: 'a-spy', seed: '0', status: 'done', step: 30 },
      playable: join(folder, run),
    };
    await expect(
      new RolloutMaker(join(folder, 'results/own')).make(played, '0123456789abcdef'),
    ).rejects.toThrow(
      /the checkpoint cannot be played: .*spy\.ts, which no comparison of yours has recorded/,
    );
    expect(loads()).toBe(before);
    const named = await builtCommand(folder, 'eval', run, '--episodes', '1', '--agent', './spy.ts');
    expect(named).toMatchObject({ code: 2, stderr: line('task', 'short.ts') });
    expect(loads()).toBe(before);
    const both = ['--agent', './spy.ts', '--task', './short.ts'];
    expect(await builtCommand(folder, 'eval', run, '--episodes', '1', ...both)).toMatchObject({ code: 0 });
    expect(loads()).toBeGreaterThan(before);
  }, 120_000);

  it('is played from a folder that was moved where the user names its file', async () => {
    const place = workplace();
    cpSync(join(folder, 'results/own/runs/short-balance/a-spy/1'), join(place, 'run'), { recursive: true });
    renameSync(join(folder, 'spy.ts'), join(folder, 'moved.ts'));
    const gone = await builtCommand(place, 'eval', 'run', '--episodes', '1');
    expect(gone).toMatchObject({
      code: 2,
      stderr: `harness: the checkpoint of run names ${join(folder, 'spy.ts')}, which is not there; --agent FILE loads it from where it is now\n`,
    });
    const named = await builtCommand(
      place,
      'eval',
      'run',
      '--episodes',
      '1',
      '--agent',
      join(folder, 'moved.ts'),
    );
    expect(named.stdout).toMatch(/^a-spy on short-balance after 30 steps: return /);
  }, 120_000);
});
