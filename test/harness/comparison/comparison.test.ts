import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ComparisonOptions, runComparison } from '../../../harness/comparison/comparison.ts';
import type { Progress } from '../../../harness/execution/progress.ts';
import { lockFolder } from '../../../harness/files/lock.ts';
import type { ComparisonPlan } from '../../../harness/plan/plan.ts';
import { loadManifest } from '../../../harness/results/manifest.ts';
import { workplace } from '../../e2e/support/command.ts';

const plan: ComparisonPlan = {
  agents: [{ label: 'random', source: { name: 'random' }, preset: 'smoke', config: { batchSize: 8 } }],
  tasks: [{ name: 'cartpole-balance' }],
  seeds: [0, 1],
  steps: 10,
  evaluation: { every: 10, episodes: 1, starts: 'fixed' },
  logEvery: 5,
  backend: 'wasm',
  threads: 1,
};

const silent: Progress = { began() {}, moved() {}, note() {}, ended() {}, close() {} };

/** A comparison whose runs end at once. */
function options(folder: string, more: Partial<ComparisonOptions> = {}): ComparisonOptions {
  return {
    ...{ folder, force: false, resume: false, acceptChanges: false, checkpointSeconds: 1, stallSeconds: 1 },
    ...{ command: [], executor: 'local', note() {}, onStart() {}, conclude() {} },
    makeProgress: async () => silent,
    makeExecutor: (jobs, { recorded }) => ({
      async execute() {
        const records = jobs.map(({ identity, steps }) => ({
          ...{
            ...identity,
            status: 'done' as const,
            attempts: 1,
            steps,
            wallSeconds: 1,
            checkpointSeconds: 0,
          },
        }));
        for (const [i, record] of records.entries()) recorded(i, record);
        return records;
      },
      stop() {},
      kill() {},
    }),
    ...more,
  };
}

const manifestOf = (folder: string) => JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));

