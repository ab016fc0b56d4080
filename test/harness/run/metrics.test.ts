import { describe, expect, it } from 'vitest';
import type { Metrics } from '../../../agents/agent.ts';
import { RandomStream } from '../../../engine/random.ts';
import { formatTable, type Row } from '../../../harness/files/table.ts';
import { GuardedAgent } from '../../../harness/plugins/guard.ts';
import { MetricMeans } from '../../../harness/run/rows.ts';
import { ToyAgent } from '../support/toy.ts';

/** What the guard lets through of the metrics of an update. */
async function guarded(metrics: Metrics): Promise<Metrics> {
  const inner = new ToyAgent(RandomStream.fromSeed(0));
  inner.update = async () => metrics as Record<string, number>;
  const empty = new Float32Array(0);
  const batch = {
    size: 0,
    observation: empty,
    action: empty,
    reward: empty,
    mask: empty,
    nextObservation: empty,
  };
  return await new GuardedAgent(inner, "agent 'toy'", 1).update(batch);
}

describe('metrics', () => {
  it.each(['__proto__', 'task', 'agent', 'seed', 'step'])('cannot be called %s', async (name) => {
    await expect(guarded(JSON.parse(`{ "loss": 1, "${name}": 2 }`))).rejects.toThrow(
      `agent 'toy': update() returned a metric called '${name}'; expected another name for it`,
    );
  });

  it('may have names that every object has, and leave objects as they are', async () => {
    const metrics = await guarded(JSON.parse('{ "constructor": 2, "toString": 3, "hasOwnProperty": 5 }'));
    const means = new MetricMeans();
    means.add(metrics);
    means.add({ constructor: 4 } as unknown as Metrics);
    const resumed = new MetricMeans(JSON.parse(JSON.stringify(means.state())));
    resumed.add({ toString: 5 } as unknown as Metrics);
    expect(Object.entries(resumed.take())).toEqual([
      ['constructor', 3],
      ['toString', 4],
      ['hasOwnProperty', 5],
    ]);
    expect(resumed.empty).toBe(true);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { sum?: unknown }).sum).toBeUndefined();
    expect((Object as unknown as { sum?: unknown }).sum).toBeUndefined();
  });

  it('even from a checkpoint change no other object', () => {
    const means = new MetricMeans(JSON.parse('{ "__proto__": { "sum": 1, "count": 1 } }'));
    means.add({ loss: 1 });
    expect(({} as { sum?: unknown }).sum).toBeUndefined();
  });

  it('leave a cell empty where a row has none of that name', () => {
    const rows = [{ step: 1, toString: 2 }, { step: 3 }] as unknown as Row<string>[];
    expect(formatTable<string>(['step', 'toString', 'constructor'], rows)).toBe(
      'step,toString,constructor\n1,2,\n3,,\n',
    );
  });
});
