/** The harness's side of the comparison: an agent as users run it, and its last update's numbers. */
import type { Agent, Batch, Preset } from '../../agents/agent.ts';
import { findAgent } from '../../agents/registry.ts';
import { createEngine, type EngineOptions } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';
import { isNdArray, leavesOf } from '../../engine/tree.ts';
import type { CompiledStep, Engine, NdArray, StepFunction } from '../../engine/types.ts';

export interface Timing {
  readonly count: number;
  /** Seconds. */
  readonly wall: number;
  /** Processor seconds of all threads. */
  readonly cpu: number;
}

/** One update's numbers by path: `state/...` and `inputs/...` before it, `after/...` after it. */
export type Recording = Record<string, NdArray>;

export class HarnessSide {
  private constructor(
    readonly agent: Agent,
    readonly batch: Batch,
    readonly observationSize: number,
    /** Filled by the next update if it is there. */
    readonly recorder: { recording?: Recording },
    readonly engine: Engine,
  ) {}

  static async create(
    name: string,
    preset: Preset,
    sizes: readonly [number, number],
    options: EngineOptions,
  ) {
    const factory = findAgent(name);
    if (factory === undefined) throw new Error(`no agent '${name}'`);
    const recorder: { recording?: Recording } = {};
    const engine = recording(createEngine(options), recorder);
    const config = factory.presets[preset];
    const [observation, action] = sizes;
    const random = RandomStream.fromSeed(0);
    const agent = await factory.create({
      observation: { size: observation },
      action: { size: action },
      config,
      random: random.split('agent'),
      engine,
    });
    const size = config.batchSize;
    const batch: Batch = {
      size,
      observation: random.fillNormal(new Float32Array(size * observation)),
      action: random.fillUniform(new Float32Array(size * action), -1, 1),
      reward: random.fillUniform(new Float32Array(size)),
      mask: new Float32Array(size).fill(1),
      nextObservation: random.fillNormal(new Float32Array(size * observation)),
    };
    return new HarnessSide(agent, batch, observation, recorder, engine);
  }

  update(seconds: number): Promise<Timing> {
    return timed(() => this.agent.update(this.batch), seconds);
  }

  async act(seconds: number, count: number, best: boolean): Promise<Timing> {
    const observations = new Float32Array(count * this.observationSize);
    const once = () => this.agent.act(observations, count, best ? 'exploit' : 'explore');
    await once();
    return timed(once, seconds);
  }

  /** All numbers of one further update, and its metrics. */
  async record(): Promise<{ recording: Recording; metrics: Record<string, number> }> {
    this.recorder.recording = {};
    const metrics = await this.agent.update(this.batch);
    const recorded = this.recorder.recording;
    this.recorder.recording = undefined;
    return { recording: recorded, metrics };
  }

  async dispose(): Promise<void> {
    await this.agent.dispose();
    await this.engine.dispose();
  }
}

/** The same engine, whose steps copy what goes in and out while a recording is asked for. */
function recording(engine: Engine, recorder: { recording?: Recording }): Engine {
  const keep = (tree: unknown, prefix: string) => {
    for (const { leaf, value } of leavesOf(tree, isNdArray)) {
      if (recorder.recording === undefined) return;
      recorder.recording[`${prefix}/${leaf.path}`] = { data: value.data.slice(), shape: [...value.shape] };
    }
  };
  return {
    ...engine,
    compileStep<S, I, O>(name: string, fn: StepFunction<S, I, O>): CompiledStep<S, I, O> {
      const step = engine.compileStep(name, fn);
      const call: typeof step = Object.assign(async (...[state, inputs]: Parameters<typeof step>) => {
        keep(state, 'state');
        keep(inputs, 'inputs');
        const result = await step(state, inputs);
        keep(result.state, 'after');
        return result;
      }, step);
      return call;
    },
  };
}

async function timed(once: () => Promise<unknown>, seconds: number): Promise<Timing> {
  const begin = performance.now();
  const before = process.cpuUsage();
  let count = 0;
  do {
    await once();
    count++;
  } while (performance.now() - begin < 1000 * seconds);
  const { user, system } = process.cpuUsage(before);
  return { count, wall: (performance.now() - begin) / 1000, cpu: (user + system) / 1e6 };
}
