/** A comparison that grows, and one in shards that are joined, beside the one that was planned whole. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { workplace } from '../../e2e/support/command.ts';
import { agentFile } from '../support/agent-files.ts';
import { command, type Said } from '../support/command.ts';
import { runsHere } from '../support/runs-here.ts';

const shared = [
  '--preset',
  'smoke',
  '--evaluation-episodes',
  '1',
  '--evaluate-every',
  '30',
  '--log-every',
  '15',
];
const threads = ['--threads', '1', '--workers', '2', '--quiet'];

/** The rows of a table without its columns of clock times. */
function rows(folder: string, file: string): string {
  const [header, ...lines] = readFileSync(join(folder, file), 'utf8').trimEnd().split('\n');
  const names = header.split(',');
  const kept = names.flatMap((name, i) => (/^(wall_seconds|steps_per_second)$/.test(name) ? [] : [i]));
  return [header, ...lines].map((line) => kept.map((i) => line.split(',')[i]).join()).join('\n');
}

const TABLES = [
  'evaluations.csv',
  'training.csv',
  'summary.csv',
  'aggregate.csv',
  'pairwise.csv',
  'profiles.csv',
];
const tables = (folder: string) => TABLES.map((file) => rows(folder, file));

export interface Growth {
  /** A path among the results. */
  at(...path: string[]): string;
  compare(...words: string[]): Promise<Said>;
  merge(...words: string[]): Promise<Said>;
}

/** Registers the tests with this many seeds of each of two agents; the folders `whole`, `part-1` and `part-2` are left. */
export function growth(seeds: 1 | 2): Growth {
  let folder: string;
  const at = (...path: string[]) => join(folder, 'results', ...path);
  const compare = (...words: string[]) => command(folder, 'compare', ...words, ...threads);
  const merge = (...words: string[]) => command(folder, 'merge', ...words);
  const manifest = (name: string) => JSON.parse(readFileSync(at(name, 'manifest.json'), 'utf8'));
  const all = [
    ...['--agents', 'random,./tiny.ts', '--tasks', 'cartpole-balance', '--seeds', String(seeds)],
    ...['--steps', '60', ...shared],
  ];

  runsHere();
  beforeAll(async () => {
    folder = workplace({
      'tiny.ts': agentFile(),
      'more.yaml': `agents: [random, ./tiny.ts]\ntasks: [cartpole-balance]\nseeds: ${seeds}\nout: grown\n`,
    });
    expect(await compare(...all, '--out', 'whole')).toMatchObject({ code: 0, stderr: '' });
    for (const index of [1, 2])
      expect(await compare(...all, '--shard', `${index}/2`, '--out', `part-${index}`)).toMatchObject({
        code: 0,
      });
  }, 300_000);

  it(`by agents${seeds === 2 ? ', seeds' : ''} and steps has the bytes of the one that was planned whole`, async () => {
    const begin = ['--agents', './tiny.ts', '--tasks', 'cartpole-balance', '--seeds', '1', '--steps', '30'];
    expect(await compare(...begin, ...shared, '--out', 'grown')).toMatchObject({ code: 0 });
    const steps = await compare('--extend', '--out', 'grown', '--steps', '60');
    expect(steps).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(at('grown/runs/cartpole-balance/tiny/0/evaluations.csv'), 'utf8')).toMatch(/,60,0,/);
    const before = readFileSync(at('grown/runs/cartpole-balance/tiny/0/run.json'), 'utf8');
    expect(await compare('--extend', '--config', 'more.yaml')).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(at('grown/runs/cartpole-balance/tiny/0/run.json'), 'utf8')).toBe(before);
    expect(tables(at('grown'))).toEqual(tables(at('whole')));
    const { continued, cpu, status } = manifest('grown');
    expect(cpu.model).toMatch(/./);
    for (const session of continued) expect(session.cpu).toEqual(cpu);
    expect(status).toBe('done');
    expect(continued).toMatchObject([
      { added: { steps: { from: 30, to: 60 } }, at: expect.stringMatching(/^\d{4}-.*Z$/) },
      {
        added: seeds === 2 ? { agents: ['random'], seeds: [1] } : { agents: ['random'] },
        at: expect.stringMatching(/^\d{4}-.*Z$/),
        version: '0.1.0',
      },
    ]);
  }, 300_000);

  it('in shards carries out each run once, and joined has the bytes of the whole', async () => {
    expect([1, 2].map((index) => manifest(`part-${index}`).runs.length)).toEqual([seeds, seeds]);
    expect(await merge('part-1', 'part-2', '--out', 'merged')).toMatchObject({
      code: 0,
    });
    expect(tables(at('merged'))).toEqual(tables(at('whole')));
    expect(manifest('merged')).toMatchObject({
      status: 'done',
      continued: [
        {
          merged: [
            { name: 'part-1', runs: seeds },
            { name: 'part-2', runs: seeds },
          ],
        },
      ],
    });
  });

  it('in shards, joined in part, says what is missing, which --resume carries out, and can grow', async () => {
    const { code, stderr } = await merge('part-2', '--out', 'half');
    expect(stderr).toContain(
      `${seeds} of ${2 * seeds} runs are not done; harness compare --resume --out half carries them out`,
    );
    expect(code).toBe(130);
    expect(await compare('--resume', '--out', 'half')).toMatchObject({ code: 0, stderr: '' });
    expect(tables(at('half'))).toEqual(tables(at('whole')));
    const more = await compare(
      '--extend',
      '--out',
      'half',
      '--seeds',
      String(seeds + 1),
      '--dry-run',
      '--json',
    );
    const { workers, plan, runsLeft, estimatedSeconds } = JSON.parse(more.stdout);
    expect([workers, plan.steps, plan.seeds]).toEqual([2, 60, [0, 1, 2].slice(0, seeds + 1)]);
    expect(runsLeft).toBe(2);
    expect(estimatedSeconds).toBeGreaterThan(0);
    const nothing = await compare('--resume', '--out', 'half', '--dry-run');
    expect(nothing.stdout).toMatch(/\nduration {4}none: every run is done\n$/);
  }, 300_000);

  return { at, compare, merge };
}
