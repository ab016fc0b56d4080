import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { workplace } from '../../e2e/support/command.ts';
import { agentFile } from '../support/agent-files.ts';
import { builtCommand as command } from '../support/command.ts';

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

/** Everything below a folder: names, and texts of small files. */
const contents = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();

describe('a comparison that grows', () => {
  let folder: string;
  const at = (...path: string[]) => join(folder, 'results', ...path);
  const compare = (...words: string[]) => command(folder, 'compare', ...words, ...threads);
  const manifest = (name: string) => JSON.parse(readFileSync(at(name, 'manifest.json'), 'utf8'));

  beforeAll(async () => {
    folder = workplace({
      'tiny.ts': agentFile(),
      'more.yaml': 'agents: [random, ./tiny.ts]\ntasks: [cartpole-balance]\nseeds: 2\nout: grown\n',
    });
    const all = [
      '--agents',
      'random,./tiny.ts',
      '--tasks',
      'cartpole-balance',
      '--seeds',
      '2',
      '--steps',
      '60',
    ];
    const { code, stderr } = await compare(...all, ...shared, '--out', 'whole');
    expect([code, stderr]).toEqual([0, '']);
  }, 300_000);

  it('by agents, seeds and steps has the bytes of the one that was planned whole', async () => {
    const begin = ['--agents', './tiny.ts', '--tasks', 'cartpole-balance', '--seeds', '1', '--steps', '30'];
    expect(await compare(...begin, ...shared, '--out', 'grown')).toMatchObject({ code: 0 });
    const steps = await compare('--extend', '--out', 'grown', '--steps', '60');
    expect(steps).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(at('grown/runs/cartpole-balance/tiny/0/evaluations.csv'), 'utf8')).toMatch(/,60,0,/);
    const before = readFileSync(at('grown/runs/cartpole-balance/tiny/0/run.json'), 'utf8');
    expect(await compare('--extend', '--config', 'more.yaml')).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(at('grown/runs/cartpole-balance/tiny/0/run.json'), 'utf8')).toBe(before);
    expect(tables(at('grown'))).toEqual(tables(at('whole')));
    const { continued, status } = manifest('grown');
    expect(status).toBe('done');
    expect(continued).toMatchObject([
      { added: { steps: { from: 30, to: 60 } }, at: expect.stringMatching(/^\d{4}-.*Z$/) },
      {
        added: { agents: ['random'], seeds: [1] },
        at: expect.stringMatching(/^\d{4}-.*Z$/),
        version: '0.1.0',
      },
    ]);
  }, 300_000);

  it.each([
    [
      '--seeds 1 --evaluate-every 20',
      /'evaluation.every' differs \(30 there, 20 asked\); --extend adds seeds/,
    ],
    [
      '--agents random --preset laptop',
      /agent 'random' in .*whole has other settings: 'preset' differs \(smoke there, laptop/,
    ],
    ['--steps 30', /has runs of 60 steps; --extend makes them longer, not 30/],
    ['--shard 1/2', /whole: a shard is a part of a plan, which --extend would change/],
    ['--force', /--force replaces results, --extend adds to them: choose one/],
  ])('is not changed by --extend %s', async (words, why) => {
    const before = readFileSync(at('whole/manifest.json'), 'utf8');
    const { code, stderr } = await compare('--extend', '--out', 'whole', ...words.split(' '));
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(why);
    expect(code).toBe(2);
    expect(readFileSync(at('whole/manifest.json'), 'utf8')).toBe(before);
  });

  it('cannot grow where there is none', async () => {
    expect(await compare('--extend', '--out', 'nowhere', '--seeds', '3')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/nothing to extend in .*results\/nowhere/),
    });
  });

  describe('in shards', () => {
    const part = (index: number) => at(`part-${index}`);

    beforeAll(async () => {
      const all = [
        '--agents',
        'random,./tiny.ts',
        '--tasks',
        'cartpole-balance',
        '--seeds',
        '2',
        '--steps',
        '60',
      ];
      for (const index of [1, 2])
        expect(
          await compare(...all, ...shared, '--shard', `${index}/2`, '--out', `part-${index}`),
        ).toMatchObject({ code: 0 });
    }, 300_000);

    it('carries out each run once, and joined has the bytes of the whole', async () => {
      expect([1, 2].map((index) => manifest(`part-${index}`).runs.length)).toEqual([2, 2]);
      expect(await command(folder, 'merge', 'part-1', 'part-2', '--out', 'merged')).toMatchObject({
        code: 0,
      });
      expect(tables(at('merged'))).toEqual(tables(at('whole')));
      expect(manifest('merged')).toMatchObject({
        status: 'done',
        continued: [
          {
            merged: [
              { name: 'part-1', runs: 2 },
              { name: 'part-2', runs: 2 },
            ],
          },
        ],
      });
    });

    it('joined in part says what is missing, which --resume carries out, and can grow', async () => {
      const { code, stderr } = await command(folder, 'merge', 'part-2', '--out', 'half');
      expect(stderr).toContain(
        '2 of 4 runs are not done; harness compare --resume --out half carries them out',
      );
      expect(code).toBe(0);
      expect(await compare('--resume', '--out', 'half')).toMatchObject({ code: 0, stderr: '' });
      expect(tables(at('half'))).toEqual(tables(at('whole')));
      const more = await compare('--extend', '--out', 'half', '--seeds', '3', '--dry-run', '--json');
      expect(JSON.parse(more.stdout).plan.seeds).toEqual([0, 1, 2]);
    }, 300_000);

    it.each<[string, (copy: string) => void, RegExp]>([
      [
        'other rows of the same run',
        (copy) =>
          change(join(copy, 'runs/cartpole-balance/random/0'), 'evaluations.csv', /,60,0,(\d)/, ',60,0,9$1'),
        /cartpole-balance\/random\/0 is in .*part-1 and in .*copy-0 with different rows: evaluations.csv, step 60/,
      ],
      [
        'other settings',
        (copy) => edit(copy, (m) => (m.config.logEvery = 5)),
        /part-1 and .*copy-1 have different settings: 'logEvery' differs \(15 and 5\)/,
      ],
      [
        'other settings of an agent',
        (copy) => edit(copy, (m) => (m.config.agents[0].config.batchSize = 5)),
        /have different settings: 'config.batchSize' of agent random differs \(\d+ and 5\)/,
      ],
      [
        'another build',
        (copy) => edit(copy, (m) => (m.versions.code = '0'.repeat(64))),
        /were made by different versions: the code of rfm-harness is another/,
      ],
      [
        'another file of an agent',
        (copy) => edit(copy, (m) => (m.config.agents[1].source.sha256 = '0'.repeat(64))),
        /were made with different files: the file of agent 'tiny' has another checksum/,
      ],
      [
        'a run that is not there',
        (copy) => rmSync(join(copy, 'runs/cartpole-balance/tiny'), { recursive: true }),
        /cartpole-balance\/tiny\/0 is done by its manifest.json, but .* does not hold the whole run/,
      ],
    ])('is not joined with %s', async (_, spoil, why) => {
      const number = readdirSync(at()).filter((name) => name.startsWith('copy-')).length;
      const copy = `copy-${number}`;
      cpSync(part(1), at(copy), { recursive: true });
      spoil(at(copy));
      const before = contents(at());
      const { code, stderr, stdout } = await command(folder, 'merge', 'part-1', copy, '--out', 'spoiled');
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
      expect(stderr).toMatch(why);
      expect([code, stdout]).toEqual([2, '']);
      expect(contents(at())).toEqual(before);
      expect(existsSync(at('spoiled'))).toBe(false);
    });

    it('is a part that there is', async () => {
      const planned = ['--agents', 'random', '--tasks', 'cartpole-balance', '--seeds', '2', '--dry-run'];
      for (const [shard, why] of [
        ['3/2', /--shard expects a part such as 2\/8, the second of eight, found '3\/2'/],
        ['1/3', /--shard 1\/3: there are 2 runs, so at most 2 shards/],
      ] as const)
        expect(await compare(...planned, '--shard', shard)).toMatchObject({
          code: 2,
          stderr: expect.stringMatching(why),
        });
    });
  });
});

type Json = ReturnType<typeof JSON.parse>;

function edit(folder: string, spoil: (manifest: Json) => void, name = 'manifest.json'): void {
  const file = join(folder, name);
  const json = JSON.parse(readFileSync(file, 'utf8'));
  spoil(json);
  writeFileSync(file, JSON.stringify(json));
}

/** Another number in a run that is whole all the same, by its own checksums. */
function change(run: string, file: string, from: RegExp, to: string): void {
  const text = readFileSync(join(run, file), 'utf8');
  expect(text).toMatch(from);
  writeFileSync(join(run, file), text.replace(from, to));
  const sum = createHash('sha256').update(text.replace(from, to)).digest('hex');
  edit(run, (record) => (record.files[file] = sum), 'run.json');
}
