import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Agent, AgentFactory, TrainingConfig } from '../../agents/agent.ts';
import { checkAgent } from '../../agents/conformance.ts';
import { AGENT_NAME } from '../../agents/returned.ts';
import { createEngine } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';
import { GuardedAgent } from '../../harness/plugins/guard.ts';

const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

const count = z.number();
const config = z.strictObject({
  batchSize: count,
  randomSteps: count,
  updatesPerStep: count,
  replayCapacity: count,
});
const preset: TrainingConfig = { batchSize: 4, randomSteps: 0, updatesPerStep: 1, replayCapacity: 10 };

/** An agent that draws, and counts its updates; `over` changes methods. */
function factory(over: (self: Agent) => Partial<Agent> = () => ({}), name = 'counting'): AgentFactory {
  return {
    name,
    description: 'x',
    reference: 'none',
    config,
    presets: { paper: preset, laptop: preset, smoke: preset },
    async create({ action, random }) {
      let stream = random.split('actions');
      let updates = 0;
      const self: Agent = {
        act: async (_observations, states) =>
          stream.fillUniform(new Float32Array(states * action.size), -1, 1),
        update: async () => ({ updates: ++updates }),
        save: async () => ({ arrays: {}, values: { stream: stream.state(), updates } }),
        load: async ({ values }) => {
          stream = RandomStream.restore(values.stream as never);
          updates = values.updates as number;
        },
        dispose: async () => {},
      };
      return { ...self, ...over(self) };
    },
  };
}

async function broken(agent: AgentFactory): Promise<string[]> {
  const found: string[] = [];
  for await (const { promise, passed, detail } of checkAgent(agent, { engine })) {
    if (!passed) found.push(`${promise.split(':', 1)[0]}: ${detail}`);
  }
  return found;
}

const saving = (values: unknown, arrays: unknown = {}) =>
  factory((self) => ({
    save: async () => ({ arrays, values: { ...(await self.save()).values, ...(values as object) } }) as never,
  }));

describe('the conformance suite', () => {
  it('finds nothing wrong with an agent that keeps all promises', async () => {
    expect(await broken(factory())).toEqual([]);
    expect(await broken(saving({ nothing: undefined, list: [1, 'a', null, { b: true }] }))).toEqual([]);
  });

  it.each<[string, (self: Agent) => Partial<Agent>]>([
    [
      'updates',
      (self) => {
        let updates = 0;
        return {
          act: async (...call) => (await self.act(...call)).map((x) => x * Math.exp(-updates / 50)),
          update: async (batch) => {
            updates++;
            return self.update(batch);
          },
        };
      },
    ],
    [
      'acts',
      (self) => {
        let acts = 0;
        return { act: async (...call) => (await self.act(...call)).map((x) => x / ++acts) };
      },
    ],
    [
      'every third update, where the check takes three',
      (self) => {
        let updates = 0;
        return {
          update: async (batch) => ({ ...(await self.update(batch)), third: Number(updates++ % 3 === 0) }),
        };
      },
    ],
  ])('finds a counter of %s that is not saved', async (_, over) => {
    expect(await broken(factory(over))).toEqual([
      expect.stringMatching(/^saves and loads: after load\(\) into an? .* it goes on differently/),
    ]);
  });

  const doubles = { w: { data: new Float64Array(3), shape: [3] } };
  const expected = '{ data: Float32Array | Int32Array | Uint8Array, shape } with matching sizes';
  const json = 'plain JSON: finite numbers, strings, lists, objects';
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  it.each<[string, AgentFactory, string]>([
    [
      'doubles',
      saving({}, doubles),
      `returned the array 'w' as an Object with a Float64Array; expected ${expected}`,
    ],
    ['a BigInt', saving({ k: 10n }), `returned values.k = 10n; expected ${json}`],
    ['a Map', saving({ a: [{ m: new Map() }] }), `returned values.a[0].m = a Map; expected ${json}`],
    ['a NaN', saving({ f: Number.NaN }), `returned values.f = NaN; expected ${json}`],
    ['a ring', saving({ loop }), `returned values.loop.self, which holds itself; expected ${json}`],
  ])('refuses %s in a saved state, as a run does', async (_, agent, line) => {
    expect(await broken(agent)).toContain(`saves and loads: save() ${line}`);
    const context = { action: { size: 1 }, random: RandomStream.fromSeed(1) } as never;
    const guarded = new GuardedAgent(await agent.create(context), "agent 'mine'", 1);
    await expect(guarded.save()).rejects.toThrow(`agent 'mine': save() ${line}`);
  });

  it('refuses metrics with the names of columns, as a run does', async () => {
    const odd = factory(() => ({ update: async () => ({ step: 1 }) }));
    expect((await broken(odd))[0]).toBe(
      "updates: update() returned a metric called 'step'; expected another name for it",
    );
  });

  it.each(['My_Agent', 'a.b', '1st'])('takes the name %s, as a run does', async (name) => {
    expect(await broken(factory(undefined, name))).toEqual([]);
  });

  it('refuses the name ../x', async () => {
    expect(await broken(factory(undefined, '../x'))).toEqual([
      `has a name, a description, a reference and the presets paper, laptop and smoke: name must match ${AGENT_NAME.source} (it names folders), found the string "../x"`,
    ]);
  });
});
