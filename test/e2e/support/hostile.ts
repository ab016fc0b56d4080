/** A comparison of agents that do what no agent should. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { agentFile, endlessLoop } from '../../harness/support/agent-files.ts';
import { harness, type Outcome, workplace } from './command.ts';

/** What is wrong with each agent, and the reason that its run must give; what needs no process: faulty-agents.test.ts. */
export const hostile: Record<string, { file: string; reason: RegExp }> = {
  nan: {
    file: agentFile({ name: 'nan', act: 'return new Float32Array(count * context.action.size).fill(NaN);' }),
    reason:
      /agent 'nan' \(.*nan\.ts\): act\(\) returned a non-finite action: NaN at index 0; expected finite numbers in \[-1, 1\]/,
  },
  silent: {
    file: agentFile({ name: 'silent', act: 'return new Promise(() => {});' }),
    reason: /agent 'silent' .*act\(\) did not return within 10 s/,
  },
  spinning: {
    file: agentFile({ name: 'spinning', update: endlessLoop }),
    reason: /agent 'spinning' \(.*spinning\.ts\): its process gave no sign of life/,
  },
  leaving: {
    file: agentFile({ name: 'leaving', update: 'process.exit(0);' }),
    reason: /its process ended by itself with exit code 0/,
  },
  later: {
    file: agentFile({
      name: 'later',
      create: "setTimeout(() => { throw new Error('from a timer'); }, 300);",
    }),
    reason: /^agent 'later' \(.*later\.ts\): thrown outside of any call: from a timer$/,
  },
  rejecting: {
    file: agentFile({ name: 'rejecting', update: "Promise.reject(new Error('unheard')); return {};" }),
    reason: /^agent 'rejecting' \(.*\): a promise was rejected and nobody handled it: unheard$/,
  },
  // Clears the screen, and forges a line of the harness.
  painting: {
    file: agentFile({
      name: 'painting',
      update: "throw new Error('a\\u001b[2Jb\\rharness: all fine\\n\\nc');",
    }),
    reason: /^agent 'painting' .*: update\(\) threw: a\\x1b\[2Jb\\x0dharness: all fine c( \(.*:\d+\))?$/,
  },
  greedy: {
    file: agentFile({
      name: 'greedy',
      prelude: 'const hoard: number[][] = [];',
      update: 'for (;;) hoard.push(new Array(1e6).fill(Math.random()));',
    }),
    reason: /its process ran out of memory|SIGKILL/,
  },
  // What the kernel does to a process when the machine has no memory left.
  reaped: {
    file: agentFile({ name: 'reaped', update: "process.kill(process.pid, 'SIGKILL'); return {};" }),
    reason: /^its process was killed \(SIGKILL; perhaps the machine ran out of memory\)$/,
  },
  noisy: {
    file: agentFile({
      name: 'noisy',
      prelude: "console.log('loaded'); process.stdout.write('\\u001b[2J');",
      create: `
        console.log('garbage'.repeat(1000));
        process.stdout.write(Buffer.from([0, 255, 27, 7]));
        process.send?.({ type: 'ended', status: 'excellent' });
        process.send?.('garbage');
        process.send?.({ type: 'progress', step: 'many' });`,
    }),
    reason: /^$/,
  },
};

/** A comparison of these agents with one that is none of them. */
export function hostileComparison(names: readonly string[]): void {
  const tried = Object.entries(hostile).filter(([name]) => names.includes(name));
  let outcome: Outcome;
  let folder: string;
  let runs: { agent: string; status: string; reason?: string; attempts: number; steps: number }[];

  beforeAll(async () => {
    const files = tried.map(([name, { file }]) => [`${name}.ts`, file]);
    folder = workplace(Object.fromEntries(files));
    const agents = ['random', ...names.map((name) => `./${name}.ts`)].join(',');
    process.env.NODE_OPTIONS = '--max-old-space-size=200';
    outcome = await harness(
      folder,
      ...['compare', '--agents', agents, '--tasks', 'cartpole-balance', '--seeds', '1', '--steps', '80'],
      ...['--evaluation-episodes', '1', '--out', 'hostile', '--stall-seconds', '10', '--json'],
    );
    delete process.env.NODE_OPTIONS;
    runs = JSON.parse(readFileSync(join(folder, 'results/hostile/manifest.json'), 'utf8')).runs;
  }, 900_000);

  it('ends with exit code 1, and standard output holds nothing but its JSON', () => {
    expect(outcome.code).toBe(1);
    expect(JSON.parse(outcome.stdout).status).toBe('failed');
  });

  it('lets the others end', () => {
    for (const agent of ['random', 'noisy']) {
      expect(runs.find((run) => run.agent === agent)).toMatchObject({
        status: 'done',
        steps: 80,
        attempts: 1,
      });
    }
  });

  const failing = tried.filter(([name]) => name !== 'noisy');
  it.each(failing)('says why %s failed', (name, { reason }) => {
    const run = runs.find(({ agent }) => agent === name);
    expect(run?.status).toBe('failed');
    expect(run?.reason).toMatch(reason);
    expect(outcome.stderr).toContain(`failed: cartpole-balance/${name}/0: ${run?.reason}`);
  });

  it('starts a run whose process died once again, and no other', () => {
    for (const { agent, attempts } of runs) {
      expect([agent, attempts]).toEqual([agent, ['leaving', 'greedy', 'reaped'].includes(agent) ? 2 : 1]);
    }
  });
}
