import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultBackend } from '../../../engine/default-backend.ts';
import { workplace } from '../../e2e/support/command.ts';
import { agentFile } from '../support/agent-files.ts';
import { command, type Said } from '../support/command.ts';
import { runsHere } from '../support/runs-here.ts';
import { shortBalance } from '../support/task-file.ts';

runsHere();

describe('harness compare, on agents and tasks of a user', () => {
  let folder: string;
  let outcome: Said;
  const results = (...path: string[]) => join(folder, 'results/mine', ...path);
  const resume = ['compare', '--resume', '--out', 'mine', '--quiet'];

  beforeAll(async () => {
    folder = workplace({
      'tiny.ts': agentFile(),
      'short.ts': shortBalance,
      'comparison.yaml': `
agents: [./tiny.ts, { agent: ./tiny.ts, name: tiny-slow, set: { rate: 0.01 } }]
tasks: [./short.ts]
seeds: 3
steps: 300
evaluateEvery: 100
evaluationEpisodes: 2
preset: smoke
out: mine
`,
    });
    outcome = await command(
      folder,
      'compare',
      '--config',
      'comparison.yaml',
      '--steps',
      '200',
      '--json',
      '--tensorboard',
    );
  }, 300_000);

  it('ends with 0, its results as JSON on standard output, its progress on standard error', () => {
    expect(outcome.stderr).toMatch(/short-balance\/tiny-slow\/2: done, evaluation/);
    expect(outcome.stderr).toContain(`results: ${results()}`);
    expect(outcome.code).toBe(0);
    const printed = JSON.parse(outcome.stdout);
    expect(printed).toMatchObject({ folder: results(), status: 'done' });
    expect(printed.runs).toHaveLength(6);
    expect(printed.summary).toHaveLength(2);
    expect(printed.aggregate.map((row: { agent: string }) => row.agent)).toContain('tiny-slow');
  });

  it('writes the files that a comparison has', () => {
    for (const file of ['evaluations', 'training', 'summary', 'aggregate', 'pairwise', 'profiles']) {
      expect(readFileSync(results(`${file}.csv`), 'utf8').split('\n').length).toBeGreaterThan(2);
    }
    expect(readFileSync(results('report.html'), 'utf8')).toContain('tiny-slow');
    expect(existsSync(results('tensorboard/short-balance/tiny'))).toBe(true);
    expect(existsSync(results('.lock'))).toBe(false);
  });

  it('has one row per evaluation episode, and options win over the file', () => {
    const [header, ...rows] = readFileSync(results('evaluations.csv'), 'utf8').trim().split('\n');
    expect(header.trim()).toBe('task,agent,seed,step,episode,return,length,wall_seconds,unstable');
    expect(rows).toHaveLength(2 * 3 * 3 * 2);
    expect([...new Set(rows.map((row) => row.split(',')[3]))]).toEqual(['0', '100', '200']);
  });

  it('says with the end of every run the mean return of its last evaluation', () => {
    const rows = readFileSync(results('evaluations.csv'), 'utf8').trim().split(/\r?\n/).slice(1);
    for (const { task, agent, seed } of JSON.parse(outcome.stdout).runs) {
      const last = rows.filter((row) => row.startsWith(`${task},${agent},${seed},200,`));
      const mean = last.reduce((sum, row) => sum + Number(row.split(',')[5]), 0) / last.length;
      expect(outcome.stderr).toContain(`${task}/${agent}/${seed}: done, evaluation ${mean.toFixed(1)} (`);
    }
  });

  it('says in its manifest what was asked, on what it ran, and how every run ended', () => {
    const manifest = JSON.parse(readFileSync(results('manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ name: 'mine', status: 'done' });
    expect(manifest.command.slice(0, 4)).toEqual(['harness', 'compare', '--config', 'comparison.yaml']);
    expect(manifest.config).toMatchObject({
      steps: 200,
      seeds: [0, 1, 2],
      evaluation: { every: 100, episodes: 2, starts: 'fixed' },
    });
    expect(manifest.config.agents[1]).toMatchObject({
      label: 'tiny-slow',
      config: { rate: 0.01, batchSize: 8 },
    });
    expect(manifest.versions).toMatchObject({
      node: process.versions.node,
      mujoco: '3.14.0',
      backend: defaultBackend(),
    });
    expect(Date.parse(manifest.endedAt)).toBeGreaterThan(Date.parse(manifest.startedAt));
    for (const run of manifest.runs) expect(run).toMatchObject({ status: 'done', steps: 200, attempts: 1 });
  });

  it('has nothing left to do when it goes on with some of its options repeated, and writes the same again', async () => {
    const before = readFileSync(results('evaluations.csv'), 'utf8');
    const again = await command(folder, ...resume, '--steps', '200', '--seeds', '3');
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(again.stdout).toMatch(/^tiny +[\d.]+ \[[\d.]+, [\d.]+\] +1 \/ 3$/m);
    expect(readFileSync(results('evaluations.csv'), 'utf8')).toBe(before);
  });

  it('plays the checkpoint of a run', async () => {
    const run = 'results/mine/runs/short-balance/tiny/1';
    const evaluated = await command(folder, 'eval', run, '--episodes', '3', '--json');
    const result = JSON.parse(evaluated.stdout);
    expect(result).toMatchObject({ task: 'short-balance', agent: 'tiny', trainedSteps: 200, episodes: 3 });
    expect(result.returns).toHaveLength(3);
    const again = await command(folder, 'eval', run, '--episodes', '3', '--json');
    expect(again.stdout).toBe(evaluated.stdout);
    const played = await command(folder, 'rollout', run, '--steps', '5', '--out', 'play.csv', '--json');
    expect(JSON.parse(played.stdout)).toMatchObject({ agent: 'tiny', steps: 5 });
    const [header, first] = readFileSync(join(folder, 'play.csv'), 'utf8').split('\n');
    expect(header.trim()).toBe(
      'episode,step,time_seconds,position_0,position_1,velocity_0,velocity_1,action_0,reward,terminated,truncated',
    );
    expect(first).toMatch(/^0,0,0,0,/);
    const refused = await command(folder, 'rollout', run, '--out', 'play.csv');
    expect(refused).toMatchObject({ code: 2, stderr: 'harness: play.csv exists; --force replaces it\n' });
  });

  it('trains one agent against those results, and reports it beside them', async () => {
    writeFileSync(join(folder, 'other.ts'), agentFile({ name: 'other' }));
    const against = ['compare', '--against', 'mine', '--out', 'beside', '--quiet'];
    const unnamed = await command(folder, ...against, '--agents', 'random');
    expect(unnamed).toMatchObject({ code: 2, stdout: '' });
    expect(unnamed.stderr).toMatch(
      /its task 'short-balance.*' comes from a file; name the tasks with --tasks\n$/,
    );
    const { code, stdout } = await command(
      folder,
      ...against,
      '--agents',
      './other.ts',
      '--tasks',
      './short.ts',
      '--json',
    );
    expect(code).toBe(0);
    const printed = JSON.parse(stdout);
    expect(printed.runs).toHaveLength(3);
    const agents = new Set(printed.summary.map((row: { agent: string }) => row.agent));
    expect(agents).toEqual(new Set(['other', 'tiny', 'tiny-slow']));
    expect(new Set(printed.summary.map((row: { step: number }) => row.step))).toEqual(new Set([200]));
    const page = readFileSync(join(folder, 'results/beside/against-mine/report.html'), 'utf8');
    expect(page).toContain('tiny-slow');
    expect(readFileSync(join(folder, 'results/beside/summary.csv'), 'utf8')).not.toContain('tiny');
    const { config } = JSON.parse(readFileSync(join(folder, 'results/beside/manifest.json'), 'utf8'));
    expect(config).toMatchObject({ steps: 200, seeds: [0, 1, 2], evaluation: { every: 100, episodes: 2 } });
  });

  it('replaces results only with --force, and only results', async () => {
    const options = [
      ...['--agents', 'random', '--tasks', 'cartpole-balance', '--seeds', '1', '--steps', '20'],
      ...['--evaluation-episodes', '1', '--quiet'],
    ];
    const refused = await command(folder, 'compare', ...options, '--out', 'mine');
    expect(refused.code).toBe(2);
    const forced = await command(folder, 'compare', ...options, '--out', 'mine', '--force');
    expect(forced.code).toBe(0);
    expect(existsSync(results('runs/short-balance/tiny'))).toBe(false);
  });
});

describe('harness', () => {
  const folder = workplace({ 'tiny.ts': agentFile(), 'short.ts': shortBalance });

  it('train makes one run, which goes on with no option that differs, and tells both values', async () => {
    const { code, stderr } = await command(
      folder,
      ...['train', 'random', 'cartpole-balance', '--seed', '7', '--steps', '30'],
      ...['--evaluate-every', '30', '--evaluation-episodes', '1'],
    );
    expect(stderr).toMatch(/cartpole-balance\/random\/7: done/);
    expect(code).toBe(0);
    expect(
      existsSync(join(folder, 'results/random-cartpole-balance-7/runs/cartpole-balance/random/7/run.json')),
    ).toBe(true);
    const resume = ['compare', '--resume', '--out', 'random-cartpole-balance-7', '--quiet'];
    const steps = await command(folder, ...resume, '--steps', '300');
    expect(steps.code).toBe(2);
    expect(steps.stderr).toMatch(/made with other settings: 'steps' differs \(30 there, 300 asked\)/);
    const set = await command(folder, ...resume, '--set', 'random.batchSize=5');
    expect(set.stderr).toMatch(/'agents\.0\.config\.batchSize' differs \(\d+ there, 5 asked\)/);
    const preset = await command(folder, ...resume, '--preset', 'paper');
    expect(preset.stderr).toMatch(/'agents\.0\.preset' differs \(laptop there, paper asked\)/);
  }, 120_000);

  it('compare reports a comparison whose runs all failed, and ends with 1', async () => {
    const folder = workplace({
      'dead.ts': agentFile({ name: 'dead', create: "throw new Error('not born');" }),
    });
    const words = ['--agents', './dead.ts', '--tasks', 'cartpole-balance', '--seeds', '1', '--steps', '50'];
    const { code, stdout, stderr } = await command(
      folder,
      'compare',
      ...words,
      '--out',
      'x',
      '--tensorboard',
    );
    const results = (file: string) => readFileSync(join(folder, 'results/x', file), 'utf8');
    expect(stderr).not.toContain('fault of the harness');
    expect(stderr.match(/^failed: .*create\(\) threw: not born \(.*\.\w+:\d+\)$/gm)).toHaveLength(1);
    expect(code).toBe(1);
    expect(stdout).toContain('no run has ended well: there is nothing to compare');
    const page = results('report.html');
    expect(page).toContain('There are no evaluations to report');
    expect(page).toContain('Failed and unfinished runs');
    expect(page.match(/create\(\) threw: not born/g)?.length).toBeGreaterThanOrEqual(1);
    const header = (file: string) => results(`${file}.csv`).trimEnd();
    expect(header('evaluations')).toBe('task,agent,seed,step,episode,return,length,wall_seconds,unstable');
    expect(header('training')).toBe('task,agent,seed,step');
    expect(header('summary')).toMatch(/^task,agent,seeds,step,mean,[^\n]*,flag$/);
    expect(header('aggregate')).toBe('agent,metric,value,ci_low,ci_high,tasks,runs,flag');
    expect(header('pairwise')).toBe('agent_x,agent_y,probability_of_improvement,ci_low,ci_high,flag');
    expect(header('profiles')).toBe('agent,tau,fraction,ci_low,ci_high,flag');
  });

  it('compare --dry-run prints the plan with its duration and makes nothing', async () => {
    const words = [
      'compare',
      '--agents',
      './tiny.ts,random',
      '--tasks',
      'cartpole-balance',
      '--seeds',
      '2',
      '--steps',
      '1k',
    ];
    const { code, stdout } = await command(folder, ...words, '--out', 'dry', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toMatch(/agents {6}tiny, random/);
    expect(stdout).toMatch(/duration {4}about \d+/);
    expect(stdout).toContain(`results     ${join('results', 'dry')}\n`);
    expect(existsSync(join(folder, 'results/dry'))).toBe(false);
  }, 120_000);

  it('compare takes --workers before those of the --config file', async () => {
    writeFileSync(
      join(folder, 'workers.yaml'),
      'agents: random\ntasks: cartpole-balance\nseeds: 2\nworkers: 7\n',
    );
    const workers = async (...words: string[]) => {
      const asked = ['compare', '--config', 'workers.yaml', '--out', 'dry', '--dry-run', '--json', ...words];
      return (JSON.parse((await command(folder, ...asked)).stdout) as { workers: number }).workers;
    };
    expect(await workers()).toBe(7);
    expect(await workers('--workers', '3')).toBe(3);
    expect(await workers('--workers', 'auto')).toBe(Math.min(availableParallelism(), 2));
  }, 120_000);

  it('smoke tries agents on tasks, and tells which fail', async () => {
    const good = await command(folder, 'smoke', './tiny.ts', '--tasks', './short.ts', '--json');
    expect(JSON.parse(good.stdout)).toMatchObject({ failed: 0 });
    expect(JSON.parse(good.stdout).results).toHaveLength(1);
    const place = workplace({
      'short.ts': shortBalance,
      'forgetful.ts': agentFile({ name: 'forgetful' }).replace('random = RandomStream', 'RandomStream'),
    });
    const bad = await command(place, 'smoke', './forgetful.ts', '--tasks', './short.ts');
    expect(bad.stdout).toMatch(
      /FAILED {2}forgetful on short-balance .*after save\(\) and load\(\) another instance acts differently/,
    );
    expect(bad.code).toBe(1);
  }, 120_000);

  it('check-agent names the promises that an agent breaks', async () => {
    const place = workplace({
      'unseeded.ts': agentFile({
        name: 'unseeded',
        act: 'return new Float32Array(count * context.action.size).fill(Math.random());',
      }),
    });
    const bad = await command(place, 'check-agent', './unseeded.ts', '--json');
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.stdout).broken).toBeGreaterThan(0);
  }, 120_000);

  it('lists agents with every key of their presets', async () => {
    const { stdout } = await command(folder, 'agents', 'sac', './tiny.ts', '--json');
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'sac', presets: { paper: { batchSize: 256 } } },
      { name: 'tiny', presets: { smoke: { rate: 0.1 } } },
    ]);
  });

  it('helps with examples, for every command', async () => {
    const { stdout } = await command(folder, '--help');
    const names = [...stdout.matchAll(/^ {2}([a-z][a-z-]+)(?= \[| <|\s{2,})/gm)].map(([, name]) => name);
    expect(names).toEqual(
      expect.arrayContaining(['compare', 'train', 'eval', 'rollout', 'report', 'smoke', 'doctor']),
    );
    for (const name of names.filter((name) => !['help', 'harness'].includes(name))) {
      const help = await command(folder, name, '--help');
      expect(help.code).toBe(0);
      expect(help.stdout, name).toMatch(/Usage: harness /);
      expect(help.stdout, name).toMatch(/harness (?!\[)/);
    }
  }, 120_000);
});
