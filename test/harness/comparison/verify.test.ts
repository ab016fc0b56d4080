import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { random } from '../../../agents/random.ts';
import { type Verdict, verify } from '../../../harness/comparison/verify.ts';
import type { ComparisonPlan } from '../../../harness/plan/plan.ts';
import { jobsOf } from '../../../harness/plan/plan.ts';
import { ownVersions } from '../../../harness/results/versions.ts';
import { runAgain } from '../../../harness/run/again.ts';
import { runTexts } from '../../../harness/run/rows.ts';
import { workplace } from '../../e2e/support/command.ts';
import { agentFile } from '../support/agent-files.ts';
import { builtCommand, command } from '../support/command.ts';

const plan: ComparisonPlan = {
  agents: [
    { label: 'random', source: { name: 'random' }, preset: 'smoke', config: { ...random.presets.smoke } },
  ],
  tasks: [{ name: 'pendulum-swingup' }],
  seeds: [0, 1],
  steps: 60,
  evaluation: { every: 20, episodes: 2, starts: 'fresh' },
  logEvery: 20,
  backend: 'wasm',
  threads: 1,
};
const run = 'pendulum-swingup/random/1';
/** The table of both runs, made once. */
let evaluations = '';
let training = '';
let folder = '';

beforeAll(async () => {
  const tables: Record<'evaluations.csv' | 'training.csv', string>[] = [];
  for (const job of jobsOf(plan)) {
    let last = runTexts(job.identity, [], []);
    await runAgain(job, {
      rows(rows, metrics) {
        last = runTexts(job.identity, rows, metrics);
        return true;
      },
    });
    tables.push(last);
  }
  const merged = (file: 'evaluations.csv' | 'training.csv') =>
    tables.map((table, i) => (i === 0 ? table[file] : table[file].split('\n').slice(1).join('\n'))).join('');
  evaluations = merged('evaluations.csv');
  training = merged('training.csv');
});

function manifest(change: Record<string, unknown> = {}): void {
  const versions = { ...ownVersions(), backend: 'wasm' };
  writeFileSync(
    join(folder, 'manifest.json'),
    JSON.stringify({ config: plan, versions, bits: 'wasm-1', ...change }),
  );
}

/** The row of an evaluation with another cell. */
function tamper(step: number, episode: number, column: string, value: string): string {
  const [header, ...lines] = readFileSync(join(folder, 'evaluations.csv'), 'utf8').trim().split('\n');
  const at = header.split(',').indexOf(column);
  let before = '';
  const changed = lines.map((line) => {
    if (!line.startsWith(`pendulum-swingup,random,1,${step},${episode},`)) return line;
    const cells = line.split(',');
    before = cells[at];
    cells[at] = value;
    return cells.join(',');
  });
  expect(before).not.toBe('');
  writeFileSync(join(folder, 'evaluations.csv'), `${[header, ...changed].join('\n')}\n`);
  return before;
}

async function verdicts(options: Parameters<typeof verify>[1] = {}): Promise<Verdict[]> {
  const found: Verdict[] = [];
  for await (const verdict of verify(folder, options)) found.push(verdict);
  return found;
}

