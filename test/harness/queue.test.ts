import { mkdirSync, mkdtempSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withoutPassword } from '../../harness/execution/queue/connection.ts';
import { jobId, runOrder } from '../../harness/execution/queue/messages.ts';
import { whyNotLoad, withChecksum, withoutChecksums } from '../../harness/execution/queue/plugins.ts';
import { ownVersions, versionDifference } from '../../harness/execution/queue/versions.ts';
import { command } from './support/command.ts';

const order = JSON.parse(readFileSync(new URL('../data/queued-run.json', import.meta.url), 'utf8'));

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
    return withChecksum({ name: 'mine', file: join(folder, path) });
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

  it('reach the run without their checksums', () => {
    const job = { ...order.job, agent: inside };
    expect(withoutChecksums(job)).toEqual({ ...order.job, agent: { name: 'mine', file: inside.file } });
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
    ['compare --quick --redis redis://lab', /--redis is where --executor bullmq finds its queue/],
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
