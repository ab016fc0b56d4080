import { mkdirSync, mkdtempSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withoutPassword } from '../../../harness/execution/queue/connection.ts';
import {
  jobId,
  type RunResult,
  resultFault,
  runNews,
  runOrder,
  runResult,
} from '../../../harness/execution/queue/messages.ts';
import { whyNotLoad } from '../../../harness/execution/queue/plugins.ts';
import { sha256 } from '../../../harness/files/durable.ts';
import { checksumOf } from '../../../harness/plugins/source.ts';
import { ownVersions, versionDifference } from '../../../harness/results/versions.ts';
import type { RunJob } from '../../../harness/run/job.ts';
import { command } from '../support/command.ts';

const order = JSON.parse(readFileSync(new URL('../../data/queued-run.json', import.meta.url), 'utf8'));

describe('a run in the queue', () => {
  it('is known by its comparison and its identity, without colons', () => {
    const identity = { task: 'a:b', agent: 'sac', seed: 3 };
    expect(jobId('0b7c', identity)).toBe('0b7c/a%3Ab/sac/3');
  });

  it('is taken as it is written', () => {
    expect(runOrder.parse(order)).toEqual(order);
  });

  it.each<[string, (data: typeof order) => void]>([
    ['a task that leaves its folder', (data) => (data.job.identity.task = '../../etc')],
    ['a task above', (data) => (data.job.identity.task = '..')],
    ['an agent that is a path', (data) => (data.job.identity.agent = '/etc/cron.d')],
    ['a seed that is text', (data) => (data.job.identity.seed = '0; rm')],
    ['an id that is a path', (data) => (data.comparison = '../..')],
    ['an unknown key', (data) => (data.job.execArgv = ['--eval=1'])],
    ['an unknown backend', (data) => (data.job.backend = '/tmp/engine.js')],
    ['a thousand threads', (data) => (data.job.threads = 1000)],
    ['an agent without a file that is a path', (data) => (data.job.agent.name = '/tmp/evil.cjs')],
    ['an agent without a file that is a relative path', (data) => (data.job.agent.name = './evil.cjs')],
    ['an agent without a file that looks like one', (data) => (data.job.agent.name = 'evil.cjs')],
    ['an agent without a file that is not in the registry', (data) => (data.job.agent.name = 'nobody')],
    ['a task without a file that is not in the registry', (data) => (data.job.task.name = 'nowhere-go')],
    ['a task of another name', (data) => (data.job.identity.task = 'walker-walk')],
    ['a name that speaks to a terminal', (data) => (data.job.identity.task = 'a\u001b[2J')],
    ['a million episodes', (data) => (data.job.evaluation.episodes = 1_000_000)],
    ['more steps than a comparison may have', (data) => (data.job.steps = 1e12)],
    ['a patience without an end', (data) => (data.stallSeconds = 1e9)],
  ])('is refused with %s', (_, spoil) => {
    const data = structuredClone(order);
    spoil(data);
    expect(runOrder.safeParse(data).success).toBe(false);
  });
});

describe('files that a comparison names', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'plugins-')));
  const allowed = join(folder, 'allowed');
  mkdirSync(allowed);
  mkdirSync(join(folder, 'allowed-not'));
  const write = (path: string, text = 'export default 1;') => {
    writeFileSync(join(folder, path), text);
    const file = join(folder, path);
    return { name: 'mine', file, sha256: checksumOf(file) };
  };
  const inside = write('allowed/mine.ts');
  const beside = write('allowed-not/mine.ts');
  symlinkSync(join(folder, 'allowed-not/mine.ts'), join(allowed, 'link.ts'));

  it('are loaded from the folders that the worker names', () => {
    expect(whyNotLoad(inside, [allowed])).toBeUndefined();
    expect(whyNotLoad({ name: 'sac' }, [])).toBeUndefined();
  });

  it.each([
    ['from no folder at all', inside, [], /lies in none of the folders/],
    ['from a folder of a similar name', beside, [allowed], /lies in none of the folders/],
    ['by a link that leads out', { ...beside, file: join(allowed, 'link.ts') }, [allowed], /lies in none/],
    ['by steps up', { ...beside, file: `${allowed}/../allowed-not/mine.ts` }, [allowed], /lies in none/],
    ['changed', { ...inside, sha256: 'f00' }, [allowed], /is not the same as where the comparison began/],
    ['without a checksum', { name: 'x', file: inside.file }, [allowed], /is not the same/],
    ['by a relative path', { ...inside, file: 'mine.ts' }, [allowed], /is no absolute path/],
    ['that are not there', { ...inside, file: join(allowed, 'gone.ts') }, [allowed], /is not there/],
  ])('are not loaded %s', (_, source, folders, why) => {
    expect(whyNotLoad(source, folders)).toMatch(why);
  });
});

