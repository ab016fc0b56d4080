/** A tiny world and a tiny learner, fast enough to run thousands of steps in a test. */
import type { Agent, AgentSnapshot, Batch, TrainingConfig } from '../../../agents/agent.ts';
import { RandomStream, type RandomStreamState } from '../../../engine/random.ts';
import type { Environment, EnvironmentState, TimeStep } from '../../../envs/environment.ts';

/** A point on a line that drifts; reward near the origin; ends beyond ±3, cut after 50 steps. */
export class ToyEnvironment implements Environment {
  readonly task = 'toy-line';
  readonly observationSpec = { size: 2, parts: [{ name: 'line', shape: [2], offset: 0, size: 2 }] };
  readonly actionSpec = { size: 1, low: new Float64Array([-1]), high: new Float64Array([1]) };
  readonly episodeLength = 50;
  readonly controlStep = 0.1;
  readonly seeds: number[] = [];
  #random = RandomStream.fromSeed(0);
  #x = 0;
  #v = 0;
  #t = 0;

  reset(seed?: number): TimeStep {
    if (seed !== undefined) {
      this.seeds.push(seed);
      this.#random = RandomStream.fromSeed(seed);
    }
    this.#x = this.#random.uniform() - 0.5;
    this.#v = this.#random.uniform() - 0.5;
    this.#t = 0;
    return this.#timeStep(0, false);
  }

  step(action: ArrayLike<number>): TimeStep {
    this.#v = 0.9 * this.#v + 0.3 * action[0];
    this.#x += 0.3 * this.#v;
    this.#t++;
    return this.#timeStep(Math.exp(-this.#x * this.#x), Math.abs(this.#x) > 3);
  }

  state(): EnvironmentState {
    return { task: this.task, x: this.#x, v: this.#v, t: this.#t, random: this.#random.state() };
  }

  setState(state: EnvironmentState): void {
    this.#x = state.x as number;
    this.#v = state.v as number;
    this.#t = state.t as number;
    this.#random = RandomStream.restore(state.random as RandomStreamState);
  }

  dispose(): void {}

  #timeStep(reward: number, terminated: boolean): TimeStep {
    const truncated = !terminated && this.#t >= this.episodeLength;
    const observation = new Float64Array([this.#x, this.#v]);
    return { observation, reward, terminated, truncated, discount: terminated ? 0 : 1 };
  }
}

export const toyTraining: TrainingConfig = {
  batchSize: 8,
  randomSteps: 20,
  updatesPerStep: 1,
  replayCapacity: 100,
};

/** Pushes with a learned gain plus noise; every update and every act depends on all state it has. */
export class ToyAgent implements Agent {
  #random: RandomStream;
  #gain = new Float32Array([0.1, 0.2]);
  #updates = 0;

  constructor(random: RandomStream) {
    this.#random = random;
  }

  async act(observations: Float32Array, count: number, mode: 'explore' | 'exploit'): Promise<Float32Array> {
    const actions = new Float32Array(count);
    const noise = mode === 'explore' ? this.#random.fillNormal(new Float32Array(count)) : actions;
    for (let i = 0; i < count; i++) {
      const push = -this.#gain[0] * observations[2 * i] - this.#gain[1] * observations[2 * i + 1];
      actions[i] = Math.tanh(push + 0.3 * noise[i]);
    }
    return actions;
  }

  async update(batch: Batch): Promise<Record<string, number>> {
    let sum = 0;
    for (let i = 0; i < batch.size; i++)
      sum += batch.reward[i] * batch.mask[i] + batch.nextObservation[2 * i];
    this.#gain[0] += 1e-3 * sum + 1e-3 * this.#random.uniform();
    this.#updates++;
    return { loss: sum / batch.size, ...(this.#updates > 100 ? { late: this.#updates } : {}) };
  }

  async save(): Promise<AgentSnapshot> {
    return {
      arrays: { gain: { data: this.#gain.slice(), shape: [2] } },
      values: { updates: this.#updates, random: this.#random.state() },
    };
  }

  async load({ arrays, values }: AgentSnapshot): Promise<void> {
    this.#gain = arrays.gain.data.slice() as Float32Array<ArrayBuffer>;
    this.#updates = values.updates as number;
    this.#random = RandomStream.restore(values.random as RandomStreamState);
  }

  async dispose(): Promise<void> {}
}