describe('verify', () => {
  beforeEach(() => {
    folder = workplace();
    manifest();
    writeFileSync(join(folder, 'evaluations.csv'), evaluations);
    writeFileSync(join(folder, 'training.csv'), training);
  });

  it('trains every run again, whatever time it took', async () => {
    tamper(20, 0, 'wall_seconds', '12345');
    expect(await verdicts()).toEqual(
      ['pendulum-swingup/random/0', run].map((name) => ({ run: name, same: 4, recorded: 4, step: 60 })),
    );
  });

  it('stops at the last evaluation that was asked for, and says so', async () => {
    const seen: number[] = [];
    const [verdict] = await verdicts({ run, until: 39, progress: ({ step }) => seen.push(step) });
    expect(verdict).toEqual({ run, same: 2, recorded: 4, step: 20 });
    expect(seen).toEqual([0, 20]);
    const said = await command(folder, 'verify', '.', '--run', run, '--until', '39', '--quiet');
    expect(said).toEqual({
      code: 0,
      stdout: `${run}: identical through step 20 (2 of 4 evaluations)\n`,
      stderr: '',
    });
  });

  it('names the first row that differs with both values, and that nothing explains it', async () => {
    const right = tamper(40, 1, 'return', '77.5');
    tamper(60, 0, 'return', '1');
    const { code, stdout } = await command(folder, 'verify', '.', '--run', run, '--quiet');
    expect(code).toBe(1);
    expect(stdout.trim().split('\n')).toEqual([
      `${run}: evaluations.csv differs at step 40, episode 1: return is ${right} here and 77.5 there`,
      '  nothing explains it: the family of bits, the code and the packages are the same',
    ]);
  });

  it('is a row for each run with --json', async () => {
    const right = tamper(40, 1, 'return', '77.5');
    const { code, stdout } = await command(folder, 'verify', '.', '--json', '--quiet');
    expect(code).toBe(1);
    const found = { file: 'evaluations.csv', episode: '1', column: 'return', here: right, there: '77.5' };
    expect(JSON.parse(stdout)).toEqual([
      {
        ...{ run: 'pendulum-swingup/random/0', status: 'identical', evaluations: 4, recorded: 4, step: 60 },
        explanations: [],
      },
      { run, status: 'different', evaluations: 2, recorded: 4, step: 40, ...found, explanations: [] },
    ]);
  });

  it('says that another family of bits or other code explains it', async () => {
    tamper(0, 0, 'return', '77.5');
    manifest({
      bits: 'wasm-0',
      versions: { ...ownVersions(), code: 'other' },
      changes: ['sac.ts is not the same'],
    });
    const { stdout } = await command(folder, 'verify', '.', '--run', run, '--quiet');
    expect(stdout.trim().split('\n').slice(1)).toEqual([
      '  the family of bits is wasm-1 here and wasm-0 there',
      '  the code of rfm-harness is another (another commit, or changed files)',
      '  the comparison went on although sac.ts is not the same',
    ]);
  });

  it('misses a row that was never recorded', async () => {
    const lines = readFileSync(join(folder, 'evaluations.csv'), 'utf8').trim().split('\n');
    const kept = lines.filter((line) => !line.startsWith('pendulum-swingup,random,1,20,1,'));
    writeFileSync(join(folder, 'evaluations.csv'), `${kept.join('\n')}\n`);
    const [{ difference }] = await verdicts({ run });
    expect(difference).toMatchObject({ step: 20, episode: '1', column: 'step', here: '20', there: '40' });
  });

  it.each([
    ['an episode more', 60, { step: 60, episode: '2' }],
    ['an evaluation more than the run has', 80, { step: 80, episode: '2' }],
  ])('misses no row that should not be there: %s', async (_, step, difference) => {
    const row = `pendulum-swingup,random,1,${step},2,1000,1000,1`;
    const width = evaluations.split('\n')[0].split(',').length;
    writeFileSync(join(folder, 'evaluations.csv'), `${evaluations}${row}${','.repeat(width - 8)}\n`);
    const [verdict] = await verdicts({ run });
    expect(verdict.difference).toEqual({
      ...{ file: 'evaluations.csv', column: 'step', here: '', there: String(step) },
      ...difference,
    });
  });

  it('passes over a run that has no rows, and says so', async () => {
    const without = (text: string) =>
      text
        .split('\n')
        .filter((line) => !line.startsWith('pendulum-swingup,random,0,'))
        .join('\n');
    writeFileSync(join(folder, 'evaluations.csv'), without(evaluations));
    writeFileSync(join(folder, 'training.csv'), without(training));
    const said = await command(folder, 'verify', '.', '--until', '20', '--quiet');
    expect(said).toEqual({
      code: 0,
      stdout: `pendulum-swingup/random/0: nothing recorded\n${run}: identical through step 20 (2 of 4 evaluations)\n`,
      stderr: '',
    });
    const none = await command(folder, 'verify', '.', '--run', 'pendulum-swingup/random/0', '--quiet');
    expect([none.code, none.stderr]).toEqual([
      2,
      expect.stringMatching(/^harness: .* has no evaluations of pendulum-swingup\/random\/0\n$/),
    ]);
  });

  it.each([
    [['nowhere'], /^harness: nowhere holds no manifest\.json/],
    [['.', '--run', 'pendulum-swingup/random/7'], /unknown run 'pendulum-swingup\/random\/7'; did you mean/],
    [['.', '--until', 'soon'], /--until must be a whole number/],
  ])('%j ends with one line', async (words, line) => {
    const { code, stderr } = await command(folder, 'verify', ...words);
    expect(code).toBe(2);
    expect(stderr.trim()).toMatch(line);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('loads a file that the results name only if its user named it or recorded it, in another process', async () => {
    const file = join(folder, 'own.ts');
    const prelude = "process.env.OWN_FILE = 'loaded here';";
    writeFileSync(file, agentFile({ name: 'own', prelude }));
    const config = { batchSize: 8, randomSteps: 20, updatesPerStep: 1, replayCapacity: 120, rate: 0.1 };
    const agents = [{ label: 'random', source: { name: 'own', file }, preset: 'smoke', config }];
    manifest({ config: { ...plan, agents } });
    const refused = await builtCommand(folder, 'verify', '.', '--run', run);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toBe(
      `harness: . names ${file}, which no comparison of yours has recorded as it is; --plugins ${file} loads it all the same\n`,
    );
    const named = await builtCommand(folder, 'verify', '.', '--run', run, '--plugins', './own.ts', '--quiet');
    expect(named.stdout).toMatch(/training\.csv differs at step \d+: step is \d+ here and nothing there/);
    expect(named.code).toBe(1);
    expect(process.env.OWN_FILE).toBeUndefined();
  });

  it('ends with one line where nothing has been recorded', async () => {
    writeFileSync(join(folder, 'evaluations.csv'), `${evaluations.split('\n')[0]}\n`);
    const { code, stderr } = await command(folder, 'verify', '.');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^harness: \. has no evaluations\n$/);
  });
});