describe('a comparison', () => {
  it('counts as done only when tables and report are there', async () => {
    const folder = workplace();
    const seen: unknown[] = [];
    const conclude = () => {
      const { status, endedAt } = manifestOf(folder);
      seen.push([status, typeof endedAt, existsSync(join(folder, 'evaluations.csv'))]);
    };
    await runComparison(plan, options(folder, { conclude }));
    expect(seen).toEqual([['running', 'string', true]]);
    expect(manifestOf(folder)).toMatchObject({ status: 'done', endedAt: expect.any(String) });
  });

  it('whose report cannot be written goes on later', async () => {
    const folder = workplace();
    const conclude = () => {
      throw new Error('the disk is full');
    };
    await expect(runComparison(plan, options(folder, { conclude }))).rejects.toThrow('the disk is full');
    expect(manifestOf(folder).status).toBe('running');
    await runComparison(plan, options(folder, { resume: true }));
    expect(manifestOf(folder).status).toBe('done');
  });

  it('removes nothing for --force before everything else that was asked is known to be right', async () => {
    const folder = workplace();
    await runComparison(plan, options(folder));
    const before = manifestOf(folder);
    const reporting = { taskRanges: { 'cartpole-balanc': [0, 500] as const } };
    await expect(runComparison(plan, options(folder, { force: true, reporting }))).rejects.toThrow(
      /unknown task 'cartpole-balanc'; did you mean 'cartpole-balance'/,
    );
    expect(manifestOf(folder)).toEqual(before);
  });

  it('is replaced by --force with all that it wrote, and nothing else', async () => {
    const folder = workplace();
    await runComparison(plan, options(folder));
    const put = (name: string, text: string) => {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    };
    const theirs = ['notes.md', 'nested/manifest.json', 'plots/mine.png', 'against-old/manifest.json'];
    for (const name of theirs) put(name, '{"format":"rfm-harness-results/1"}');
    const ours = [
      'runs/gone/random/7/evaluations.csv',
      'plots/curve-gone.svg',
      'tensorboard/x',
      'report.html',
    ];
    for (const name of ['against-rfm8/summary.csv', ...ours]) put(name, '');
    const notes: string[] = [];
    await runComparison(plan, options(folder, { force: true, note: (line) => void notes.push(line) }));
    expect(theirs.filter((name) => !existsSync(join(folder, name)))).toEqual([]);
    expect(['against-rfm8', ...ours].filter((name) => existsSync(join(folder, name)))).toEqual([]);
    expect(notes).toEqual([`kept in ${folder}: against-old, nested, notes.md, plots`]);
  });

  it('does not lie inside another, and may lie beside the manifest of another program', async () => {
    const folder = workplace({ 'other/manifest.json': '{"manifest_version":3}' });
    await runComparison(plan, options(join(folder, 'one')));
    const inner = join(folder, 'one/inner');
    await expect(runComparison(plan, options(inner))).rejects.toThrow(
      `${inner} lies inside the comparison ${join(folder, 'one')}; choose another --out`,
    );
    expect(existsSync(inner)).toBe(false);
    await runComparison(plan, options(join(folder, 'other/two')));
    expect(manifestOf(join(folder, 'other/two')).status).toBe('done');
  });

  it('is not replaced while a process is at one of its runs', async () => {
    const folder = workplace();
    await runComparison(plan, options(folder));
    const run = join(folder, 'runs/cartpole-balance/random/0');
    mkdirSync(run, { recursive: true });
    const release = await lockFolder(run);
    await expect(runComparison(plan, options(folder, { force: true }))).rejects.toThrow(
      /random.0 is in use by process \d+ on /,
    );
    await release();
    await runComparison(plan, options(folder, { force: true }));
    expect(existsSync(run)).toBe(false);
  });

  it('does not write over what another process wrote while it waited for the folder', async () => {
    const folder = workplace();
    const other = workplace();
    await runComparison(plan, options(other));
    const release = await lockFolder(folder);
    const waiting = runComparison(plan, options(folder));
    const outcome = expect(waiting).rejects.toThrow(/exists; --resume goes on with it/);
    cpSync(join(other, 'manifest.json'), join(folder, 'manifest.json'));
    await release();
    await outcome;
    expect(manifestOf(folder)).toEqual(manifestOf(other));
  });

  const spoiled: [string, (manifest: ReturnType<typeof manifestOf>) => void, RegExp][] = [
    ['without seeds', (m) => delete m.config.seeds, /is no manifest of this harness: config\.seeds: /],
    ['with a seed twice', (m) => (m.config.seeds = [0, 0]), /config: .* twice/],
    ['with a task that is a path', (m) => (m.config.tasks[0].name = '../../x'), /config\.tasks\.0\.name: /],
    ['that is a list', (m) => (m.runs = {}), /runs: /],
    ['of a newer format', (m) => (m.format = 'rfm-harness-results/2'), /format: /],
    ['with other steps', (m) => (m.config.steps = 20), /'steps' differs \(20 there, 10 asked\)/],
    ['with the runs of another', (m) => m.runs.reverse(), /'runs' are not those of 'config'/],
    [
      'of another build',
      (m) => (m.versions.code = '0'.repeat(64)),
      /cannot go on as it began: the code of rfm-harness is another .*; put it back, begin anew with --force or another --out, or mix both on purpose with --accept-changes$/,
    ],
    ['of another MuJoCo', (m) => (m.versions.mujoco = '2.0.0'), /mujoco is 3\.14\.0 here and 2\.0\.0 there/],
  ];
  it.each(spoiled)('does not go on from a manifest %s', async (_, spoil, why) => {
    const folder = workplace();
    await runComparison(plan, options(folder));
    const manifest = manifestOf(folder);
    spoil(manifest);
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
    const resumed = runComparison(plan, options(folder, { resume: true }));
    await expect(resumed).rejects.toThrow(why);
    await expect(resumed).rejects.toMatchObject({ userFacing: true });
    expect(manifestOf(folder)).toEqual(manifest);
  });

  it('goes on from another build on purpose, says so, and keeps that in its manifest', async () => {
    const folder = workplace();
    await runComparison(plan, options(folder));
    const change = 'mujoco is 3.14.0 here and 2.0.0 there';
    for (const _ of ['once', 'and once more']) {
      const manifest = manifestOf(folder);
      manifest.versions.mujoco = '2.0.0';
      writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
      const notes: string[] = [];
      const note = (line: string) => notes.push(line);
      await runComparison(plan, options(folder, { resume: true, acceptChanges: true, note }));
      expect(notes).toEqual([`goes on although ${change}`]);
    }
    await runComparison(plan, options(folder, { resume: true }));
    expect(loadManifest(folder)).toMatchObject({ status: 'done', changes: [change] });
  });

  it.each([
    ["a user's file", 'mine.ts'],
    ['what it imports', 'width.ts'],
  ])('does not go on with another version of %s', async (_, changed) => {
    const place = workplace({
      'mine.ts': "export { width as default } from './width.ts';",
      'width.ts': 'export const width = 1;',
    });
    const file = join(place, 'mine.ts');
    const own = { ...plan, agents: [{ ...plan.agents[0], label: 'mine', source: { name: 'mine', file } }] };
    const folder = join(place, 'results');
    mkdirSync(folder);
    await runComparison(own, options(folder));
    await runComparison(own, options(folder, { resume: true }));
    appendFileSync(join(place, changed), '\n');
    const again = runComparison(own, options(folder, { resume: true }));
    await expect(again).rejects.toThrow(
      `cannot go on as it began: ${file} (with width.ts) is not the same as before; put it back`,
    );
    await runComparison(own, options(folder, { resume: true, acceptChanges: true }));
    await runComparison(own, options(folder, { resume: true }));
  });
});
