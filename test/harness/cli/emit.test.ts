import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { emit } from '../../../harness/cli/emit.ts';
import type { ComparisonPlan } from '../../../harness/plan/plan.ts';
import { workplace } from '../../e2e/support/command.ts';
import { command } from '../support/command.ts';

const plan: ComparisonPlan = {
  agents: [{ label: 'random', source: { name: 'random' }, preset: 'smoke', config: {} }],
  tasks: [{ name: 'walker-walk' }, { name: 'walker-run' }],
  seeds: [0, 1],
  steps: 100,
  evaluation: { every: 50, episodes: 1, starts: 'fixed' },
  logEvery: 25,
  backend: 'wasm',
  threads: 1,
};
const words = [
  'compare',
  '--tasks',
  "a task's file.ts",
  '--out',
  'mine',
  '--emit',
  'slurm',
  '--steps',
  '100',
];
const request = (folder: string) => ({ plan, name: 'mine', words, folder, program: '/opt/harness.js' });

describe('a Slurm script', () => {
  /** A queue that carries out an array at once, and a harness that writes down its words. */
  const fakes = {
    'bin/sbatch': `#!/bin/bash
printf '%s\\n' "$*" >> sbatch.txt
case "$1" in --parsable) shift ;; *) exit ;; esac
for id in $(sed -n 's/^#SBATCH --array=1-//p' "$1" | xargs seq); do
  SLURM_JOB_ID=$((70 + id)) SLURM_ARRAY_JOB_ID=70 SLURM_ARRAY_TASK_ID=$id bash "$1"
done >&2
echo '70;here'`,
    'bin/harness': `#!/bin/bash
printf '%s|' "$@" >> words.txt; echo >> words.txt`,
  };

  it('submits an array with a shard for each task, and a join after it', () => {
    const folder = workplace({ ...fakes, 'mine.sh': '' });
    const script = emit('slurm', { ...request(folder), shards: 3 });
    execFileSync('bash', ['-c', 'cat > mine.sh'], { cwd: folder, input: script });
    for (const file of Object.keys(fakes)) chmodSync(join(folder, file), 0o755);
    const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HARNESS: 'harness' };
    const { status, stderr } = spawnSync('bash', ['mine.sh'], { cwd: folder, env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    const said = (file: string) => readFileSync(join(folder, file), 'utf8').trimEnd().split('\n');
    expect(said('words.txt')).toEqual(
      [1, 2, 3].map(
        (id) =>
          `compare|--tasks|a task's file.ts|--steps|100|--backend|wasm|--threads|1|--shard|${id}/3|--out|results/mine-shards/${id}|--resume|--workers|1|--quiet|`,
      ),
    );
    expect(said('sbatch.txt')).toEqual([
      '--parsable mine.sh',
      `--dependency=afterany:70 --job-name=harness-mine-merge --chdir=${folder} --wrap harness merge results/mine-shards/* --out mine`,
    ]);
  });

  it('quotes a name once for every shell that reads it', () => {
    const name = "größe $HOME 'x'";
    const folder = workplace({ ...fakes, 'mine.sh': '' });
    const fake = join(folder, 'bin/sbatch');
    // As a cluster does, this one hands the wrapped command to a shell.
    writeFileSync(
      fake,
      fakes['bin/sbatch'].replace('*) exit ;;', '*) for last; do :; done; sh -c "$last"; exit ;;'),
    );
    const script = emit('slurm', { ...request(folder), name, shards: 1 });
    writeFileSync(join(folder, 'mine.sh'), script);
    for (const file of Object.keys(fakes)) chmodSync(join(folder, file), 0o755);
    mkdirSync(join(folder, `results/${name}-shards/1`), { recursive: true });
    const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HARNESS: 'harness' };
    const { status, stderr } = spawnSync('bash', ['mine.sh'], { cwd: folder, env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    const [shard, merge] = readFileSync(join(folder, 'words.txt'), 'utf8').split('\n');
    expect(shard).toContain(`|--out|results/${name}-shards/1|`);
    expect(merge).toBe(`merge|results/${name}-shards/1|--out|${name}|`);
  });

  /** The words of every call of the harness that a script for a folder makes. @param HARNESS of its environment */
  function callsOf(folder: string, script: string, HARNESS?: string): string[][] {
    // As a cluster does, this queue hands the wrapped command to a shell.
    const sbatch = fakes['bin/sbatch'].replace(
      '*) exit ;;',
      '*) for last; do :; done; sh -c "$last"; exit ;;',
    );
    mkdirSync(join(folder, 'bin'));
    for (const [file, text] of Object.entries({ ...fakes, 'bin/sbatch': sbatch }))
      writeFileSync(join(folder, file), text, { mode: 0o755 });
    writeFileSync(join(folder, 'mine.sh'), script);
    const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HARNESS };
    const { status, stderr } = spawnSync('bash', ['mine.sh'], { cwd: folder, env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    const lines = readFileSync(join(folder, 'words.txt'), 'utf8').trimEnd().split('\n');
    return lines.map((line) => line.split('|').slice(0, -1));
  }

  it('finds a harness below a folder with a space, for the shards and for their join', () => {
    const program = "it's my cluster/harness.cjs";
    const folder = workplace({
      [program]: `require('fs').appendFileSync('words.txt', process.argv.slice(2).join('|') + '|\\n')`,
    });
    const script = emit('slurm', { ...request(folder), program: join(folder, program), shards: 2 });
    expect(callsOf(folder, script).map(([word]) => word)).toEqual(['compare', 'compare', 'merge']);
  });

  it('splits HARNESS into words', () => {
    const folder = workplace();
    const calls = callsOf(folder, emit('slurm', { ...request(folder), shards: 1 }), 'harness in a container');
    expect(calls.map((words) => words.slice(0, 4))).toEqual([
      ['in', 'a', 'container', 'compare'],
      ['in', 'a', 'container', 'merge'],
    ]);
  });

  it('trains what the command plans beside other results, and reports beside them after the join', async () => {
    const folder = workplace({ 'mine.yaml': 'agents: [{ agent: random, name: mine }]\n' });
    const line = ['compare', '--config', 'mine.yaml', '--against', 'baselines', '--out', 'mine'];
    const { stdout } = await command(folder, ...line, '--emit', 'slurm', '--shards', '1');
    const [shard, merge, beside] = callsOf(folder, stdout, 'harness');
    const planned = await command(folder, ...shard, '--dry-run');
    const { config } = JSON.parse(readFileSync('results/baselines/manifest.json', 'utf8'));
    expect(config).toMatchObject({ seeds: [0, 1, 2], steps: 50_000 });
    const tasks = config.tasks.map(({ name }: { name: string }) => name);
    expect(planned.stdout).toContain(`\ntasks       ${tasks.join(', ')}\n`);
    expect(planned.stdout).toMatch(new RegExp(`^runs +${3 * tasks.length}\\b.*50k control steps`, 'm'));
    expect(merge).toEqual(['merge', 'results/mine-shards/*', '--out', 'mine']);
    expect(beside.join(' ')).toMatch(
      /^compare --config mine.yaml --against baselines .*--resume --out mine$/,
    );
  });

  it('has a task for every run, where nothing else is said, and the words of the command as they were', () => {
    const script = emit('slurm', request('/home/me'));
    expect(script).toMatch(/^#SBATCH --array=1-4$/m);
    expect(script).toContain("compare --tasks 'a task'\\''s file.ts' --steps 100 --backend wasm --threads 1");
    expect(script).not.toMatch(/--emit slurm --steps|--out mine --steps/);
  });

  it.skipIf(spawnSync('shellcheck', ['--version']).error !== undefined)('satisfies shellcheck', () => {
    const input = emit('slurm', request("/home/me and 'you'"));
    const { stdout } = spawnSync('shellcheck', ['-'], { input, encoding: 'utf8' });
    expect(stdout).toBe('');
  });
});

describe('a GitHub workflow', () => {
  it('has a job for every shard, and one that joins what they made', () => {
    const { jobs } = parse(emit('github', { ...request('/home/me'), shards: 2 }));
    expect(jobs.shard.strategy.matrix.shard).toEqual([1, 2]);
    const runs = (job: { steps: { run?: string }[] }) => job.steps.flatMap(({ run }) => run ?? []);
    expect(runs(jobs.shard)).toEqual([
      'npm ci',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub
      "npx harness compare --tasks 'a task'\\''s file.ts' --steps 100 --backend wasm --threads 1 --shard ${{ matrix.shard }}/2 --out results/shards/${{ matrix.shard }}",
    ]);
    expect(jobs.merge.needs).toBe('shard');
    expect(runs(jobs.merge)).toEqual(['npm ci', 'npx harness merge results/shards/* --out mine']);
  });

  it('keeps values that YAML would read otherwise', () => {
    const odd = ['compare', '--set', 'mine.note=a: b #c', '--against', 'baselines'];
    const { jobs } = parse(emit('github', { ...request('/home/me'), name: 'a: #b', words: odd, shards: 1 }));
    const compare =
      "npx harness compare --set 'mine.note=a: b #c' --against baselines --backend wasm --threads 1";
    const last = (job: { steps: { run?: string }[] }) => job.steps.flatMap(({ run }) => run ?? []).slice(1);
    expect(last(jobs.shard)).toEqual([
      `${compare} --shard \${{ matrix.shard }}/1 --out results/shards/\${{ matrix.shard }}`,
    ]);
    expect(last(jobs.merge)).toEqual([
      "npx harness merge results/shards/* --out 'a: #b'",
      `${compare} --resume --out 'a: #b'`,
    ]);
  });
});

describe('what cannot be emitted', () => {
  it('is more shards than runs', () => {
    expect(() => emit('slurm', { ...request('/'), shards: 5 })).toThrow(
      '--shards 5: there are 4 runs, so at most 4 shards',
    );
  });

  it.each([
    ['--emit slurm', /--emit needs --out: a name under results/],
    ['--emit slurm --out a/b', /--emit needs a name under results\/ as --out, found 'a\/b'/],
    ['--emit github --out a --shard 1/2', /--emit and --shard do not go together/],
    ['--emit github --out a --executor bullmq', /--emit and --executor bullmq are two ways/],
    ['--shards 3', /--shards needs --emit/],
    ['--emit pbs --out a', /argument 'pbs' is invalid. Allowed choices are slurm, github/],
  ])('ends with one line: %s', async (line, why) => {
    const { code, stderr } = await command(workplace(), 'compare', '--agents', 'random', ...line.split(' '));
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(why);
    expect(code).toBe(2);
  });
});
