import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { agentFile, endlessLoop } from '../harness/support/agent-files.ts';
import { builtCommand } from '../harness/support/command.ts';
import { workplace } from './support/command.ts';

// As built, as the command has it: from source, starting the other process takes much of the time given here.
const built = (path: string) => new URL(`../../dist/harness/${path}.js`, import.meta.url);
const { askOfFile } = (await import(
  built('plugins/apart').href
)) as typeof import('../../harness/plugins/apart.ts');
const { tasksOfFile } = (await import(
  built('plugins/load-task').href
)) as typeof import('../../harness/plugins/load-task.ts');
const agentOfFile = (file: string, seconds: number) =>
  askOfFile(
    file,
    { module: built('inspect/agents'), name: 'tellAgent', order: file, news: z.unknown() },
    seconds,
  );

const tellsItsProcess = (name: string) =>
  `import { writeFileSync } from 'node:fs'; writeFileSync(__dirname + '/${name}.pid', String(process.pid));`;

const folder = workplace({
  'looping.ts': `${tellsItsProcess('looping')} ${endlessLoop}`,
  'waiting.ts': `${tellsItsProcess('waiting')} await new Promise(() => {}); export default {};`,
  'rejecting.ts': `Promise.reject(new Error('unheard')); ${agentFile({ name: 'rejecting' })}`,
  'leaving.ts': 'process.reallyExit(0); export default {};',
  'endless-environment.ts': `export default class { constructor() { ${endlessLoop} } }`,
  'noisy.ts': `console.log('loaded'); ${agentFile({ name: 'noisy' })}`,
  'silent.ts': agentFile({ name: 'silent', act: 'return new Promise(() => {});' }),
  'spinning.ts': agentFile({ name: 'spinning', act: endlessLoop }),
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
  it.concurrent.each(['looping', 'waiting'])(
    '%s: named after the time for loading, nothing left running',
    async (name) => {
      const file = join(folder, `${name}.ts`);
      const reason = `${file} fails to load: still loading after 6 s (a loop without an end, or a promise that never settles?)`;
      await expect(agentOfFile(file, 6)).rejects.toThrow(reason);
      expect(stillRuns(name)).toBe(false);
    },
  );

  it.concurrent('an environment whose constructor loops is named too', async () => {
    const file = join(folder, 'endless-environment.ts');
    await expect(tasksOfFile(file, 4)).rejects.toThrow(`${file} fails to load: still loading after 4 s`);
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
    expect(await builtCommand(folder, ...words)).toMatchObject({ code: 2, stdout: '', stderr });
  });

  it('what it prints is shown once', async () => {
    expect((await builtCommand(folder, 'agents', './noisy.ts')).stderr).toBe('loaded\n');
  });

  const never = `agent 'silent' (${folder}/silent.ts): act() never returned (a promise that never settles)`;
  it('rollout names an agent that never answers', async () => {
    const words = ['rollout', '--agent', './silent.ts', '--task', 'cartpole-balance'];
    expect(await builtCommand(folder, ...words)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `harness: ${never}\n`,
    });
  });

  it('smoke names it too, and goes on with the others', async () => {
    const { code, stdout } = await builtCommand(
      folder,
      'smoke',
      './silent.ts',
      'random',
      '--tasks',
      'cartpole-balance',
    );
    expect(stdout).toMatch(
      /^FAILED {2}silent on cartpole-balance \(.* s\): (.*)\nok {6}random on .*\n1 of 2 ok\n$/,
    );
    expect(stdout).toContain(`: ${never}\n`);
    expect(code).toBe(1);
  });

  it.each([
    ['smoke', './spinning.ts', '--tasks', 'cartpole-balance'],
    ['rollout', '--agent', './spinning.ts', '--task', 'cartpole-balance'],
  ])('%s ends an agent that loops without an end', async (...words) => {
    const { code, stdout, stderr } = await builtCommand(folder, ...words, '--stall-seconds', '2');
    expect(`${stdout}${stderr}`).toContain(
      `agent 'spinning' (${folder}/spinning.ts): its process gave no sign of life for 2 s (a loop without an end?)\n`,
    );
    expect(code).toBe(1);
  });

  it('--debug shows where a file threw', async () => {
    const { stderr, code } = await builtCommand(folder, 'agents', './throwing.ts', '--debug');
    expect(stderr).toMatch(/at deep .*throwing\.ts/);
    expect(code).toBe(2);
  });
});
