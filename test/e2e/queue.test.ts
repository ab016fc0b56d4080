import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { heldAgent } from '../harness/support/agent-files.ts';
import { builtCommand } from '../harness/support/command.ts';
import { shortBalance } from '../harness/support/task-file.ts';
import { harness, killGroup, pause, type Started, said, start, workplace } from './support/command.ts';
import { freePort, startRedis, type TestRedis, whyNoRedis } from './support/redis.ts';
import { tableBytes } from './support/tables.ts';

const missing = whyNoRedis();
if (missing !== undefined) console.warn(`queue.test.ts is skipped: ${missing}`);

// As built, as the worker has it.
const { ownVersions } = (await import(
  new URL('../../dist/harness/results/versions.js', import.meta.url).href
)) as typeof import('../../harness/results/versions.ts');

/** Two runs, each of which lasts while the test holds it. */
const comparison = [
  ...['compare', '--config', 'comparison.yaml', '--tasks', './short.ts', '--seeds', '1'],
  ...['--steps', '220', '--evaluate-every', '100', '--log-every', '50', '--evaluation-episodes', '2'],
  ...['--preset', 'smoke', '--checkpoint-seconds', '0.1', '--threads', '1'],
];
/** Without files, for what carries nothing out. */
const ofBuiltIn = [
  'compare',
  '--agents',
  'random',
  '--tasks',
  'cartpole-balance,pendulum-swingup',
  '--seeds',
  '2',
];
const files = {
  'comparison.yaml': `
agents:
  - { agent: ./held.ts, name: first, set: { rate: 1 } }
  - { agent: ./held.ts, name: second, set: { rate: 2 } }
`,
  'held.ts': heldAgent,
  'short.ts': shortBalance,
};

