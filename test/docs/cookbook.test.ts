import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { program } from '../../harness/cli/main.ts';

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
