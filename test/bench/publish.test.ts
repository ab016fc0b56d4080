import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { publish } from '../../bench/publish.ts';
import { workplace } from '../e2e/support/command.ts';
import { command } from '../harness/support/command.ts';
import { runsHere } from '../harness/support/runs-here.ts';

let folder = '';
const at = (...path: string[]) => join(folder, 'results', ...path);
const text = (...path: string[]) => readFileSync(at(...path), 'utf8');
const statuses = (name: string) =>
  JSON.parse(text(name, 'manifest.json')).runs.map(({ status }: { status: string }) => status);
const finished = 'runs/pendulum-swingup/random/0';
const unfinished = 'runs/pendulum-swingup/random/1';

runsHere();

/** A comparison of two runs, whose second is as a running comparison has it. */
beforeAll(async () => {
  folder = workplace({});
  const plan = ['--agents', 'random', '--tasks', 'pendulum-swingup', '--seeds', '2', '--steps', '60'];
  const sizes = ['--preset', 'smoke', '--evaluate-every', '30', '--evaluation-episodes', '1'];
  expect(await command(folder, 'compare', ...plan, ...sizes, '--out', 'whole', '--quiet')).toMatchObject({
    code: 0,
  });
  cpSync(at('whole'), at('running'), { recursive: true });
  const manifest = JSON.parse(text('running/manifest.json'));
  Object.assign(manifest.runs[1], { status: 'running', steps: 30 });
  writeFileSync(at('running/manifest.json'), JSON.stringify({ ...manifest, status: 'running' }));
  rmSync(at('running', unfinished, 'run.json'));
  for (const run of [finished, unfinished]) {
    mkdirSync(at('running', run, 'checkpoint'), { recursive: true });
    writeFileSync(at('running', run, 'checkpoint', 'last.safetensors'), 'weights');
  }
  expect(publish(at('running'), at('copy'))).toEqual({ finished: 1, runs: 2 });
}, 120_000);

it('holds finished runs alone, without checkpoints', () => {
  for (const file of ['run.json', 'evaluations.csv', 'training.csv'])
    expect(text('copy', finished, file)).toBe(text('whole', finished, file));
  expect(existsSync(at('copy', finished, 'checkpoint'))).toBe(false);
  expect(existsSync(at('copy', unfinished))).toBe(false);
  expect(text('copy/evaluations.csv')).toBe(text('whole', finished, 'evaluations.csv'));
  expect(statuses('copy')).toEqual(['done', 'waiting']);
});

it('has a summary and no ranking before two agents are whole', () => {
  expect(text('copy/summary.csv').trim().split('\n')).toHaveLength(2);
  for (const file of ['report.html', 'aggregate.csv', 'pairwise.csv'])
    expect(existsSync(at('copy', file))).toBe(false);
});

it('goes on to the tables of the whole comparison, without training a finished run again', async () => {
  const before = text('copy', finished, 'run.json');
  const times = (table: string) =>
    table.replace(/(pendulum-swingup,random,1,\d+,\d+,[^,]+,\d+),[^,]+/g, '$1');
  expect(await command(folder, 'compare', '--resume', '--out', 'copy', '--quiet')).toMatchObject({ code: 0 });
  expect(text('copy', finished, 'run.json')).toBe(before);
  expect(times(text('copy/evaluations.csv'))).toBe(times(text('whole/evaluations.csv')));
  expect(statuses('copy')).toEqual(['done', 'done']);
});

it('has the report of a comparison that is done, byte for byte', () => {
  expect(publish(at('whole'), at('done'))).toEqual({ finished: 2, runs: 2 });
  for (const file of ['evaluations.csv', 'training.csv', 'summary.csv', 'aggregate.csv'])
    expect(text('done', file)).toBe(text('whole', file));
  expect(existsSync(at('done/report.html'))).toBe(true);
});

it('has the report of the agents that are whole while another one is not', () => {
  cpSync('results/baselines', at('part'), { recursive: true });
  rmSync(at('part/runs/walker-walk/qvpo/0/run.json'));
  expect(publish(at('part'), at('ranked'))).toEqual({ finished: 53, runs: 54 });
  const others = (table: string) => table.split('\n').filter((line) => !line.includes('qvpo'));
  for (const file of ['summary.csv', 'aggregate.csv', 'pairwise.csv', 'profiles.csv'])
    expect(text('ranked', file).split('\n')).toEqual(
      others(readFileSync(join('results/baselines', file), 'utf8')),
    );
  expect(text('ranked/report.html')).toContain('ranked (agents 8 of 9, seeds 3 of 3)');
});
