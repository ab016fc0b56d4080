/** The harness's side of the comparison: an agent as users run it. */
import type { Agent, AgentFactory, Batch, Preset } from '../../agents/agent.ts';
import { createEngine, type EngineOptions } from '../../engine/index.ts';
import { RandomStream } from '../../engine/random.ts';
import type { Engine } from '../../engine/types.ts';
import { madeUpBatch } from '../../harness/bench/update.ts';

export interface Timing {
  readonly count: number;
  /** Seconds. */
  readonly wall: number;
  /** Processor seconds of all threads. */
  readonly cpu: number;
}

export class HarnessSide {
  private constructor(
    readonly agent: Agent,
    readonly batch: Batch,
    readonly observationSize: number,
    readonly engine: Engine,
  ) {}

  static async create(
    factory: AgentFactory,
    preset: Preset,
    sizes: readonly [number, number],
    options: EngineOptions,
  ) {
    const engine = createEngine(options);
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
    const batch = madeUpBatch(config.batchSize, observation, action, random);
    return new HarnessSide(agent, batch, observation, engine);
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

  async dispose(): Promise<void> {
    await this.agent.dispose();
    await this.engine.dispose();
  }
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
