/**
 * The one interface between algorithms and the harness. Built-in agents and a user's plugin file are the
 * same thing: a module whose default export is an AgentFactory.
 */
import type { z } from 'zod';
import type { Layer } from '../engine/parameters.ts';
import type { RandomStream } from '../engine/random.ts';
import type { Engine, NdArray } from '../engine/types.ts';

/** Size of an agent: the paper's, what a laptop trains, or what a test can afford. */
export type Preset = 'paper' | 'laptop' | 'smoke';
/** The names of all presets, largest first. */
export const presets: readonly Preset[] = ['paper', 'laptop', 'smoke'];

/** Named numbers of one update: losses, gradient norms, Q statistics, ESS, temperature ... */
export type Metrics = Record<string, number>;

/** A batch of transitions; row-major float32, reused by the next batch. */
export interface Batch {
  readonly size: number;
  /** [batch, obs] */
  readonly observation: Float32Array;
  /** [batch, act], each in [-1, 1] */
  readonly action: Float32Array;
  /** [batch] */
  readonly reward: Float32Array;
  /** [batch], 0 at a true terminal state, else 1 (also at a time limit). */
  readonly mask: Float32Array;
  /** [batch, obs] */
  readonly nextObservation: Float32Array;
}

/** The part of a config that the run loop reads; every agent's config has it. */
export interface TrainingConfig {
  readonly batchSize: number;
  /** Uniformly random control steps before the agent acts and learns. */
  readonly randomSteps: number;
  /** Updates per control step after that; 0 for an agent that does not learn. */
  readonly updatesPerStep: number;
  /** Transitions kept. */
  readonly replayCapacity: number;
}

/** What an agent is made from: sizes of the task, config, stream of random numbers, engine. */
export interface AgentContext<Config> {
  readonly observation: { readonly size: number };
  readonly action: { readonly size: number };
  readonly config: Config;
  /** This run's stream for initialisation and noise. */
  readonly random: RandomStream;
  readonly engine: Engine;
}

/** Everything an agent needs to continue bit for bit. */
export interface AgentSnapshot {
  /** Parameters, targets, optimiser moments by name. */
  readonly arrays: Record<string, NdArray>;
  /** Counters, stream states and other plain JSON. */
  readonly values: Record<string, unknown>;
  /**
   * The layers in flat arrays, by the array's name, for readers of checkpoints; `load` never gets them. Arrays that are
   * not named have no layers.
   */
  readonly layers?: Readonly<Record<string, readonly Layer[]>>;
}

/** What the run loop calls. One call at a time; every method may reject, which fails the run. */
export interface Agent {
  /**
   * @param observations [count, obs] row major
   * @param mode `explore` samples the behaviour policy, `exploit` is the evaluation policy
   * @returns [count, act] in [-1, 1]; holds until the next call
   */
  act(observations: Float32Array, count: number, mode: 'explore' | 'exploit'): Promise<Float32Array>;
  /** One gradient update of everything the agent learns. */
  update(batch: Batch): Promise<Metrics>;
  /** The whole state, copied: `load` of it continues bit for bit. */
  save(): Promise<AgentSnapshot>;
  /** Takes over a state that `save` gave, also in a new process. @throws Error where it does not fit */
  load(snapshot: AgentSnapshot): Promise<void>;
  /** Frees what it holds; it is not called again. */
  dispose(): Promise<void>;
}

/** An agent as a file exports it: its name, its config with presets, and what makes it. */
export interface AgentFactory<Config extends TrainingConfig = TrainingConfig> {
  /** Letters, digits, `.`, `_` and `-`, 64 at most, a letter or digit first; as on the command line. */
  readonly name: string;
  /** One line. */
  readonly description: string;
  /** The paper, as "Author year, arXiv id". */
  readonly reference: string;
  /** Parses the complete config; unknown keys are refused (z.strictObject). */
  readonly config: z.ZodType<Config>;
  readonly presets: Readonly<Record<Preset, Config>>;
  /** Numbers that the code fixes, for `harness agents`: no config holds them, and none is read from here. */
  readonly constants?: Readonly<Record<string, number | readonly number[]>>;
  /** A fresh agent, initialised from `context.random` alone. */
  create(context: AgentContext<Config>): Promise<Agent>;
}
