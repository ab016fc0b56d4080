/** How fast agents update and act, on made-up transitions of the size of a preset's usual task. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type Agent, type Batch, type Preset, presets } from '../../agents/agent.ts';
import type { BackendName } from '../../engine/backends/records.ts';
import { createEngine } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';
import { makeFolder } from '../files/durable.ts';
import { callWithFiles } from '../plugins/apart.ts';
import { AgentFault } from '../plugins/guard.ts';
import { loadAgent } from '../plugins/load-agent.ts';
import { findFile, isFile } from '../plugins/load-module.ts';
import type { ApartFunction } from '../process/apart.ts';
import { awaitAnswer } from '../process/awaited.ts';
import { messageOf, printableLine } from '../text/printable.ts';
import { type OperationTime, readProfiles } from './profile.ts';

export interface UpdateBenchOptions {
  readonly agents: readonly string[];
  readonly presets: readonly Preset[];
  readonly backend: BackendName;
  readonly threads: readonly number[];
  /** Threads wait by spinning. */
  readonly spin?: boolean;
  /** Measured this many times, each for `seconds`; the median counts. */
  readonly rounds: number;
  readonly seconds: number;
  /** Folder for profiles; none are made without. */
  readonly profileFolder?: string;
  /** Folder for the graphs as ONNX files. */
  readonly graphFolder?: string;
  /** Stops at the first operation that makes a value non-finite (eager backends). */
  readonly debugNumerics?: boolean;
}

export interface UpdateSpeed {
  readonly agent: string;
  readonly preset: Preset;
  readonly backend: string;
  readonly threads: number;
  readonly updatesPerSecond: { readonly median: number; readonly lowest: number; readonly highest: number };
  /** Processor time of one update over all threads: steadier than the clock where other processes run. */
  readonly cpuMillisecondsPerUpdate: number;
  /** From the agent's creation to the end of its first update: tracing, loading, running. */
  readonly firstUpdateMilliseconds: number;
  /** From the start of the process to the same moment; of the first agent measured. */
  readonly startMilliseconds?: number;
  /** One action for one observation, exploring; not beside a profile, which slows it. */
  readonly actMilliseconds?: number;
  /** Graphs that another backend ran, since this one has no code for them; absent if there were none. */
  readonly elsewhere?: readonly {
    readonly graph: string;
    readonly backend: string;
    readonly reason: string;
  }[];
  /** Time per operation of one update, longest first; with a profile only. */
  readonly operations?: readonly OperationTime[];
}

/** Observation and action sizes: walker's for the two large presets, cartpole's for smoke. */
const sizes: Readonly<Record<Preset, readonly [observation: number, action: number]>> = {
  paper: [24, 6],
  laptop: [24, 6],
  smoke: [5, 1],
};

const updateSpeed: z.ZodType<UpdateSpeed> = z.object({
  agent: z.string(),
  preset: z.enum(presets),
  backend: z.string(),
  threads: z.number(),
  updatesPerSecond: z.object({ median: z.number(), lowest: z.number(), highest: z.number() }),
  cpuMillisecondsPerUpdate: z.number(),
  firstUpdateMilliseconds: z.number(),
  startMilliseconds: z.number().optional(),
  actMilliseconds: z.number().optional(),
  elsewhere: z.array(z.object({ graph: z.string(), backend: z.string(), reason: z.string() })).optional(),
  operations: z
    .array(z.object({ operation: z.string(), nodes: z.number(), microseconds: z.number() }))
    .optional(),
});

/** @param announce called after each configuration */
export async function benchUpdates(
  options: UpdateBenchOptions,
  announce: (speed: UpdateSpeed) => void = () => {},
): Promise<UpdateSpeed[]> {
  const speeds: UpdateSpeed[] = [];
  const module = new URL('./update.ts', import.meta.url);
  for (const name of options.agents) {
    const agent = isFile(name) ? { name, file: findFile(name) } : { name };
    const order = { ...options, agents: [name] };
    const call = { module, name: 'tellUpdates', order, news: updateSpeed };
    for await (const speed of callWithFiles({ agent }, tellUpdates, call)) {
      announce(speed);
      speeds.push(speed);
    }
  }
  return speeds;
}

/** Runs apart where the agent is a user's. */
export const tellUpdates: ApartFunction<UpdateBenchOptions, UpdateSpeed> = async (options, tell) => {
  for (const name of options.agents) {
    for (const preset of options.presets) {
      for (const threads of options.threads) {
        const speed = await awaitAnswer(`measuring agent '${name}'`, () =>
          measure(name, preset, threads, options),
        ).catch((error) => {
          throw blamed(name, error);
        });
        if (speed !== undefined) tell(speed); // an agent that does not learn has none
      }
    }
  }
};