describe.skipIf(missing !== undefined)(`a comparison on a queue${missing ? ` (${missing})` : ''}`, () => {
  let redis: TestRedis;
  let folder: string;
  let local: Record<string, string>;
  let refusing: Started;
  const workers: Started[] = [];
  const comparisons: Started[] = [];
  const results = (name: string, ...path: string[]) => join(folder, 'results', name, ...path);
  const queued = (name: string, ...more: string[]) => {
    const words = ['--executor', 'bullmq', '--redis', redis.url, '--out', name];
    const started = start(folder, ...comparison, ...words, ...more);
    comparisons.push(started);
    return started;
  };
  const worker = (...more: string[]) => {
    const words = ['--redis', redis.url, '--plugins', folder, '--takeover-seconds', '6', '--workers', '2'];
    const started = start(folder, 'worker', ...words, ...more);
    workers.push(started);
    return started;
  };
  const hold = (run: 1 | 2) => writeFileSync(join(folder, `hold-${run}`), '');
  const release = (run: 1 | 2) => rmSync(join(folder, `hold-${run}`));
  const endWorkers = async () => {
    for (const { child } of workers) killGroup(child);
    await Promise.all(workers.splice(0).map(({ ended }) => ended));
  };
  /** The queue's keys that speak of runs. */
  const leftovers = () =>
    redis
      .command('keys', 'rfm-harness:*')
      .split('\n')
      .filter((key) => /[0-9a-f]{8}-[0-9a-f]{4}/.test(key));

  beforeAll(async () => {
    folder = workplace(files);
    redis = await startRedis();
    expect((await builtCommand(folder, ...comparison, '--out', 'local', '--workers', '2')).code).toBe(0);
    local = tableBytes(results('local'));
  }, 300_000);

  afterAll(async () => {
    for (const { child } of comparisons) killGroup(child);
    await endWorkers();
    redis?.stop();
  });

  it('has the bytes of a local one where workers are stopped, killed, or do not see its folder', async () => {
    hold(1);
    hold(2);
    const { child, ended } = queued('moved');
    const lost = said(child, /its worker was lost; goes to another/);
    await said(child, /no worker listens on redis:\/\/127.0.0.1:\d+ yet; start some with: harness worker/);
    const stopped = worker('--workers', '1');
    await said(stopped.child, /first\/0 of moved: begins/);
    const scratch = join(folder, 'elsewhere');
    const away = worker('--workers', '1', '--own-files', '--folder', scratch);
    await said(away.child, /second\/0 of moved: begins/); // and has it to the end
    while (!existsSync(results('moved', 'runs/short-balance/first/0/checkpoint/last.safetensors')))
      await pause(30);
    stopped.child.kill('SIGINT');
    expect((await stopped.ended).code).toBe(130);
    const killed = worker('--workers', '1');
    await said(killed.child, /first\/0 of moved: begins/);
    killGroup(killed.child);
    worker('--workers', '1');
    await lost;
    release(1);
    release(2);
    const { code, stderr } = await ended;
    expect(stderr).toMatch(/short-balance\/first\/0: continues from step [1-9]/);
    expect(stderr).toMatch(/short-balance\/second\/0: done, evaluation .* runs\)/);
    expect(code).toBe(0);
    expect(tableBytes(results('moved'))).toEqual(local);
    const manifest = JSON.parse(readFileSync(results('moved', 'manifest.json'), 'utf8'));
    for (const run of manifest.runs) {
      expect(run).toMatchObject({ status: 'done', steps: 220, host: expect.any(String) });
      if (run.agent === 'second') expect(run.attempts).toBe(1);
      const kept = readdirSync(results('moved', 'runs', run.task, run.agent, String(run.seed)));
      expect(kept).toEqual(expect.arrayContaining(['evaluations.csv', 'training.csv', 'run.json']));
      const files = join(scratch, manifest.id, 'runs', run.task, run.agent);
      expect(kept.includes('checkpoint')).toBe(run.agent === 'first');
      expect(existsSync(files)).toBe(run.agent === 'second');
    }
    expect(leftovers()).toEqual([]);
    await endWorkers();
  }, 300_000);

  it('runs nothing twice when it goes on after its end by force, and stops at Ctrl-C', async () => {
    hold(1);
    hold(2);
    const first = queued('resumed');
    const serving = worker('--workers', '1');
    let told = '';
    serving.child.stderr?.on('data', (data) => {
      told += data;
    });
    await said(serving.child, /first\/0 of resumed: begins/);
    killGroup(first.child); // the workers go on
    await first.ended;
    release(1);
    const second = queued('resumed', '--resume');
    await said(second.child, /short-balance\/first\/0: done/);
    second.child.kill('SIGINT');
    const stopped = await second.ended;
    expect(stopped.stderr).toMatch(
      /interrupted with 1 run\(s\) unfinished; go on with: harness compare --resume --out resumed --executor bullmq --redis redis:/,
    );
    expect(stopped.code).toBe(130);
    const third = queued('resumed', '--resume');
    await said(third.child, /short-balance\/second\/0: (begins|continues)/);
    redis.command('flushall'); // a Redis that was started anew has forgotten everything
    release(2);
    const { code } = await third.ended;
    expect(code).toBe(0);
    expect(tableBytes(results('resumed'))).toEqual(local);
    expect(told.split('first/0 of resumed: begins').length - 1).toBe(1);
    expect(leftovers()).toEqual([]);
    await endWorkers();
  }, 300_000);

  it('is handed back by a worker that may not load its files', async () => {
    const { child, ended } = queued('refused');
    const other = join(folder, 'other');
    mkdirSync(other);
    // It serves the next test too.
    refusing = start(folder, 'worker', '--redis', redis.url, '--plugins', other);
    workers.push(refusing);
    await said(child, /worker \d+ on .* refuses the runs of refused: .* lies in none of the folders/);
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expect(leftovers().filter((key) => !key.includes(':stop:'))).toEqual([]);
  }, 300_000);

  it('takes no harm from what others write into the queue', async () => {
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    const queue = new Queue('runs', { connection, prefix: 'rfm-harness' });
    const order = JSON.parse(readFileSync(new URL('../data/queued-run.json', import.meta.url), 'utf8'));
    const versions = ownVersions();
    const climbing = { ...structuredClone(order), versions };
    climbing.job.identity.task = '../../../tmp';
    await queue.add('run', climbing, { jobId: 'climbing' });
    await queue.add('run', 'nonsense', { jobId: 'nonsense' });
    const failed = async (id: string) => (await queue.getJob(id))?.failedReason;
    for (const id of ['climbing', 'nonsense']) {
      while ((await failed(id)) === undefined) await pause(50);
      expect(await failed(id)).toBe('the job is no run of this harness');
    }
    // Without a file, what looks like one is a name that nobody knows; this one would leave a trace.
    const trap = join(folder, 'trap.cjs');
    writeFileSync(trap, "require('fs').writeFileSync(__dirname + '/sprung', '')");
    await queue.add(
      'run',
      { ...order, versions, job: { ...order.job, agent: { name: trap } } },
      { jobId: 'trap' },
    );
    while ((await failed('trap')) === undefined) await pause(50);
    expect(await failed('trap')).toBe('the job is no run of this harness');
    expect(existsSync(join(folder, 'sprung'))).toBe(false);
    // A run of another version, first in the queue, stays there; those behind it are served.
    await queue.add('run', order, { jobId: 'old', lifo: true });
    const comparison = crypto.randomUUID();
    const config = { batchSize: 8, randomSteps: 5, updatesPerStep: 0, replayCapacity: 20 };
    const job = { ...order.job, config, backend: 'wasm' };
    await queue.add('run', { ...order, comparison, name: 'new', versions, job }, { jobId: 'new' });
    const result = async (id: string) => (await queue.getJob(id))?.returnvalue;
    while ((await result('new')) == null) await pause(50);
    expect(await result('new')).toMatchObject({ status: 'done', step: 10 });
    expect(await (await queue.getJob('old'))?.getState()).toMatch(/delayed|waiting|active/);
    refusing.child.kill('SIGINT');
    const { code, stderr } = await refusing.ended;
    const refusals = stderr.match(/^refuses the runs of refused: .*\.ts lies in none .*$/gm) ?? [];
    expect(refusals.length).toBeGreaterThan(0);
    expect(new Set(refusals).size).toBe(refusals.length);
    expect(stderr).toMatch(/cartpole-balance\/random\/0 of new: done/);
    expect(
      stderr.match(/^refuses the runs of old: mujoco is 3\.14\.0 here and 2\.0\.0 there$/gm),
    ).toHaveLength(1);
    expect(code).toBe(130);
    await queue.close();
    connection.disconnect();
  }, 300_000);

  it('fails where a worker returns the rows of others, and says so', async () => {
    await endWorkers();
    const connection = new Redis(redis.url, { maxRetriesPerRequest: null });
    // It takes every run and returns the best agent there ever was.
    const forger = new Worker(
      'runs',
      async ({ data }) => ({
        ...{ status: 'done', step: 5, wallSeconds: 1, checkpointSeconds: 0, attempts: 1 },
        host: '\u001b[31mlab',
        files: {
          'evaluations.csv': `task,agent,seed,step,episode,return,length,wall_seconds\n${data.job.identity.task},best,0,0,0,1000,1000,1\n`,
          'training.csv': 'task,agent,seed,step\n',
          'run.json': '{}',
        },
      }),
      { connection, prefix: 'rfm-harness' },
    );
    const forged = ['--executor', 'bullmq', '--redis', redis.url, '--out', 'forged'];
    const { code, stderr } = await builtCommand(folder, ...ofBuiltIn, ...forged);
    await forger.close();
    connection.disconnect();
    expect(stderr).toContain(
      'its worker on \\x1b[31mlab returned what is not of this run: it says that it ended at step 5',
    );
    expect(stderr).not.toContain('\u001b');
    expect(code).toBe(1);
    expect(readFileSync(results('forged', 'evaluations.csv'), 'utf8').trim().split('\n')).toHaveLength(1);
  }, 300_000);
});

