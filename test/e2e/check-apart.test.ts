import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Finding } from '../../harness/plugins/check/apart.ts';
import { agentFile, endlessLoop } from '../harness/support/agent-files.ts';
import { builtCommand } from '../harness/support/command.ts';
import { pause, start, workplace } from './support/command.ts';

// As built, as the command has it: from source, starting the other process takes ten times as long.
const { checkApart } = (await import(
  new URL('../../dist/harness/plugins/check/apart.js', import.meta.url).href
)) as typeof import('../../harness/plugins/check/apart.ts');

const agents = {
  leaving: { act: 'process.exit(0);' },
  rejecting: { update: "Promise.reject(new Error('unheard')); return {};" },
  greedy: {
    prelude: 'const hoard: unknown[] = [];',
    update: 'for (;;) hoard.push(new Array(1e7));', // 80 MB each
  },
  painting: { update: "throw new Error('a\\u001b[2Jb');" },
  noisy: {
    prelude: "console.log('loaded');",
    act: "console.log('act\\u0007'); return new Float32Array(count * 2);",
  },
  changing: { act: 'observations.fill(0); return new Float32Array(count * context.action.size);' },
};
const folder = workplace({
  ...Object.fromEntries(
    Object.entries(agents).map(([name, parts]) => [`${name}.ts`, agentFile({ name, ...parts })]),
  ),
  'ending.ts': agentFile({ name: 'ending', prelude: 'process.exit(0);' }),
  'sturdy.ts': agentFile({ name: 'sturdy' }),
  'loud.ts': agentFile({ name: 'loud' }).replace("'none'", "'\\u001b[2Jnone'"),
  'guarded.ts': agentFile({ name: 'guarded' }).replace(
    '  config,',
    "  get config(): never { throw new Error('mine'); },",
  ),
  'old.cjs': `
    const { z } = require('zod');
    const size = { batchSize: 8, randomSteps: 20, updatesPerStep: 0, replayCapacity: 120 };
    const number = z.number();
    module.exports = {
      name: 'old', description: 'CommonJS', reference: 'none',
      config: z.strictObject({ batchSize: number, randomSteps: number, updatesPerStep: number, replayCapacity: number }),
      presets: { paper: size, laptop: size, smoke: size },
      create: async ({ action }) => ({
        act: async (observations, count) => new Float32Array(count * action.size),
        update: async () => ({}),
        save: async () => ({ arrays: {}, values: {} }),
        load: async () => {},
        dispose: async () => { throw new Error('stays') },
      }),
    };`,
  'stuck.ts': `
    import { writeFileSync } from 'node:fs';
    writeFileSync('stuck.pid', String(process.pid));
    ${endlessLoop}`,
  'loop.ts': `
    import { defineTask } from 'rfm-harness';
    export default defineTask('endless-loop', {
      model: '<mujoco><worldbody><body><joint name="j" type="slide"/><geom size="1"/></body></worldbody>' +
        '<actuator><motor joint="j" ctrllimited="true" ctrlrange="-1 1"/></actuator></mujoco>',
      timeLimit: 1, observe(physics, observation) { observation.add('qpos', physics.qpos); },
      reward: () => { ${endlessLoop} } });`,
});

const check = (...words: string[]) => builtCommand(folder, ...words);

describe('harness check-agent', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each([
    ['leaving', 1, /BROKEN {2}acts: .*\n {6}its process ended by itself with exit code 0/],
    ['rejecting', 1, /BROKEN {2}updates: .*\n {6}a promise was rejected and nobody handled it: unheard/],
    ['greedy', 1, /BROKEN {2}updates: .*\n {6}its process ran out of memory/],
    ['painting', 1, /BROKEN {2}updates: .*\n {6}update\(\) threw: a\\x1b\[2Jb/],
    ['changing', 1, /BROKEN {2}acts: .*\n {6}act\(\) changed the observations/],
    ['sturdy', 0, /sturdy: 9 promise\(s\) kept, 0 broken/],
  ])('%s: exit code %i', async (name, code, said) => {
    if (name === 'greedy') vi.stubEnv('NODE_OPTIONS', '--max-old-space-size=200');
    const outcome = await check('check-agent', `./${name}.ts`);
    expect(outcome.stdout).toMatch(said);
    expect(outcome).toMatchObject({ code, stderr: '' });
  });

  it('keeps what an agent prints out of its JSON', async () => {
    const { stdout, stderr } = await check('check-agent', './noisy.ts', '--json');
    expect(JSON.parse(stdout).agent).toBe('noisy');
    expect(stderr).toContain('loaded\nact\\x07\n');
  });

  it('takes CommonJS, and tells of an agent that cannot be disposed of', async () => {
    const { stdout, code } = await check('check-agent', './old.cjs');
    expect(stdout).toMatch(/BROKEN {2}is disposed of without an error\n {6}dispose\(\) threw: stays/);
    expect(stdout).toContain('old: 8 promise(s) kept, 1 broken');
    expect(code).toBe(1);
  });

  it('refuses a file that ends the process, and names it', async () => {
    const line = 'harness: ./ending.ts fails to load: process.exit(0) was called (line 4)\n';
    for (const command of [
      ['check-agent', './ending.ts'],
      ['compare', '--agents', './ending.ts', '--dry-run'],
    ]) {
      expect(await check(...command)).toMatchObject({ code: 2, stdout: '', stderr: line });
    }
  });
});

it('agents shows the control characters of a file, and names one that cannot be looked at', async () => {
  expect((await check('agents', './loud.ts')).stdout).toContain('A tiny agent for tests (\\x1b[2Jnone)');
  const stderr = 'harness: ./guarded.ts: looking at its default export threw: mine\n';
  expect(await check('agents', './guarded.ts')).toMatchObject({ code: 2, stdout: '', stderr });
});

it('a signal that ends the command ends the blocked process of the check', async () => {
  const { child, ended } = start(folder, 'check-task', './stuck.ts');
  const marker = () => existsSync(join(folder, 'stuck.pid'));
  while (!marker()) await pause(50);
  const blocked = Number(readFileSync(join(folder, 'stuck.pid'), 'utf8'));
  const state = () => spawnSync('ps', ['-o', 'stat=', '-p', String(blocked)], { encoding: 'utf8' }).stdout;
  expect(state()).toMatch(/^[RS]/);
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ signal: 'SIGTERM' });
  await pause(200);
  expect(state()).toMatch(/^(Z.*)?\s*$/); // gone, or dead and not yet collected
});

it('a task that never returns breaks the promise that was being tried', async () => {
  const findings: Finding[] = [];
  const order = { kind: 'task', name: `${folder}/loop.ts`, preset: 'smoke' } as const;
  for await (const finding of checkApart(order, 4)) findings.push(finding);
  expect(findings.map(({ subject, verdict }) => [subject, verdict.passed])).toEqual([
    ['endless-loop', true],
    ['endless-loop', true],
    ['endless-loop', false],
  ]);
  expect(findings[2].verdict).toMatchObject({
    promise: expect.stringContaining('a whole episode'),
    detail: 'its process gave no sign of life for 4 s (a loop without an end?)',
  });
});