/** What went wrong in a plugin, with its name; anything else as it is. */
function blamed(name: string, error: unknown): unknown {
  const told = error instanceof Error && 'userFacing' in error;
  return told || !isFile(name)
    ? error
    : new AgentFault(`agent ${name}: ${printableLine(messageOf(error))}`, { cause: error });
}

/** No agent has been measured yet. */
let firstOfProcess = true;

async function measure(
  name: string,
  preset: Preset,
  threads: number,
  options: UpdateBenchOptions,
): Promise<UpdateSpeed | undefined> {
  const { factory } = await loadAgent(name);
  const config = factory.presets[preset];
  if (config.updatesPerStep === 0) return undefined;
  const label = `${factory.name}-${preset}-${threads}`;
  const { profileFolder, graphFolder, backend, debugNumerics } = options;
  for (const folder of [profileFolder, graphFolder]) {
    if (folder !== undefined) makeFolder(folder);
  }
  const prefix = profileFolder === undefined ? undefined : join(profileFolder, `${label}-`);
  const elsewhere: NonNullable<UpdateSpeed['elsewhere']>[number][] = [];
  const engine = createEngine({
    backend,
    onFallback: (graph, reason, other) => elsewhere.push({ graph, backend: other, reason }),
    threads,
    spin: options.spin,
    debugNumerics,
    profile: prefix,
    dumpGraph: ({ name: graph, model }) => {
      if (graphFolder === undefined) return;
      writeFileSync(join(graphFolder, `${label}-${graph.replaceAll('/', '-')}.onnx`), model);
    },
  });
  const [observation, action] = sizes[preset];
  const random = RandomStream.fromSeed(0);
  const batch = madeUpBatch(config.batchSize, observation, action, random);
  const start = performance.now();
  const agent = await factory.create({
    observation: { size: observation },
    action: { size: action },
    config,
    random: random.split('agent'),
    engine,
  });
  await agent.update(batch);
  const firstUpdateMilliseconds = performance.now() - start;
  const startMilliseconds = firstOfProcess ? performance.now() : undefined;
  firstOfProcess = false;
  const updates = await rates(options, () => agent.update(batch));
  const actMilliseconds =
    prefix === undefined ? await actTime(agent, batch, observation, options) : undefined;
  await agent.dispose();
  await engine.dispose();
  return {
    agent: factory.name,
    preset,
    backend,
    threads,
    ...updates,
    firstUpdateMilliseconds,
    startMilliseconds,
    actMilliseconds,
    ...(elsewhere.length > 0 && { elsewhere }),
    ...(prefix === undefined ? {} : { operations: readProfiles(prefix) }),
  };
}

async function rates({ rounds, seconds }: UpdateBenchOptions, update: () => Promise<unknown>) {
  const found: number[] = [];
  let cpu = 0;
  let count = 0;
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now();
    const before = process.cpuUsage();
    let done = 0;
    do {
      await update();
      done++;
    } while (performance.now() - begin < 1000 * seconds);
    found.push((1000 * done) / (performance.now() - begin));
    const used = process.cpuUsage(before);
    cpu += used.user + used.system;
    count += done;
  }
  found.sort((a, b) => a - b);
  return {
    updatesPerSecond: {
      median: found[Math.floor(found.length / 2)],
      lowest: found[0],
      highest: found[found.length - 1],
    },
    cpuMillisecondsPerUpdate: cpu / 1000 / count,
  };
}

async function actTime(agent: Agent, batch: Batch, observation: number, { seconds }: UpdateBenchOptions) {
  const one = batch.observation.slice(0, observation);
  await agent.act(one, 1, 'explore');
  const times: number[] = [];
  const begin = performance.now();
  while (times.length < 5 || performance.now() - begin < 500 * seconds) {
    const start = performance.now();
    await agent.act(one, 1, 'explore');
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

export function madeUpBatch(size: number, observation: number, action: number, random: RandomStream): Batch {
  return {
    size,
    observation: random.fillNormal(new Float32Array(size * observation)),
    action: random.fillUniform(new Float32Array(size * action), -1, 1),
    reward: random.fillUniform(new Float32Array(size)),
    mask: new Float32Array(size).fill(1),
    nextObservation: random.fillNormal(new Float32Array(size * observation)),
  };
}
