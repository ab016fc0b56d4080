/** Plugin agents as files: an honest tiny learner, and variants with one thing wrong. */

/** A loop without an end, which takes no time of the processor. */
export const endlessLoop = 'for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);';

interface Parts {
  name?: string;
  /** Before the factory. */
  prelude?: string;
  create?: string;
  act?: string;
  update?: string;
  save?: string;
  presets?: string;
}

/** The source of a plugin agent; methods are bodies that see `context`, `random` and `state`. */
export function agentFile({
  name = 'tiny',
  prelude = '',
  create = '',
  act = 'return random.fillUniform(new Float32Array(count * context.action.size), -1, 1);',
  update = `
    for (let i = 0; i < batch.size; i++) state.sum += batch.reward[i] * 0.001;
    return { loss: 1 / (1 + state.sum), sum: state.sum };`,
  save = `
    return {
      arrays: { sum: { data: new Float32Array([state.sum]), shape: [1] } },
      values: { sum: state.sum, random: random.state() },
    };`,
  presets = '{ paper: small, laptop: small, smoke: small }',
}: Parts = {}): string {
  return `
import { z } from 'zod';
import { type AgentFactory, RandomStream } from 'rfm-harness';
${prelude}
const config = z.strictObject({
  batchSize: z.number().int().positive(),
  randomSteps: z.number().int().nonnegative(),
  updatesPerStep: z.number().nonnegative(),
  replayCapacity: z.number().int().positive(),
  rate: z.number().positive(),
});
const small = { batchSize: 8, randomSteps: 20, updatesPerStep: 1, replayCapacity: 120, rate: 0.1 };
const factory: AgentFactory<z.infer<typeof config>> = {
  name: '${name}',
  description: 'A tiny agent for tests',
  reference: 'none',
  config,
  presets: ${presets},
  async create(context) {
    ${create}
    let random = context.random;
    const state = { sum: 0 };
    return {
      async act(observations: Float32Array, count: number, mode: 'explore' | 'exploit') { ${act} },
      async update(batch) { ${update} },
      async save() { ${save} },
      async load({ values }) {
        state.sum = values.sum as number;
        random = RandomStream.restore(values.random as never);
      },
      async dispose() {},
    };
  },
};
export default factory;
`;
}

/** Sleeps in every update, so that a run lasts for seconds on a machine of any speed. */
export const patientAgent = waitingAgent(10);

/** The patient agent with this many milliseconds for an update. */
export function waitingAgent(milliseconds: number): string {
  return agentFile({
    name: 'patient',
    update: `
    await new Promise((resolve) => setTimeout(resolve, ${milliseconds}));
    for (let i = 0; i < batch.size; i++) state.sum += batch.reward[i] * 0.001;
    return { sum: state.sum };`,
  });
}

/**
 * Sleeps 0.8 s in every update while the file `hold-RATE` is beside it, RATE being its setting `rate`: a test decides
 * when a run may end, on a machine of any speed.
 */
export const heldAgent = agentFile({
  name: 'held',
  prelude: "import { existsSync } from 'node:fs';",
  update: `
    if (existsSync(__dirname + '/hold-' + context.config.rate)) await new Promise((resolve) => setTimeout(resolve, 800));
    for (let i = 0; i < batch.size; i++) state.sum += batch.reward[i] * 0.001;
    return { loss: 1 / (1 + state.sum), sum: state.sum };`,
});
