/** A comparison beside the runs of another one: settings, refusals, and the joint report. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  compareSettings,
  otherFolder,
  readOther,
  reportBeside,
  settingsLike,
} from '../../../harness/comparison/against.ts';
import type { ComparisonPlan } from '../../../harness/plan/plan.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'against-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const header = 'task,agent,seed,step,episode,return,length,wall_seconds';
function results(name: string, rows: readonly string[], config: Record<string, unknown>): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'evaluations.csv'), `${[header, ...rows].join('\n')}\n`);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ name, config, runs: [] }));
  return folder;
}

const published = {
  agents: [{ label: 'sac', source: { name: 'sac' }, preset: 'laptop', config: {} }],
  tasks: [{ name: 'walker-walk' }, { name: 'fish-swim' }],
  seeds: [0, 1],
  steps: 200,
  evaluation: { every: 100, episodes: 1, starts: 'fixed' },
};
const publishedRows = [
  'walker-walk,sac,0,100,0,300,1000,1',
  'walker-walk,sac,0,200,0,900,1000,2',
  'walker-walk,sac,1,100,0,500,1000,1',
  'walker-walk,sac,1,200,0,800,1000,2',
  'fish-swim,sac,0,200,0,100,1000,2',
  'fish-swim,sac,1,200,0,100,1000,2',
];
const plan: ComparisonPlan = {
  agents: [{ label: 'mine', source: { name: 'mine' }, preset: 'laptop', config: {} }],
  tasks: [{ name: 'walker-walk' }],
  seeds: [0, 1],
  steps: 100,
  evaluation: { every: 100, episodes: 1, starts: 'fixed' },
  logEvery: 50,
  backend: 'wasm',
  threads: 1,
};

describe('a comparison against other results', () => {
  it('has their tasks, seeds, steps, preset and evaluations by default', () => {
    const other = readOther(results('published', publishedRows, published));
    expect(settingsLike(other, {})).toEqual({
      tasks: ['walker-walk', 'fish-swim'],
      seeds: [0, 1],
      steps: 200,
      evaluateEvery: 100,
      evaluationEpisodes: 1,
      evaluationStarts: 'fixed',
      preset: 'laptop',
    });
    const native = readOther(
      results('threads', publishedRows, { ...published, backend: 'native', threads: 1 }),
    );
    expect(settingsLike(native, {})).toMatchObject({ threads: 1 });
    expect(settingsLike(native, {})).not.toHaveProperty('backend');
  });

  it('loads no task file because results name it', () => {
    const tasks = [{ name: 'mine', file: '/tmp/evil.ts' }];
    const other = readOther(results('files', publishedRows, { ...published, tasks }));
    expect(() => settingsLike(other, {})).toThrow(/comes from a file; name the tasks with --tasks/);
    expect(settingsLike(other, { tasks: ['./mine.ts'] }).tasks).toEqual(['mine']);
  });

  it('is refused where an agent is in both, or no task is', () => {
    const other = readOther(results('published', publishedRows, published));
    const [agent] = plan.agents;
    expect(() => compareSettings({ ...plan, agents: [{ ...agent, label: 'sac' }] }, other)).toThrow(
      /it has an agent 'sac' too/,
    );
    expect(() => compareSettings({ ...plan, tasks: [{ name: 'hopper-hop' }] }, other)).toThrow(
      /it has none of these tasks, but walker-walk, fish-swim/,
    );
  });

  it('says what the two do not have in common', () => {
    const other = readOther(results('published', publishedRows, published));
    const [agent] = plan.agents;
    const otherwise: ComparisonPlan = {
      ...plan,
      tasks: [{ name: 'walker-walk' }, { name: 'hopper-hop' }],
      agents: [{ ...agent, preset: 'smoke' }],
      seeds: [0, 1, 2],
      evaluation: { every: 50, episodes: 5, starts: 'fresh' },
    };
    expect(compareSettings(otherwise, other)).toEqual([
      'published has no runs on hopper-hop: left out beside it',
      'compared at 100 steps (100 here, 200 in published)',
      'episodes of an evaluation: 5 here, 1 in published',
      'start states of evaluations: fresh here, fixed in published',
      'seeds: 3 here, 2 in published',
      'presets: smoke here, laptop in published',
    ]);
    expect(compareSettings({ ...plan, steps: 200 }, other)).toEqual([]);
    const native = readOther(
      results('threads', publishedRows, { ...published, backend: 'native', threads: 1 }),
    );
    expect(compareSettings({ ...plan, steps: 200, threads: 2 }, native)).toEqual([
      'backend: wasm here, native in threads',
      'threads of a run: 2 here, 1 in threads',
    ]);
  });

  it('is reported at the last step at which both were evaluated', () => {
    const rows = [50, 100, 150, 200].map((step) => `walker-walk,sac,0,${step},0,${step},1000,1`);
    const other = readOther(
      results('often', rows, { ...published, evaluation: { every: 50, episodes: 1, starts: 'fixed' } }),
    );
    const mine = [100, 180].map((step) => `walker-walk,mine,0,${step},0,${step},1000,1`);
    const folder = results('partly', mine, {});
    const apart = { ...plan, steps: 180, evaluation: { ...plan.evaluation, every: 100 } };
    const { tables, warnings } = reportBeside(folder, apart, other, {});
    expect(tables.summary.map(({ agent, step }) => [agent, step])).toEqual([
      ['mine', 100],
      ['sac', 100],
    ]);
    expect(warnings[0]).toBe('compared at 100 steps (180 here, 200 in often)');
    expect(compareSettings({ ...plan, steps: 30 }, other)[0]).toBe(
      'evaluated at no step in common: each counts with its last evaluation up to step 30',
    );
  });

  it('is reported on shared tasks and at the step that both reached', () => {
    const other = readOther(results('published', publishedRows, published));
    const folder = results(
      'own',
      ['walker-walk,mine,0,100,0,400,1000,1', 'walker-walk,mine,1,100,0,600,1000,1'],
      {},
    );
    const { tables, warnings } = reportBeside(folder, plan, other, {});
    expect(tables.summary.map(({ task, agent, step, mean }) => [task, agent, step, mean])).toEqual([
      ['walker-walk', 'mine', 100, 500],
      ['walker-walk', 'sac', 100, 400],
    ]);
    // 400 > 300, 400 < 500, 600 > 300, 600 > 500.
    expect(tables.pairwise[0]).toMatchObject({ agent_x: 'mine', probability_of_improvement: 0.75 });
    expect(warnings[0]).toBe('compared at 100 steps (100 here, 200 in published)');
    const joint = join(folder, 'against-published');
    expect(readFileSync(join(joint, 'summary.csv'), 'utf8')).toContain('walker-walk,sac,2,100,400');
    expect(readFileSync(join(joint, 'report.html'), 'utf8')).toContain('own + published');
  });

  it('is found here by its name or path, or else among the published ones', () => {
    const before = process.cwd();
    const here = realpathSync(mkdtempSync(join(root, 'cwd-')));
    process.chdir(here);
    try {
      expect(otherFolder('clip-trials')).toBe(resolve(before, 'results/clip-trials'));
      expect(otherFolder('curves/sac-qsm')).toBe(resolve(before, 'results/curves/sac-qsm'));
      expect(otherFolder('../clip-trials')).toBe(resolve(here, '../clip-trials'));
      expect(otherFolder('nothing')).toBe(resolve(here, 'nothing'));
      expect(() => readOther(otherFolder('nothing'))).toThrow(
        /^--against nothing: .*nothing holds no evaluations.csv; published are .*clip-trials, curves.rfm-dqs-maxentdp, .*eta.comparison/,
      );
      mkdirSync(join(here, 'results/clip-trials'), { recursive: true });
      expect(otherFolder('clip-trials')).toBe(join(here, 'results/clip-trials'));
    } finally {
      process.chdir(before);
    }
  });

  it('says what is wrong with the other folder', () => {
    expect(() => readOther(join(root, 'nothing'))).toThrow(/holds no evaluations.csv/);
    expect(() => readOther(results('bare', publishedRows, { steps: 'many' }))).toThrow(
      /manifest.json tells no settings/,
    );
  });
});