describe('a queue that cannot be used', () => {
  const folder = workplace({
    ...files,
    'hide.mjs': `
      import { register } from 'node:module';
      register('data:text/javascript,' + encodeURIComponent(\`
        export async function resolve(name, context, next) {
          if (name !== 'bullmq') return next(name, context);
          throw Object.assign(new Error('hidden'), { code: 'ERR_MODULE_NOT_FOUND' });
        }\`));`,
  });

  it('is told in one line where Redis does not answer, and nothing is written', async () => {
    const url = `redis://someone:secret@127.0.0.1:${await freePort()}`;
    const { code, stderr } = await builtCommand(folder, ...ofBuiltIn, '--executor', 'bullmq', '--redis', url);
    expect(stderr).toMatch(
      /^harness: cannot use Redis at redis:\/\/127\.0\.0\.1:\d+: connection refused; .*\n$/,
    );
    expect(code).toBe(2);
    expect(existsSync(join(folder, 'results'))).toBe(false);
  });

  it('is told in one line where the packages miss', async () => {
    process.env.NODE_OPTIONS = `--import=${pathToFileURL(join(folder, 'hide.mjs'))}`;
    try {
      const { code, stderr } = await harness(folder, 'worker');
      expect(stderr).toBe(
        'harness: runs over a queue need two more packages; install them with: npm install bullmq ioredis\n',
      );
      expect(code).toBe(2);
    } finally {
      delete process.env.NODE_OPTIONS;
    }
  });
});
