import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { findTask, makeEnvironment, RandomState } from '../../envs/index.ts';
import { packagedModels } from '../../harness/plugins/assets.ts';

/** Per task and seed: calls on the random state in the first and in the second reset of dm_control. */
const counts = JSON.parse(readFileSync(new URL('../data/dmc/randomCallCounts.json', import.meta.url), 'utf8'))
  .counts as Record<string, Record<string, [number, number]>>;

const DRAWS = [
  'random',
  'rand',
  'uniform',
  'uniforms',
  'normal',
  'normals',
  'integer',
  'choice',
  'permutation',
];

/** Counts calls of RandomState from outside of it; draws that another draw makes do not count. */
function countCalls(): { calls: number; restore(): void } {
  const prototype = RandomState.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
  const originals = new Map(DRAWS.map((name) => [name, prototype[name]]));
  const counter = {
    calls: 0,
    restore: () => {
      for (const [name, method] of originals) prototype[name] = method;
    },
  };
  let depth = 0;
  for (const [name, method] of originals) {
    prototype[name] = function (this: unknown, ...args: unknown[]) {
      if (depth++ === 0) counter.calls++;
      try {
        return method.apply(this, args);
      } finally {
        depth--;
      }
    };
  }
  return counter;
}

describe('a reset draws as often as dm_control, rejected starts included', () => {
  const counter = countCalls();
  afterAll(() => counter.restore());

  test.each(Object.keys(counts).filter((task) => findTask(task) !== undefined))('%s', async (task) => {
    const environment = await makeEnvironment(task, { models: packagedModels });
    const drawsOf = (reset: () => void) => {
      counter.calls = 0;
      reset();
      return counter.calls;
    };
    const found = Object.keys(counts[task]).map((seed) => [
      seed,
      [drawsOf(() => environment.reset(Number(seed))), drawsOf(() => environment.reset())],
    ]);
    environment.dispose();
    expect(Object.fromEntries(found)).toEqual(counts[task]);
  });
});
