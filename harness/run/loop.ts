/** The run loop: reset, act, step, remember, update; now and then evaluate, checkpoint, report. */
import type { AgentSnapshot, Batch, TrainingConfig } from '../../agents/agent.ts';
import { allocateBatch, ReplayBuffer } from '../../agents/replay.ts';
import { decodeFloat64, encodeArray } from '../../envs/encoding.ts';
import type { Environment, TimeStep } from '../../envs/environment.ts';
import type { GuardedAgent } from '../plugins/guard.ts';
import { toBounds } from './action-bounds.ts';
import type { Checkpoint, RunState } from './checkpoint-content.ts';
import { evaluate, fixedStart } from './evaluate.ts';
import type { RunJob } from './job.ts';
import { type EvaluationRow, MetricMeans, type TrainingRow, UNSTABLE_EPISODES } from './rows.ts';
import { RunStreams } from './streams.ts';
import { updatesAt } from './updates.ts';

/** What a run is made of. Loaded by name elsewhere: this file knows no agent, task or file format. */
export interface RunParts {
  readonly job: RunJob;
  readonly training: TrainingConfig;
  readonly agent: GuardedAgent;
  readonly environment: Environment;
  /** One environment per evaluation episode. */
  readonly evaluationEnvironments: readonly Environment[];
  readonly checkpoints: Checkpoints;
}

/** Where a run keeps its state: a folder (CheckpointStore), or nothing. */
export interface Checkpoints {
  /** The newest state; undefined for a run that begins. @param note called with what is wrong with what is there */
  read(note: (line: string) => void): Checkpoint | undefined;
  write(state: RunState, agent: AgentSnapshot, replay: ReplayBuffer): void;
}

/** What the run loop calls: the process that holds it shows, stores and stops. */
export interface RunHooks {
  /** Called between control steps, also inside an evaluation: messages and timers get their turn. */
  yieldToEventLoop(): Promise<void> | undefined;
  /** True once the run shall stop at the next step. */
  stopRequested(): boolean;
  /** True when enough time has passed since the last checkpoint. */
  checkpointDue(): boolean;
  checkpointWritten(seconds: number): void;
  progress(progress: RunProgress): void;
  /** Every new row is safe to show; called after each evaluation and at the end. */
  rows(evaluations: readonly EvaluationRow[], training: readonly TrainingRow[]): void;
  note(line: string): void;
}

export interface RunProgress {
  readonly step: number;
  /** Mean return of the last evaluation. */
  readonly evaluation?: number;
  /** Return of the last training episode that ended. */
  readonly episodeReturn?: number;
}

export interface RunOutcome {
  readonly status: 'done' | 'interrupted';
  readonly step: number;
  readonly wallSeconds: number;
}

/** Thrown inside an evaluation that is broken off. */
class Interrupted extends Error {}

/**
 * Trains and evaluates until `job.steps`, from a checkpoint where there is one.
 * An evaluation takes place before the first step, every `evaluation.every` steps and after the last.
 */
export async function run(parts: RunParts, hooks: RunHooks): Promise<RunOutcome> {
  const { job, training, agent, environment } = parts;
  const streams = new RunStreams(job.identity);
  const sizes = { observation: environment.observationSpec.size, action: environment.actionSpec.size };
  const replay = new ReplayBuffer(Math.min(training.replayCapacity, job.steps), sizes);
  const session = await begin(parts, streams, replay, hooks);
  const bounded = toBounds(environment.actionSpec);
  const batch: Batch = allocateBatch(training.batchSize, sizes);
  const current = {
    observation: new Float32Array(sizes.observation),
    action: new Float32Array(sizes.action),
  };

  for (;;) {
    if (session.evaluationIsDue()) {
      const before = await agent.save();
      try {
        await session.evaluate(hooks);
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error;
        await agent.load(before); // as if the evaluation had not begun: it begins again after a resume
      }
      hooks.rows(session.evaluations, session.trainingRows);
    }
    if (session.step === job.steps || hooks.stopRequested()) break;
    // One at step 0 would put off the first of use.
    if (hooks.checkpointDue() && session.step > 0) await session.checkpoint(hooks);

    const explore = session.step >= training.randomSteps;
    const action = explore
      ? await agent.act(toFloat32(session.observation, current.observation), 1, 'explore')
      : session.streams.policy.fillUniform(current.action, -1, 1);
    const next = environment.step(bounded(action));
    replay.add(session.observation, action, next.reward, next.terminated ? 0 : 1, next.observation);
    session.advance(next);

    const updates = updatesAt(session.step, training);
    for (let i = 0; i < updates; i++) {
      session.means.add(await agent.update(replay.sample(session.streams.replay, batch)));
    }
    if (next.terminated || next.truncated) session.beginEpisode();
    if (session.step % job.logEvery === 0 || session.step === job.steps) session.logTraining();
    hooks.progress(session);
    await hooks.yieldToEventLoop();
  }
  await session.checkpoint(hooks);
  hooks.rows(session.evaluations, session.trainingRows);
  const done = session.step === job.steps && !session.evaluationIsDue();
  return { status: done ? 'done' : 'interrupted', step: session.step, wallSeconds: session.wallSeconds() };
}

function toFloat32(from: Float64Array, to: Float32Array): Float32Array {
  to.set(from);
  return to;
}

