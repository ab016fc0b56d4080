import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { program } from '../../harness/cli/main.ts';
import { makeComparison } from '../harness/report/made-comparison.ts';

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

/** python with wandb: name one in WANDB_PYTHON (pip install wandb). */
const python = process.env.WANDB_PYTHON;
if (python === undefined) console.warn('SKIPPED: W&B itself is not asked; name a python in WANDB_PYTHON');

it.skipIf(python === undefined)('W&B takes the curves of a comparison', () => {
  const [, program] = /```python\n(.*?)```/s.exec(text) ?? [];
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

describe('the cookbook', () => {
  it('has commands', () => {
    expect(lines.length).toBeGreaterThan(40);
  });

  it.each(lines)('npx harness %s', async (line) => {
    expect(await parsed(line)).toBe(line.split(' ')[0]);
  });

  it('would tell of an option that is gone', async () => {
    await expect(parsed('compare --quik')).rejects.toThrow(/unknown option '--quik'/);
    await expect(parsed('compare --emit pbs')).rejects.toThrow(/Allowed choices are slurm, github/);
  });
});
