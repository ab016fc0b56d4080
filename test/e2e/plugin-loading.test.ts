import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agentFile } from '../harness/support/agent-files.ts';
import { harness, workplace } from './support/command.ts';

// As built, as the command has it: from source, starting the other process takes much of the time given here.
const { loadApart } = (await import(
  new URL('../../dist/harness/plugins/check/apart.js', import.meta.url).href
)) as typeof import('../../harness/plugins/check/apart.ts');

const tellsItsProcess = (name: string) =>
  `import { writeFileSync } from 'node:fs'; writeFileSync(__dirname + '/${name}.pid', String(process.pid));`;

const folder = workplace({
  'looping.ts': `${tellsItsProcess('looping')} for (;;) {}`,
  'waiting.ts': `${tellsItsProcess('waiting')} await new Promise(() => {}); export default {};`,
  'rejecting.ts': `Promise.reject(new Error('unheard')); ${agentFile({ name: 'rejecting' })}`,
  'leaving.ts': 'process.reallyExit(0); export default {};',
  'endless-environment.ts': 'export default class { constructor() { for (;;) {} } }',
  'noisy.ts': `console.log('loaded'); ${agentFile({ name: 'noisy' })}`,
  'silent.ts': agentFile({ name: 'silent', act: 'return new Promise(() => {});' }),
  'throwing.ts': "function deep() { throw new Error('no'); } deep(); export default {};",
});

const stillRuns = (name: string) =>
  /^[RSD]/.test(
    spawnSync('ps', [
      '-o',
      'stat=',
      '-p',
      readFileSync(join(folder, `${name}.pid`), 'utf8'),
    ]).stdout.toString(),
  );

describe('a file is loaded in a process of its own first', () => {
  it.each(['looping', 'waiting'])(
    '%s: named after the time for loading, nothing left running',
    async (name) => {
      const file = join(folder, `${name}.ts`);
      const reason = `${file} fails to load: still loading after 6 s (a loop without an end, or a promise that never settles?)`;
      await expect(loadApart('agent', file, 6)).rejects.toThrow(reason);
      expect(stillRuns(name)).toBe(false);
    },
  );

  it('an environment whose constructor loops is named too', async () => {
    const file = join(folder, 'endless-environment.ts');
    await expect(loadApart('task', file, 4)).rejects.toThrow(
      `${file} fails to load: still loading after 4 s`,
    );
  });

  const rejected =
    'harness: ./rejecting.ts: while it was loaded, a promise was rejected and nobody handled it: unheard\n';
  it.each([
    [['compare', '--dry-run', '--agents', './rejecting.ts'], rejected],
    [['smoke', './rejecting.ts'], rejected],
    [
      ['rollout', '--agent', './leaving.ts', '--task', 'cartpole-balance'],
      'harness: ./leaving.ts: its process ended by itself with exit code 0 while it was loaded\n',
    ],
  ])('%j is refused', async (words, stderr) => {
    expect(await harness(folder, ...words)).toMatchObject({ code: 2, stdout: '', stderr });
  });

  it('what it prints is shown once', async () => {
    expect((await harness(folder, 'agents', './noisy.ts')).stderr).toBe('loaded\n');
  });

  it.each([
    ['rollout', '--agent', './silent.ts', '--task', 'cartpole-balance'],
    ['smoke', './silent.ts', '--tasks', 'cartpole-balance'],
  ])('%s %s %s names an agent that never answers', async (...words) => {
    const stderr = `harness: agent 'silent' (${folder}/silent.ts): act() never returned (a promise that never settles)\n`;
    expect(await harness(folder, ...words)).toMatchObject({ code: 1, stdout: '', stderr });
  });

  it('--debug shows where a file threw', async () => {
    const { stderr, code } = await harness(folder, 'agents', './throwing.ts', '--debug');
    expect(stderr).toMatch(/at deep .*throwing\.ts/);
    expect(code).toBe(2);
  });
});
