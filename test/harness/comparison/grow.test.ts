import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { growth } from './growing.ts';

/** The names of everything below a folder. */
const contents = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();

describe('a comparison that grows', () => {
  const { at, compare, merge } = growth(1);

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
      (copy) => rmSync(join(copy, 'runs/cartpole-balance/random'), { recursive: true }),
      /cartpole-balance\/random\/0 is done by its manifest.json, but .* does not hold the whole run/,
    ],
  ])('a shard is not joined with %s', async (_, spoil, why) => {
    const number = readdirSync(at()).filter((name) => name.startsWith('copy-')).length;
    const copy = `copy-${number}`;
    cpSync(at('part-1'), at(copy), { recursive: true });
    spoil(at(copy));
    const before = contents(at());
    const { code, stderr, stdout } = await merge('part-1', copy, '--out', 'spoiled');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(why);
    expect([code, stdout]).toEqual([2, '']);
    expect(contents(at())).toEqual(before);
    expect(existsSync(at('spoiled'))).toBe(false);
  });

  it('a shard goes on with its own threads and seeds, and is no other one', async () => {
    const resume = ['--resume', '--out', 'part-1', '--dry-run', '--shard'];
    const said = await compare(...resume, '1/2');
    expect(said).toMatchObject({ code: 0, stderr: '' });
    expect(said.stdout).toContain('duration    none: every run is done');
    expect(await compare(...resume, '2/2')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/part-1 was made with other settings: 'shard.index' differs/),
    });
  });

  it('--dry-run is refused what would be refused', async () => {
    const refused = await compare('--resume', '--out', 'whole', '--steps', '90', '--dry-run');
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/'steps' differs \(60 there, 90 asked\)/),
    });
  });

  it('a shard is a part that there is', async () => {
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