/** The files of a run of 10 steps, evaluated before and after them with one episode each, as its process leaves them. */
function filesOf(job: RunJob, evaluations: readonly string[], training: readonly string[] = []) {
  const table = (header: string, rows: readonly string[]) => `${[header, ...rows].join('\n')}\n`;
  const tables = {
    'evaluations.csv': table(
      'task,agent,seed,step,episode,return,length,wall_seconds,unstable',
      evaluations.map((row) => `${row},0`),
    ),
    'training.csv': table('task,agent,seed,step,loss', training),
  };
  const files = Object.fromEntries(Object.entries(tables).map(([name, text]) => [name, sha256(text)]));
  const record = { status: 'done', job, step: 10, wallSeconds: 1, checkpointSeconds: 0, files };
  return { ...tables, 'run.json': JSON.stringify(record) };
}

describe('what a worker returns', () => {
  const job: RunJob = order.job;
  const own = 'cartpole-balance,random,0';
  const good = filesOf(job, [`${own},0,0,5,1000,0.1`, `${own},10,0,7.5,1000,0.9`], [`${own},10,0.5`]);
  const result = (news: Partial<RunResult>): RunResult => ({
    ...{ status: 'done', step: 10, wallSeconds: 1, checkpointSeconds: 0, attempts: 1, host: 'lab' },
    files: good,
    ...news,
  });

  it('is taken where it is the run', () => {
    expect(resultFault(job, result({}))).toBeUndefined();
    expect(resultFault(job, result({ status: 'failed', step: 3, files: {} }))).toBeUndefined();
    const half = { 'evaluations.csv': filesOf(job, [`${own},0,0,5,1000,0.1`])['evaluations.csv'] };
    expect(resultFault(job, result({ status: 'interrupted', step: 3, files: half }))).toBeUndefined();
  });

  const evaluated = (...rows: string[]) => filesOf(job, rows);
  const first = `${own},0,0,5,1000,0.1`;
  it.each<[string, Partial<RunResult>, RegExp]>([
    ['no files', { files: {} }, /run\.json is missing/],
    ['an empty mark', { files: { ...good, 'run.json': '{}' } }, /run\.json is missing, or is not that/],
    [
      'tables that the mark does not know',
      { files: { ...good, 'evaluations.csv': '' } },
      /run\.json is missing, or/,
    ],
    ['an end before the plan', { step: 5 }, /it ended at step 5 of 10/],
    [
      'rows of another agent',
      { files: evaluated(first, 'cartpole-balance,sac,0,10,0,999,1000,1') },
      /row 3: agent 'sac', expected 'random'/,
    ],
    [
      'rows of another task',
      { files: evaluated(first, 'walker-walk,random,0,10,0,999,1000,1') },
      /row 3: task 'walker-walk'/,
    ],
    [
      'rows of another seed',
      { files: evaluated(first, 'cartpole-balance,random,1,10,0,999,1000,1') },
      /row 3: seed '1'/,
    ],
    [
      'no last evaluation',
      { files: evaluated(first) },
      /ends at step 0, with 1 rows; the plan ends at step 10, with 2/,
    ],
    [
      'an evaluation of no plan',
      { files: evaluated(first, `${own},5,0,999,1000,1`) },
      /row 3: an evaluation at step 5/,
    ],
    [
      'more episodes than planned',
      { files: evaluated(first, `${own},10,0,1,1,1`, `${own},10,1,1,1,1`) },
      /row 4: episode 1, expected 0 of 1/,
    ],
    [
      'a return that is no number',
      { files: evaluated(first, `${own},10,0,1e999,1000,1`) },
      /return is '1e999'/,
    ],
    ['no rows', { files: evaluated() }, /has no rows/],
    ['another header', { files: { ...good, ...marked('a,b\n1,2\n') } }, /has the columns a,b/],
    ['text that is no table', { files: { ...good, ...marked('a,b\n"unterminated\n1,2,3') } }, /Quote/],
    [
      'training of another run',
      { files: filesOf(job, [first, `${own},10,0,7.5,1000,0.9`], ['x,random,0,10,1']) },
      /training\.csv, row 2: task 'x'/,
    ],
    [
      'training beyond the plan',
      { files: filesOf(job, [first, `${own},10,0,7.5,1000,0.9`], [`${own},11,1`]) },
      /step 11 after step 0/,
    ],
    [
      'another config',
      { files: filesOf({ ...job, config: { discount: 0 } }, [first, `${own},10,0,7.5,1000,0.9`]) },
      /'config\.discount' differs/,
    ],
    [
      'rows of others, failed',
      {
        status: 'failed',
        files: { 'evaluations.csv': evaluated(first.replace('random', 'sac'))['evaluations.csv'] },
      },
      /agent 'sac'/,
    ],
  ])('is refused with %s', (_, news, why) => {
    expect(resultFault(job, result(news))).toMatch(why);
  });

  /** A mark that knows a table of evaluations. */
  function marked(text: string) {
    const mark = JSON.parse(good['run.json']);
    mark.files['evaluations.csv'] = sha256(text);
    return { 'evaluations.csv': text, 'run.json': JSON.stringify(mark) };
  }

  it('says nothing that a terminal obeys', () => {
    const host = '\u001b[31mhost\u001b]0;x\u0007';
    expect(runResult.parse(result({ host, reason: 'a\nb\u0007' }))).toMatchObject({
      host: '\\x1b[31mhost\\x1b]0;x\\x07',
      reason: 'a b\\x07',
    });
    expect(runNews.parse({ type: 'note', line: '\u001b[2J' })).toEqual({ type: 'note', line: '\\x1b[2J' });
    expect(runOrder.parse({ ...order, name: '\u001b[2Jx' }).name).toBe('\\x1b[2Jx');
  });
});