/** A new session, or the one that the last good checkpoint describes. */
async function begin(
  parts: RunParts,
  streams: RunStreams,
  replay: ReplayBuffer,
  hooks: RunHooks,
): Promise<Session> {
  const checkpoint = parts.checkpoints.read((line) => hooks.note(line));
  if (checkpoint === undefined) {
    const session = new Session(parts, streams, replay);
    session.beginEpisode();
    return session;
  }
  await parts.agent.load(checkpoint.agent);
  checkpoint.restoreReplay(replay);
  parts.environment.setState(checkpoint.state.environment);
  hooks.note(`continues from step ${checkpoint.state.step}`);
  const positions = new RunStreams(parts.job.identity, checkpoint.state.streams);
  return new Session(parts, positions, replay, checkpoint.state);
}

/** Undefined for no episode. */
function meanReturn(scores: readonly { readonly return: number }[]): number | undefined {
  if (scores.length === 0) return undefined;
  return scores.reduce((sum, score) => sum + score.return, 0) / scores.length;
}

/** Where a run stands: the counters and rows beside agent, environment and replay. */
class Session {
  readonly observation: Float64Array;
  readonly means: MetricMeans;
  readonly evaluations: EvaluationRow[];
  readonly trainingRows: TrainingRow[];
  step = 0;
  /** Mean return of the last evaluation. */
  evaluation: number | undefined;
  /** Return of the last training episode. */
  episodeReturn: number | undefined;
  #evaluatedAt = -1;
  #episode = { number: -1, return: 0, length: 0 };
  /** Since the last row of training. */
  #unstableEpisodes = 0;
  readonly #startedAt = performance.now();
  readonly #secondsBefore: number;

  constructor(
    private readonly parts: RunParts,
    readonly streams: RunStreams,
    private readonly replay: ReplayBuffer,
    state?: RunState,
  ) {
    const size = parts.environment.observationSpec.size;
    this.observation = state ? decodeFloat64(state.observation) : new Float64Array(size);
    this.means = new MetricMeans(state?.means);
    this.evaluations = [...(state?.evaluations ?? [])];
    this.trainingRows = [...(state?.training ?? [])];
    this.#secondsBefore = state?.wallSeconds ?? 0;
    if (state) {
      this.step = state.step;
      this.#evaluatedAt = state.evaluatedAt;
      this.#episode = { ...state.episode };
      this.#unstableEpisodes = state.unstableEpisodes ?? 0;
      this.evaluation = meanReturn(this.evaluations.filter((row) => row.step === state.evaluatedAt));
    }
  }

  wallSeconds(): number {
    return this.#secondsBefore + (performance.now() - this.#startedAt) / 1000;
  }

  beginEpisode(): void {
    if (this.#episode.number >= 0) this.episodeReturn = this.#episode.return;
    this.#episode = { number: this.#episode.number + 1, return: 0, length: 0 };
    const seed = this.streams.episodeSeed(this.#episode.number);
    this.observation.set(this.parts.environment.reset(seed).observation);
  }

  advance({ reward, observation, unstable }: TimeStep): void {
    this.step++;
    this.#episode.return += reward;
    this.#episode.length++;
    if (unstable !== undefined) this.#unstableEpisodes++;
    this.observation.set(observation);
  }

  evaluationIsDue(): boolean {
    const { steps, evaluation } = this.parts.job;
    const due = this.step % evaluation.every === 0 || this.step === steps;
    return due && this.#evaluatedAt !== this.step;
  }

  async evaluate(hooks: RunHooks): Promise<void> {
    const { agent, evaluationEnvironments, job } = this.parts;
    const starts = evaluationEnvironments.map((_, i) =>
      job.evaluation.starts === 'fixed'
        ? fixedStart(i)
        : { seed: this.streams.evaluationSeed(this.step, i), reset: 1 },
    );
    const scores = await evaluate(agent, evaluationEnvironments, starts, () => {
      if (hooks.stopRequested()) throw new Interrupted();
      return hooks.yieldToEventLoop();
    });
    const wallSeconds = this.wallSeconds();
    scores.forEach((score, episode) => {
      this.evaluations.push({ step: this.step, episode, ...score, wallSeconds });
    });
    this.evaluation = meanReturn(scores);
    this.#evaluatedAt = this.step;
    hooks.progress(this);
  }

  logTraining(): void {
    const unstable = this.#unstableEpisodes;
    if (this.means.empty && unstable === 0) return;
    const metrics = this.means.take();
    if (unstable > 0 || this.parts.environment.endsUnstable) metrics[UNSTABLE_EPISODES] = unstable;
    this.#unstableEpisodes = 0;
    this.trainingRows.push({ step: this.step, metrics });
  }

  async checkpoint(hooks: RunHooks): Promise<void> {
    const start = performance.now();
    const agent: AgentSnapshot = await this.parts.agent.save();
    this.parts.checkpoints.write(this.#state(), agent, this.replay);
    hooks.checkpointWritten((performance.now() - start) / 1000);
  }

  #state(): RunState {
    return {
      job: this.parts.job,
      step: this.step,
      evaluatedAt: this.#evaluatedAt,
      episode: this.#episode,
      unstableEpisodes: this.#unstableEpisodes,
      environment: this.parts.environment.state(),
      observation: encodeArray(this.observation),
      streams: this.streams.positions(),
      means: this.means.state(),
      evaluations: this.evaluations,
      training: this.trainingRows,
      wallSeconds: this.wallSeconds(),
    };
  }
}
