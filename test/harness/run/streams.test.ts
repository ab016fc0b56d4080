import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunStreams } from '../../../harness/run/streams.ts';

const identity = { task: 'walker-walk', agent: 'sac', seed: 5 };
const first = (streams: RunStreams) => [
  streams.policy.uniform(),
  streams.replay.uniform(),
  streams.agent().uniform(),
];

describe('the streams of a run', () => {
  it('are the same for the same identity', () => {
    expect(first(new RunStreams(identity))).toEqual(first(new RunStreams(identity)));
  });

  it('differ from each other, between agents, tasks and seeds', () => {
    const others = [{ agent: 'rfm-flow' }, { task: 'walker-run' }, { seed: 6 }];
    const draws = [identity, ...others.map((other) => ({ ...identity, ...other }))].flatMap((id) =>
      first(new RunStreams(id)),
    );
    expect(new Set(draws).size).toBe(12);
  });

  it('give every agent the same episodes', () => {
    const other = new RunStreams({ ...identity, agent: 'td3' });
    const own = new RunStreams(identity);
    own.policy.uniform();
    for (let i = 0; i < 5; i++) {
      expect(other.episodeSeed(i)).toBe(own.episodeSeed(i));
      expect(other.evaluationSeed(1000, i)).toBe(own.evaluationSeed(1000, i));
    }
  });

  it('give seeds of environments that numpy takes, all different', () => {
    const streams = new RunStreams(identity);
    const seeds = [...Array(2000).keys()].flatMap((i) => [
      streams.episodeSeed(i),
      streams.evaluationSeed(i, 0),
    ]);
    expect(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)).toBe(true);
    expect(new Set(seeds).size).toBe(seeds.length);
  });

  it('go on from their positions', () => {
    fc.assert(
      fc.property(fc.nat(3000), fc.nat(3000), (policy, replay) => {
        const streams = new RunStreams(identity);
        for (let i = 0; i < policy; i++) streams.policy.uniform();
        for (let i = 0; i < replay; i++) streams.replay.integer(10);
        const restored = new RunStreams(identity, JSON.parse(JSON.stringify(streams.positions())));
        expect(restored.policy.uniform()).toBe(streams.policy.uniform());
        expect(restored.replay.uniform()).toBe(streams.replay.uniform());
      }),
      { numRuns: 20 },
    );
  });
});