describe('versions of two machines', () => {
  it('are the same for the same code', () => {
    expect(versionDifference(ownVersions(), ownVersions())).toBeUndefined();
    expect(ownVersions().code).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    [{ mujoco: '1' }, 'mujoco is 2 here and 1 there'],
    [{ mujoco: '2', tfjs: '1' }, 'tfjs is missing here and 1 there'],
    [{ mujoco: '2', code: 'x' }, 'the code of rfm-harness is another (another commit, or changed files)'],
  ])('differ: %j', (wanted, text) => {
    expect(versionDifference(wanted, { mujoco: '2' })).toBe(text);
  });
});

describe('the address of a Redis', () => {
  it('is shown without its password', () => {
    expect(withoutPassword('redis://me:p%40ss@lab:6379/2')).toBe('redis://lab:6379/2');
    expect(withoutPassword('rediss://lab')).toBe('rediss://lab');
  });

  it.each([
    [
      'compare --quick --executor bullmq --redis lab:6379',
      /--redis expects an address such as redis:\/\/127/,
    ],
    ['compare --quick --executor bullmq --redis http://lab', /--redis expects an address/],
    ['worker --redis nonsense', /--redis expects an address/],
    ['worker --workers none', /--workers .*found 'none'/],
    ['worker --takeover-seconds -1', /--takeover-seconds must be a positive number/],
    ['compare --quick --redis redis://lab', /--redis needs --executor bullmq/],
    [
      'compare --quick --executor bullmq --workers 3',
      /--workers counts processes here; .* harness worker has it/,
    ],
    ['compare --quick --executor slurm', /'slurm' is invalid.*local, bullmq/],
  ])('%s is one line of wrong use', async (words, message) => {
    const { code, stderr } = await command(tmpdir(), ...words.split(' '));
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(2);
  });
});
