/** What a script gives `compare` and `train` is checked before results are replaced. */
import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type CompareOptions, compare, train } from '../../../harness/comparison/compare.ts';
import { UserError } from '../../../harness/text/errors.ts';
import { runsHere } from '../support/runs-here.ts';

runsHere();
const out = join(mkdtempSync(join(tmpdir(), 'options-')), 'kept');
const good = {
  agents: ['random'],
  tasks: ['pendulum-swingup'],
  steps: 10,
  seeds: 1,
  preset: 'smoke',
  out,
} as const;
const variant = (given: object) => [{ agent: 'sac', ...given }] as never;

describe('compare', () => {
  let before: string;
  const manifest = () => readFileSync(join(out, 'manifest.json'), 'utf8');

  beforeAll(async () => {
    await compare({ ...good, evaluateEvery: 10, evaluationEpisodes: 1 });
    before = manifest();
  });

  it.each<[object, string]>([
    [{ workers: 0 }, "workers: expected 'auto' or a whole number from 1 to 256, found 0"],
    [{ workers: -2 }, 'found -2'],
    [{ workers: Number.NaN }, 'found NaN'],
    [{ workers: 'x' }, "found 'x'"],
    [{ interval: 'student' }, "interval: expected one of student_t, rliable, found 'student'"],
    [{ scoreRange: '0,1' }, "scoreRange: expected two numbers [low, high] with low below high, found '0,1'"],
    [{ scoreRange: [5, 5] }, 'found [5, 5]'],
    [{ taskRanges: { 'pendulum-swingup': [0] } }, 'taskRanges.pendulum-swingup: expected two numbers'],
    [{ taskRanges: null }, 'taskRanges: expected a range for each task by its name, found null'],
    [{ resamples: -5 }, 'resamples: expected a whole number from 1 to 1e9, found -5'],
    [{ title: 5 }, 'title: expected a text, found 5'],
    [{ shard: 2 }, 'shard: expected a text, found 2'],
    [{ against: 2 }, 'against: expected a text, found 2'],
    [{ stallSeconds: 0 }, 'stallSeconds: expected a positive number of seconds, found 0'],
    [{ stallSeconds: Number.NaN }, 'stallSeconds: expected a positive number of seconds, found NaN'],
    [{ checkpointSeconds: -1 }, 'checkpointSeconds: expected a positive number of seconds, found -1'],
    [{ checkpointSeconds: 'a' }, "checkpointSeconds: expected a positive number of seconds, found 'a'"],
    [{ resume: 'no' }, "resume: expected true or false, found 'no'"],
    [{ onEvent: {} }, 'onEvent: expected a function, found object'],
    [{ signal: {} }, 'signal: expected an AbortSignal, found object'],
    [{ out: undefined }, 'out: expected a name under results/, or a path, found undefined'],
    [{ agents: 5 }, 'agents: expected a list of names, files and'],
    [{ agents: [null] }, 'agents'],
    [{ agents: variant({ agent: undefined }) }, 'agents'],
    [{ agents: variant({ sett: { batchSize: 3 } }) }, "agents.0: unknown key 'sett'; did you mean 'set'?"],
    [{ set: { random: 5 } }, 'set.random: expected keys with their values'],
    [{ set: null }, 'set: expected agents with keys and values'],
    [{ sweep: { random: { batchSize: 3 } } }, 'sweep.random.batchSize: expected a list of values'],
    [{ sweep: { random: { batchSize: [] } } }, 'sweep.random.batchSize: expected at least one value'],
    [{ evaluationStarts: 'x' }, 'evaluationStarts: expected one of fixed, fresh'],
    [{ backend: 'cuda' }, 'backend: expected one of native, wasm'],
    [{ steps: {} }, 'steps: expected a number, such as 300 or 30k'],
  ])('%o is refused in one line, and nothing is removed', async (odd, line) => {
    const error = await compare({ ...good, force: true, ...odd } as CompareOptions).catch((found) => found);
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(/^compare: [^\n]+$/);
    expect(error.message).toContain(line);
    expect(manifest()).toBe(before);
    expect(statSync(join(out, 'runs/pendulum-swingup/random/0')).isDirectory()).toBe(true);
  });
});

it('train takes one agent, and one seed', async () => {
  const { agents, tasks, seeds, ...others } = good;
  const swept = { agent: 'sac', sweep: { batchSize: [1, 2] } };
  await expect(train(swept, tasks[0], { ...others, force: true })).rejects.toThrow(
    'train takes one agent; a sweep makes 2 of it: compare takes them',
  );
  await expect(train(agents[0], tasks[0], { ...others, stallSeconds: 0, force: true })).rejects.toThrow(
    'train: stallSeconds: expected a positive number of seconds, found 0',
  );
  await expect(train(agents[0], tasks[0], { ...others, seed: 'x' as never, force: true })).rejects.toThrow(
    'seed',
  );
});
