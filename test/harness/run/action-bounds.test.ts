import { describe, expect, it } from 'vitest';
import { makeEnvironment } from '../../../envs/index.ts';
import { packagedModels } from '../../../harness/plugins/assets.ts';
import { toBounds } from '../../../harness/run/action-bounds.ts';

const make = (task: string) => makeEnvironment(task, { models: packagedModels });

describe('actions of agents on tasks with ranges of their own', () => {
  it('maps [-1, 1] onto the ranges of the quadruped', async () => {
    const environment = await make('quadruped-walk');
    const { size, low, high } = environment.actionSpec;
    const bounded = toBounds(environment.actionSpec);
    const all = (value: number) => Array.from(bounded(new Float32Array(size).fill(value)));
    expect(all(-1)).toEqual(Array.from(low));
    expect(all(1)).toEqual(Array.from(high));
    // Yaw, lift and extend of a leg in dm_control: ±1, -1 to 1.1, ±0.8.
    expect(all(0).slice(0, 3)).toEqual([0, expect.closeTo(0.05, 12), 0]);
    expect(all(0.5).slice(0, 3)).toEqual([0.5, expect.closeTo(0.575, 12), expect.closeTo(0.4, 12)]);
    environment.dispose();
  });

  it('lets the quadruped take every action of an agent', async () => {
    const environment = await make('quadruped-run');
    const bounded = toBounds(environment.actionSpec);
    environment.reset(0);
    for (const value of [-1, -0.9, 0.9, 1]) {
      expect(() => environment.step(bounded(new Float32Array(12).fill(value)))).not.toThrow();
    }
    environment.dispose();
  });

  it('leaves the actions of the other tasks as they are', async () => {
    const environment = await make('walker-walk');
    const action = Float32Array.of(1, -1, 0.3, -0.2, 0, 1);
    expect(toBounds(environment.actionSpec)(action)).toBe(action);
    environment.dispose();
  });
});
