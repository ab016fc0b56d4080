import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { findTask, makeEnvironment } from '../../envs/index.ts';
import { RandomState } from '../../envs/random-state.ts';
import { packagedModels } from '../../harness/assets.ts';

/** Tasks whose resets draw again until nothing touches: one difference, and all that follows would differ. */
const TASKS = [
  'ball_in_cup-catch',
  'finger-spin',
  'finger-turn_easy',
  'finger-turn_hard',
  'humanoid-stand',
  'humanoid-walk',
  'humanoid-run',
  'manipulator-bring_ball',
].filter((task) => findTask(task) !== undefined);

/** Calls on the random state in the first and the second reset with a seed, recorded from dm_control. */
const recorded: Record<string, Record<string, [number, number]>> = JSON.parse(
  readFileSync(new URL('../data/dmc/randomCallCounts.json', import.meta.url), 'utf8'),
).counts;

const calls = countOutermostCalls();
afterAll(() => vi.restoreAllMocks());

describe.each(TASKS)('%s draws as often as dm_control', (task) => {
  test('in two resets with each of eight seeds', async () => {
    const environment = await makeEnvironment(task, { models: packagedModels });
    const counted = Object.fromEntries(
      Object.keys(recorded[task]).map((seed) => {
        calls.count = 0;
        environment.reset(Number(seed));
        const first = calls.count;
        environment.reset();
        return [seed, [first, calls.count - first]];
      }),
    );
    environment.dispose();
    expect(counted).toEqual(recorded[task]);
  });
});

/** Counts draws; those that a draw makes itself are part of it. */
function countOutermostCalls(): { count: number } {
  const counter = { count: 0 };
  let depth = 0;
  for (const method of ['random', 'rand', 'uniform', 'uniforms', 'normal', 'normals', 'choice'] as const) {
    const original = RandomState.prototype[method] as (...args: unknown[]) => unknown;
    vi.spyOn(RandomState.prototype, method).mockImplementation(function (
      this: RandomState,
      ...args: unknown[]
    ) {
      if (depth++ === 0) counter.count++;
      try {
        return original.apply(this, args) as never;
      } finally {
        depth--;
      }
    });
  }
  return counter;
}
