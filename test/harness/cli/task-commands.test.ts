import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import type { Trace } from '../../../envs/trace.ts';
import { traceDifference } from '../../../envs/trace-difference.ts';
import { benchEnvCommand } from '../../../harness/cli/bench/env.ts';
import { checkTaskCommand } from '../../../harness/cli/check-task.ts';
import { tasksCommand } from '../../../harness/cli/tasks.ts';
import { traceCommand } from '../../../harness/cli/trace.ts';
import { recordedTrace } from '../../envs/recorded-traces.ts';
import { shortBalance } from '../support/task-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'harness-tasks-'));
afterAll(() => rmSync(folder, { recursive: true }));

let log: MockInstance<typeof console.log>;
beforeEach(() => {
  log = vi.spyOn(console, 'log').mockImplementation(() => {});
});
afterEach(() => log.mockRestore());

/** What a command prints. */
async function printed(command: Command, ...argv: string[]): Promise<string> {
  command.exitOverride().configureOutput({ writeErr: () => {} });
  await command.parseAsync(argv, { from: 'user' });
  return log.mock.calls.map((call) => String(call[0])).join('\n');
}

describe('harness trace', () => {
  test('prints the layout of the recorded traces, equal to them for the same seed', async () => {
    const out = await printed(
      traceCommand(),
      ...['--task', 'cheetah-run', '--seed', '0,2', '--steps', '30', '--format', 'json'],
    );
    const trace = JSON.parse(out) as Trace;
    const recorded = recordedTrace('cheetah-run');
    expect(Object.keys(trace)).toEqual(Object.keys(recorded));
    for (const [found, expected] of [
      [trace.seeds[0], recorded.seeds[0]],
      [trace.seeds[1], recorded.seeds[2]],
    ]) {
      expect(Object.keys(found)).toEqual(Object.keys(expected));
      expect(Object.keys(found.reset)).toEqual(Object.keys(expected.reset));
      expect(Object.keys(found.steps[0])).toEqual(Object.keys(expected.steps[0]));
      const { reset, qpos, qvel } = traceDifference(found, expected);
      expect(Math.max(reset, qpos)).toBeLessThan(1e-9);
      expect(qvel).toBeLessThan(1e-8);
      expect(found.openLoop?.return_total).toBeCloseTo(Number(expected.openLoop?.return_total), 6);
    }
  });

  test('leaves the whole episode out where it is not wanted', async () => {
    const out = await printed(
      traceCommand(),
      ...['--task', 'pendulum-swingup', '--steps', '2', '--format', 'json', '--no-whole-episode'],
    );
    expect(Object.keys((JSON.parse(out) as Trace).seeds[0])).toEqual([
      'seed',
      'reset',
      'steps',
      'secondReset',
    ]);
  });

  test.each([
    ['a folder', folder, /^cannot read the trace .*EISDIR/],
    ['no gzip', 'text.json.gz', /^cannot read the trace .*incorrect header check/],
    ['no JSON', 'text.json', /^cannot read the trace .*not valid JSON/],
    ['a number', '5', /is no trace: expected keys with values/],
    ['no seeds', '{"task":"walker-walk"}', /is no trace: seeds: is missing; expected a list/],
    [
      'no state',
      '{"task":"walker-walk","seeds":[{"seed":0,"reset":{}}]}',
      /is no trace: seeds\.0\.reset\.qpos: /,
    ],
  ])('refuses to replay %s', async (_, content, message) => {
    const text = content.startsWith('text') ? 'not a trace' : content;
    const file =
      content === folder ? folder : join(folder, content.startsWith('text') ? content : 'trace.json');
    if (file !== folder) writeFileSync(file, text);
    await expect(printed(traceCommand(), '--teacher-forced', file)).rejects.toThrow(message);
  });

  test('replays a recorded trace step by step, and shows the step of a fault', async () => {
    const recorded = recordedTrace('walker-walk');
    const faulty = structuredClone(recorded);
    faulty.seeds[0].steps[4].qvel[3] = Number(faulty.seeds[0].steps[4].qvel[3]) + 0.5;
    const file = join(folder, 'walker.json');
    writeFileSync(file, JSON.stringify(faulty));
    const out = await printed(traceCommand(), '--teacher-forced', file, '--format', 'json');
    const { seeds } = JSON.parse(out) as {
      seeds: { seed: number; steps: { step: number; qvel: number }[] }[];
    };
    const far = seeds.flatMap(({ seed, steps }) =>
      steps.filter(({ qvel }) => qvel > 1e-8).map(({ step }) => `seed ${seed} step ${step}`),
    );
    // The step that ends in the changed state, and the one that starts from it.
    expect(far).toEqual(['seed 0 step 5', 'seed 0 step 6']);
  });

  test("replays a trace of a user's task, which its file names", async () => {
    const file = join(folder, 'short.ts');
    writeFileSync(file, shortBalance);
    const recorded = await printed(
      traceCommand(),
      ...['--task', file, '--steps', '5', '--format', 'json', '--no-whole-episode'],
    );
    log.mockClear();
    writeFileSync(join(folder, 'short.json'), recorded);
    const forced = ['--teacher-forced', join(folder, 'short.json'), '--format', 'json'];
    const out = JSON.parse(await printed(traceCommand(), '--task', file, ...forced)) as {
      task: string;
      seeds: { steps: { qpos: number }[] }[];
    };
    expect(out.task).toBe('short-balance');
    expect(out.seeds[0].steps.map(({ qpos }) => qpos)).toEqual(Array.from({ length: 5 }, () => 0));
    await expect(printed(traceCommand(), '--task', 'cheetah-run', ...forced)).rejects.toThrow(
      'short.json is a trace of short-balance, not of cheetah-run',
    );
  });

  test.each([
    [['--seed', '0'], 'a trace needs a task'],
    [['--task', 'cheetah-rn'], "unknown task or suite 'cheetah-rn'; did you mean 'cheetah-run'?"],
    [
      ['--task', 'rfm8'],
      "'rfm8' is 8 tasks (cheetah-run, cartpole-swingup, fish-swim, fish-upright, walker-walk, walker-run, finger-spin, finger-turn_hard), a trace is of one: name one of them",
    ],
    [['--task', 'cheetah-run', '--seed', '-1'], "'-1' is no whole number from 0"],
    [['--task', 'cheetah-run', '--steps', 'many'], "'many' is no whole number from 0"],
    [['--teacher-forced', 'nowhere.json'], 'cannot find the trace nowhere.json'],
    [['--teacher-forced', 'package.json'], 'package.json is no trace'],
  ])('%j is refused', async (argv, message) => {
    await expect(printed(traceCommand(), ...argv)).rejects.toThrow(message);
  });
});

