import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runToyCommand, toyPlan } from '../../../ablations/toy/command.ts';
import { setSizes } from '../../../ablations/toy/experiment.ts';
import { summarise, toyTable } from '../../../ablations/toy/summary.ts';
import { UserError } from '../../../harness/text/errors.ts';

const settings = { problem: [], seeds: 1, seed: 0, estimator: 'adaptive', draws: 'box' as const };

describe('the toy comparison', () => {
  const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'toy-command-')));
  const written: string[] = [];

  beforeAll(async () => {
    // A fifth of the points: the distances take a time that grows with their square.
    Object.assign(setSizes, { sliced: 400, mmd: 200, sinkhorn: 100 });
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    for (const out of folders) {
      await runToyCommand({ ...settings, updates: 20, steps: [5, 20], targets: ['ring'], csv: true, out });
    }
  }, 300_000);
  afterAll(() => void vi.restoreAllMocks());

  test('the same seed gives the same files, byte for byte', () => {
    const files = readdirSync(folders[0]).sort();
    expect(files).toEqual([
      'report.html',
      'toy-mmd2.svg',
      'toy-samples-ring.svg',
      'toy-seeds.csv',
      'toy-sinkhorn.svg',
      'toy-sliced-w2.svg',
      'toy.csv',
      'toy.section.html',
    ]);
    for (const file of files) {
      expect(
        readFileSync(join(folders[1], file), 'utf8') === readFileSync(join(folders[0], file), 'utf8'),
      ).toBe(true);
    }
  });

  test('the table has every method at every number of steps, and the exact draws as the floor', () => {
    const [header, ...rows] = readFileSync(join(folders[0], 'toy.csv'), 'utf8').trim().split('\n');
    expect(header.split(',').slice(0, 6)).toEqual([
      'target',
      'method',
      'updates',
      'seeds',
      'steps',
      'sliced_w2',
    ]);
    expect(rows).toHaveLength(1 + 4 * 2);
    const exact = rows[0].split(',');
    expect(exact.slice(0, 5)).toEqual(['ring', 'exact', '', '1', '']);
    for (const row of rows.slice(1)) expect(Number(row.split(',')[5])).toBeGreaterThan(Number(exact[5]));
    expect(written[0].trim().split('\n')).toEqual([header, ...rows]);
  });

  test('pictures are small, and the report holds them', () => {
    const svg = readFileSync(join(folders[0], 'toy-samples-ring.svg'), 'utf8');
    expect(svg.length).toBeLessThan(200_000);
    expect(svg).toMatch(/20 steps/);
    const report = readFileSync(join(folders[0], 'report.html'), 'utf8');
    expect(report.match(/<figure>/g)).toHaveLength(4);
    expect(existsSync(join(folders[0], 'toy.section.html'))).toBe(true);
  });
});

test('the command on the page is one that a shell reads', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'toy command-'));
  const file = join(folder, 'a mixture.json');
  const mixture = {
    dim: 2,
    weights: [1],
    means: [[0, 0]],
    covariances: [
      [
        [1, 0],
        [0, 1],
      ],
    ],
  };
  writeFileSync(file, JSON.stringify(mixture));
  const silent = [process.stdout, process.stderr].map((to) => vi.spyOn(to, 'write').mockReturnValue(true));
  const sizes = { ...setSizes };
  Object.assign(setSizes, { sliced: 20, mmd: 20, sinkhorn: 20 });
  const one = { methods: ['qne'], updates: 1, steps: [5] };
  await runToyCommand({ ...settings, ...one, problem: [file], out: folder });
  Object.assign(setSizes, sizes);
  for (const spy of silent) spy.mockRestore();
  const section = readFileSync(join(folder, 'toy.section.html'), 'utf8');
  const line = section.match(/<code>(.*)<\/code>/)?.[1].replaceAll('&#39;', "'") ?? '';
  const words = execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' });
  expect(words.split('\n')).toEqual(expect.arrayContaining(['toy', '--problem', file, '--methods', 'qne']));
});

test('intervals are those of Student over seeds', () => {
  const row = (seed: number, sliced_w2: number) => ({
    target: 'a',
    method: 'm',
    seed,
    steps: 5,
    sliced_w2,
    mmd2: 0,
    sinkhorn: 1,
  });
  const [summary] = summarise([row(0, 1), row(1, 2), row(2, 3)], 10);
  expect(summary.sliced_w2).toBe(2);
  // t(0.975, 2) = 4.302653 by any table; the standard error is 1/√3.
  expect(Number(summary.sliced_w2_high) - 2).toBeCloseTo(4.302653 / Math.sqrt(3), 5);
  expect(toyTable([summary])).toMatch(/2\.0000 ± 2\.4841/);
  expect(summarise([row(0, 1)], 10)[0].sliced_w2_low).toBeUndefined();
});

describe('wrong use ends with one line', () => {
  test.each([
    [{ targets: ['moon'] }, "unknown target 'moon'; did you mean 'moons'?"],
    [{ methods: ['rfm-flo'] }, "unknown method 'rfm-flo'; did you mean 'rfm-flow'?"],
    [{ targets: ['ring', 'ring'] }, "target 'ring' is there twice"],
    [{ problem: ['nowhere.json'] }, 'nowhere.json: no such file'],
  ])('%j', (given, message) => {
    expect(() => toyPlan({ ...settings, ...given })).toThrow(new UserError(message));
  });

  test('an estimator that does not exist, two formats', async () => {
    expect(() => toyPlan({ ...settings, estimator: 'best' })).toThrow(/unknown estimator "best"/);
    await expect(runToyCommand({ ...settings, json: true, csv: true })).rejects.toThrow(
      '--json and --csv exclude each other',
    );
  });
});
