import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { writeReport } from '../../harness/report/write.ts';
import { workplace } from '../e2e/support/command.ts';
import { makeComparison } from '../harness/report/made-comparison.ts';
import { builtCommand } from '../harness/support/command.ts';

const { program } = (await import(
  new URL('../../dist/harness/cli/main.js', import.meta.url).href
)) as typeof import('../../harness/cli/main.ts');

const text = readFileSync(new URL('../../docs/cookbook.md', import.meta.url), 'utf8');
const lines = [...text.matchAll(/`npx harness ([^`]+)`/g)].map(([, line]) => line);

/** The command with every action in the place of its own, so that nothing runs but the check of its words. */
function withAction(command: Command, done: (name: string) => void): Command {
  command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
  for (const child of command.commands) withAction(child, done);
  if (command.commands.length === 0) command.action(() => done(command.name()));
  return command;
}

async function parsed(line: string): Promise<string | undefined> {
  const words = line.replace(/ > \S+$/, '').split(' ');
  let name: string | undefined;
  const command = withAction(program(), (found) => {
    name = found;
  });
  try {
    await command.parseAsync(words, { from: 'user' });
  } catch (error) {
    if ((error as { code?: string }).code !== 'commander.helpDisplayed') throw error;
    name = words.find((word) => !word.startsWith('-'));
  }
  return name;
}

/** The Python of the cookbook that imports a package. */
const pythonWith = (name: string): string =>
  [...text.matchAll(/```python\n(.*?)```/gs)].map(([, code]) => code).find((code) => code.includes(name)) ??
  '';

/** python with pandas and rliable: name one in RLIABLE_PYTHON (pip install rliable 'pandas<3'). */
const rliablePython = process.env.RLIABLE_PYTHON;
if (rliablePython === undefined)
  console.warn('SKIPPED: rliable itself is not asked; name a python in RLIABLE_PYTHON');

it.skipIf(rliablePython === undefined)('rliable takes the scores of a comparison, read by pandas', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rliable-'));
  const made = { tasks: ['walker-walk', 'walker-run'], agents: ['sac', 'td3'], seeds: 3, evaluations: 3 };
  makeComparison(join(folder, 'results/rfm8'), made);
  const { tables } = writeReport({ directories: [join(folder, 'results/rfm8')] });
  const said = spawnSync(rliablePython ?? '', ['-W', 'ignore', '-c', pythonWith('rliable')], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(said.stderr.split('\n').filter((line) => /Error/.test(line))).toEqual([]);
  for (const agent of made.agents) {
    const [, theirs] = new RegExp(`'${agent}': array\\(\\[([\\d.]+)\\]\\)`).exec(said.stdout) ?? [];
    const ours = tables.aggregate.find((row) => row.metric === 'iqm' && row.agent === agent)?.value;
    expect(Number(theirs)).toBeCloseTo(Number(ours), 6);
  }
  rmSync(folder, { recursive: true, force: true });
});

/** python with wandb: name one in WANDB_PYTHON (pip install wandb). */
const python = process.env.WANDB_PYTHON;
if (python === undefined) console.warn('SKIPPED: W&B itself is not asked; name a python in WANDB_PYTHON');

it.skipIf(python === undefined)('W&B takes the curves of a comparison', () => {
  const program = pythonWith('wandb');
  const folder = mkdtempSync(join(tmpdir(), 'wandb-'));
  makeComparison(join(folder, 'results/rfm8'), {
    tasks: ['walker-walk'],
    agents: ['sac'],
    seeds: 2,
    evaluations: 3,
  });
  const said = spawnSync(python ?? '', ['-c', program], { cwd: folder, encoding: 'utf8' });
  expect(said.status).toBe(0);
  const returns = readFileSync(join(folder, 'results/rfm8/evaluations.csv'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('walker-walk,sac,1,15000,'))
    .map((line) => Number(line.split(',')[5]));
  // W&B's summary of a run is what was logged last.
  const mean = (returns[0] + returns[1]) / 2;
  const shown = [...said.stderr.matchAll(/evaluation\/return (\d[\d.]*)/g)].map(([, value]) => Number(value));
  expect(shown).toHaveLength(2);
  expect(shown[1]).toBeCloseTo(mean, 3);
  rmSync(folder, { recursive: true, force: true });
});

/** Small sizes, for what trains. */
const tiny =
  '--steps 20 --evaluate-every 10 --evaluation-episodes 1 --preset smoke --workers 1 --threads 1 --quiet'.split(
    ' ',
  );
const SMALL: Readonly<Record<string, string>> = {
  'rfm-flow,sac': 'random',
  sac: 'random',
  rfm8: 'cartpole-balance,pendulum-swingup',
  '2/8': '2/2',
};
/** Agents, tasks and shard as small ones. */
const small = (line: string) =>
  line.replace(
    /(--(?:agents|tasks|shard)) (\S+)/g,
    (_, option: string, value: string) => `${option} ${SMALL[value] ?? value}`,
  );

interface Recipe {
  /** The command as it is run. */
  readonly as?: string;
  /** Part of what it prints, or a file that it writes. */
  readonly says?: string | RegExp;
  readonly writes?: string;
}

/** Run one after another in one folder, in this order. */
const recipes: Readonly<Record<string, Recipe>> = {
  'compare --agents rfm-flow,sac --tasks rfm8 --seeds 5 --steps 100k --out rfm8': {
    as: `compare --agents random --tasks walker-walk --seeds 1 --backend wasm --out rfm8 ${tiny.join(' ')}`,
    writes: 'results/rfm8/report.html',
  },
  'compare --resume --out rfm8': { as: 'compare --resume --out rfm8 --quiet', says: /random .* 1 \/ 1/ },
  'compare --extend --out rfm8 --seeds 10': {
    as: 'compare --extend --out rfm8 --seeds 2 --workers 1 --quiet',
    says: /random .* 1 \/ 2/,
  },
  'compare --agents rfm-flow,sac --tasks rfm8 --backend wasm --shard 2/8 --out rfm8-2': {
    writes: 'results/rfm8-2/runs/pendulum-swingup/random/0/run.json',
  },
  'compare --agents sac --tasks rfm8 --tensorboard --out rfm8': {
    as: `compare --agents random --tasks walker-walk --seeds 1 --backend wasm --tensorboard --out board ${tiny.join(' ')}`,
    writes: 'results/board/tensorboard/walker-walk/random/seed-0',
  },
  'merge rfm8-1 rfm8-2 --out rfm8': {
    as: 'merge rfm8 board --out merged',
    writes: 'results/merged/report.html',
  },
  'compare --agents rfm-flow,sac --tasks rfm8 --out rfm8 --emit slurm > rfm8.sh': {
    says: '#SBATCH --array=',
  },
  'compare --agents sac --tasks walker-walk --backend wasm --out walk --emit github > walk.yml': {
    says: 'matrix:',
  },
  list: { says: /^rfm8 +done +2\/2/m },
  'rollout results/rfm8/runs/walker-walk/sac/0 --page walk.html': { writes: 'walk.html' },
  'rollout results/rfm8/runs/walker-walk/sac/0 --out walk.csv': { writes: 'walk.csv' },
  'report rfm8 --tensorboard': { writes: 'results/rfm8/tensorboard/walker-walk/random/seed-1' },
  'report rfm8': { says: 'report: results/rfm8/report.html' },
  'report rfm8 --tasks walker-walk,walker-run --agents rfm-flow,sac --seeds 1 --until 50k': {
    as: 'report rfm8 --tasks walker-walk --agents random --seeds 1 --until 10',
    says: /random .* 1 \/ 1/,
  },
  'report rfm8 --latex > table.tex': { says: '\\toprule' },
  'report rfm8 --markdown': { says: '| walker-walk' },
  'report rfm8 --interval rliable': { says: 'random' },
  'report rfm8 --score-range my-task=-200,0': {
    as: 'report rfm8 --score-range walker-walk=-200,200',
    says: 'random',
  },
  'report rfm8 --score-range walker-walk=30,900': { says: 'random' },
  'report rfm8 --references published.csv --score-range random,human': { says: 'random' },
  'report rfm8 --references published.csv': { says: 'random' },
  'report rfm8 mine --out results/both': { says: 'td3' },
  'report --scores scores.csv --score-range 0,1 --out others': { writes: 'others/report.html' },
  'report rfm8 --json': { says: '"aggregate": [' },
  'train ./my-agent.ts cartpole-swingup --preset smoke --steps 5k': {
    as: `train ./my-agent.ts cartpole-swingup --preset smoke --out trained ${tiny.join(' ')}`,
    writes: 'results/trained/runs/cartpole-swingup/my-agent/0/run.json',
  },
  'bench update ./my-agent.ts --backend eager --debug-numerics --rounds 1': {
    as: 'bench update ./my-agent.ts --backend eager --debug-numerics --rounds 1 --preset smoke --seconds 0.1',
    says: 'my-agent',
  },
  'agents sac': { says: 'discount' },
  tasks: { says: 'walker-walk' },
  'bench update --help': { says: 'Usage: harness bench update' },
  'trace --help': { says: 'Usage: harness trace' },
};

/** Of these only the words are read, for that reason; the tests that run them at small sizes. */
const onlyRead: Readonly<Record<string, string>> = {
  'compare --quick': 'trains for minutes',
  'compare --agents ./my-agent.ts --against baselines --out mine': 'test/harness/cli/commands.test.ts',
  'compare --config comparison.yaml --dry-run': 'measures this machine; test/harness/plan/estimate.test.ts',
  'compare --extend --out rfm8 --agents ./my-agent.ts': 'test/harness/comparison/grow.test.ts',
  'compare --extend --out rfm8 --tasks humanoid-walk': 'test/harness/comparison/grow.test.ts',
  'compare --extend --out rfm8 --steps 200k': 'test/harness/comparison/grow.test.ts',
  'compare --sweep rfm-flow.tMin=0.003,0.01,0.03 --tasks walker-walk --out sweep':
    'test/harness/plan/settings.test.ts',
  'compare --executor bullmq --redis redis://lab:6379 --out rfm8': 'needs Redis; test/e2e/queue.test.ts',
  'playground --open': 'serves until it is ended; test/e2e/playground.test.ts',
  view: 'serves until it is ended; test/harness/view/viewer.test.ts',
  'view rfm8': 'serves until it is ended; test/e2e/view.test.ts',
  'view rfm8 --open': 'serves until it is ended; test/e2e/view.test.ts',
  'rollout results/rfm8/runs/walker-walk/sac/0 --video walk.mp4':
    'needs a browser; test/harness/replay/video.test.ts',
  'check-agent ./my-agent.ts': 'takes long; test/e2e/check-apart.test.ts',
  'check-task ./my-task.ts': 'takes long; test/e2e/check-apart.test.ts',
  'verify results/curves/sac-qsm --run walker-walk/sac/0':
    'trains for hours; test/harness/comparison/verify.test.ts',
  'compare --backend wasm --out bits': 'the default comparison of hours',
  doctor: 'measures this machine; test/harness/cli/wrong-input.test.ts',
};

describe('the cookbook', () => {
  it('has commands', () => {
    expect(lines.length).toBeGreaterThan(40);
  });

  it('is run but for what is named here with its reason', () => {
    expect([...Object.keys(recipes), ...Object.keys(onlyRead)].sort()).toEqual([...lines].sort());
  });

  it.each(lines)('npx harness %s', async (line) => {
    expect(line.split(' ').slice(0, 2)).toContain(await parsed(line)); // `bench update` is one of bench's
  });

  it('would tell of an option that is gone', async () => {
    await expect(parsed('compare --quik')).rejects.toThrow(/unknown option '--quik'/);
    await expect(parsed('compare --emit pbs')).rejects.toThrow(/Allowed choices are slurm, github/);
  });
});

describe('its commands, one after another', () => {
  const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
  const folder = workplace({
    'my-agent.ts': read('examples/my-agent.ts'),
    'published.csv': 'task,agent,score\nwalker-walk,random,1\nwalker-walk,human,900\n',
    'scores.csv': 'task,agent,seed,score\nhop,a,0,0.5\nhop,a,1,0.7\nhop,a,2,0.6\n',
  });
  makeComparison(join(folder, 'results/mine'), {
    tasks: ['walker-walk'],
    agents: ['td3'],
    seeds: 3,
    evaluations: 2,
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(Object.entries(recipes))('npx harness %s', async (line, { as, says, writes }) => {
    const trains = line.startsWith('compare ') && as === undefined && !line.includes('--emit');
    const words = (
      as ?? `${small(line.replace(/ > \S+$/, ''))}${trains ? ` --seeds 1 ${tiny.join(' ')}` : ''}`
    )
      .replace('walker-walk/sac/0', 'walker-walk/random/0')
      .split(' ');
    const { code, stdout, stderr } = await builtCommand(folder, ...words);
    expect([code, stderr.replaceAll(/^(note|results): .*\n/gm, '')]).toEqual([0, '']);
    if (says !== undefined) expect(stdout).toMatch(says);
    if (writes !== undefined) expect(existsSync(join(folder, writes)), writes).toBe(true);
  });
});