test('harness tasks tells sizes, lengths, steps and suites', async () => {
  const rows = JSON.parse(
    await printed(tasksCommand(), 'cheetah-run', 'quadruped-fetch', '--json', '--speed'),
  );
  expect(rows).toMatchObject([
    {
      domain: 'cheetah',
      task: 'cheetah-run',
      observationSize: 17,
      actionSize: 6,
      episodeLength: 1000,
      controlStep: 0.01,
      reward: 'dense',
      suites: ['rfm8', 'domains', 'dmc28'],
    },
    { task: 'quadruped-fetch', observationSize: 90, actionSize: 12, controlStep: 0.02, suites: [] },
  ]);
  expect(rows[0].stepsPerSecond).toBeGreaterThan(100);
});

test.each([
  // arXiv 2601.08136, run.sh of its program
  [
    'rfm8',
    'cheetah-run cartpole-swingup fish-swim fish-upright walker-walk walker-run finger-spin finger-turn_hard',
  ],
  [
    'domains',
    'cartpole-swingup cheetah-run finger-turn_hard fish-swim hopper-stand humanoid-walk quadruped-walk walker-run',
  ],
])('the suite %s is its eight tasks', async (name, expected) => {
  const rows = JSON.parse(await printed(tasksCommand(), name, '--json')) as { task: string }[];
  expect(rows.map(({ task }) => task)).toEqual(expected.split(' '));
});

test('the name of a domain is answered with its tasks, and a name given by two files is refused', async () => {
  await expect(printed(tasksCommand(), 'reacher')).rejects.toThrow(
    "unknown task or suite 'reacher'; the tasks of reacher are reacher-easy, reacher-hard",
  );
  const file = join(folder, 'again.ts');
  writeFileSync(
    file,
    `import { defineTask } from 'rfm-harness';
     export default defineTask('walker-walk', { timeLimit: 1, reward: () => 0,
       observe(physics, observation) { observation.add('time', physics.time); } });`,
  );
  await expect(printed(tasksCommand(), 'walker-walk', 'rfm8', file)).rejects.toThrow(
    `two tasks are called 'walker-walk', by the harness itself and ${file}; give one another name`,
  );
});

test('harness bench env tells speed and overhead', async () => {
  const rows = JSON.parse(
    await printed(benchEnvCommand(), 'pendulum-swingup', '--seconds', '0.05', '--json'),
  );
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ task: 'pendulum-swingup' });
  expect(rows[0].controlStepsPerSecond).toBeGreaterThan(1000);
  expect(rows[0].bareStepsPerSecond).toBeGreaterThan(1000);
  await expect(printed(benchEnvCommand(), '--seconds', '0')).rejects.toThrow("'0' is no number above 0");
});

test('harness bench env measures a task whose episodes end early', async () => {
  const file = join(folder, 'short-task.ts');
  const parking = readFileSync('examples/my-task.ts', 'utf8');
  const ending = 'timeLimit: 5, terminates: (physics) => Math.abs(physics.qpos[0]) > 1, ';
  writeFileSync(file, parking.replace('timeLimit: 5,', ending));
  const [speed] = JSON.parse(await printed(benchEnvCommand(), file, '--seconds', '0.05', '--json'));
  expect(speed.controlStepsPerSecond).toBeGreaterThan(100);
  expect(speed.resetMilliseconds).toBeGreaterThan(0);
});

describe('harness check-task', () => {
  test('keeps the template’s promises', async () => {
    const out = await printed(checkTaskCommand(), 'examples/my-task.ts');
    expect(out).toContain('parking-easy: 8 promise(s) kept, 0 broken');
  });

  test('names the broken promise, and the line of broken MJCF', async () => {
    const file = join(folder, 'broken-task.ts');
    writeFileSync(
      file,
      `import { defineTask } from 'rfm-harness';
       export default defineTask('broken-one', {
         model: '<mujoco>\\n<worldbody>\\n<body/>\\n<geom type="cube"/></worldbody></mujoco>',
         timeLimit: 1, observe() {}, reward: () => 0 });`,
    );
    const out = printed(checkTaskCommand(), file);
    await expect(out).rejects.toThrow('exit 1');
    const text = log.mock.calls.map((call) => String(call[0])).join('\n');
    expect(text).toMatch(
      /BROKEN {2}an environment can be made of it[^\n]*[\s\S]*broken-one: .*'cube'.*line 4/,
    );
  });
});
