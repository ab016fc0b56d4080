import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { makeComparison } from '../harness/report/made-comparison.ts';
import { workplace } from './support/command.ts';

const bin = fileURLToPath(new URL('../../bin/harness.js', import.meta.url));
const shell = (script: string, cwd: string, env: NodeJS.ProcessEnv = process.env) =>
  spawnSync('bash', ['-c', script, process.execPath, bin], { cwd, env, encoding: 'utf8' });

describe('a command whose output cannot be written', () => {
  it.skipIf(!existsSync('/dev/full'))('says so and fails', () => {
    const folder = workplace();
    makeComparison(`${folder}/results/made`, { tasks: ['t'], agents: ['a'], seeds: 3, evaluations: 2 });
    for (const words of ['list', 'report made --json']) {
      const { status, stderr } = shell(`"$0" "$1" ${words} > /dev/full`, folder);
      expect([status, stderr]).toEqual([1, 'harness: cannot write to standard output: the disk is full\n']);
    }
  });

  it('fails where a file may not become that large, and is whole where it may', () => {
    const folder = workplace();
    makeComparison(`${folder}/results/made`, { tasks: ['t'], agents: ['a'], seeds: 3, evaluations: 2 });
    const limited = shell('ulimit -f 4; "$0" "$1" report made --json > short.json', folder);
    expect([limited.status, limited.stderr]).toEqual([
      1,
      'harness: cannot write to standard output: the limit of file sizes is reached\n',
    ]);
    const whole = shell('"$0" "$1" report made --json > whole.json && cat whole.json', folder);
    expect(JSON.parse(whole.stdout).profiles).toHaveLength(101);
  });
});

it('commands work for a user without a home', () => {
  const env = { ...process.env, HOME: '', XDG_CACHE_HOME: '', XDG_STATE_HOME: '' };
  const folder = workplace();
  const { status, stdout } = shell('"$0" "$1" worker --help && ls -A', folder, env);
  expect(status).toBe(0);
  expect(stdout).toContain('Usage: harness worker');
  expect(stdout).not.toContain('.local');
});
