/**
 * Checkpoints of a run: everything it needs to go on bit for bit, in files that any crash leaves whole.
 *
 *     checkpoint/last.safetensors       the newest state: the agent's arrays as tensors `agent/NAME`, and as
 *                                       metadata `run` (JSON: counters, environment, streams, rows),
 *                                       `agent` (the agent's own JSON), `sha256` over all of it, and
 *                                       `layers` (JSON: where each layer lies in a flat tensor)
 *     checkpoint/previous.safetensors   the state before, used when the newest one is damaged
 *     checkpoint/replay-FIRST-LAST.f32  replay rows [FIRST, LAST), each written once and never again; the
 *                                       states list the ones they need with their checksums
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { AgentSnapshot } from '../../agents/agent.ts';
import type { ReplayBuffer } from '../../agents/replay.ts';
import type { Layer } from '../../engine/parameters.ts';
import type { NdArray } from '../../engine/types.ts';
import type { EnvironmentState } from '../../envs/environment.ts';
import { describeDiskError, flushFolder, makeFolder, sha256, writeDurably } from '../files/durable.ts';
import { firstIssue, UserError } from '../text/errors.ts';
import { endOffSchedule, isShorter, jobDifference, jobSchema, type RunJob } from './job.ts';
import type { EvaluationRow, TrainingRow } from './rows.ts';
import { decodeSafetensors, encodeSafetensors, readSafetensorsMetadata } from './safetensors.ts';
import type { StreamPositions } from './streams.ts';

/** A run between two control steps, without the agent's arrays and the replay rows. Plain JSON. */
export interface RunState {
  readonly job: RunJob;
  /** Control steps taken. */
  readonly step: number;
  /** The step of the last evaluation; -1 before the first. */
  readonly evaluatedAt: number;
  readonly episode: { readonly number: number; readonly return: number; readonly length: number };
  /** Training episodes since the last row that ended because the simulation did not hold. */
  readonly unstableEpisodes?: number;
  readonly environment: EnvironmentState;
  /** The current observation, float64, base64. */
  readonly observation: string;
  readonly streams: StreamPositions;
  readonly means: Record<string, { sum: number; count: number }>;
  readonly evaluations: readonly EvaluationRow[];
  readonly training: readonly TrainingRow[];
  readonly wallSeconds: number;
}

interface Segment {
  readonly first: number;
  readonly last: number;
  readonly sha256: string;
}

export interface Checkpoint {
  readonly state: RunState;
  readonly agent: AgentSnapshot;
  /** Where each layer lies in a flat array of the agent, by the array's name. */
  readonly layers: Readonly<Record<string, readonly Layer[]>>;
  /** Puts the rows back into an empty replay buffer. */
  restoreReplay(replay: ReplayBuffer): void;
}

const FORMAT = 'rfm-harness-checkpoint/1';
/**
 * Newest first. A crash between the two renames leaves a complete newest state under its temporary name.
 */
const GENERATIONS = ['last.safetensors.new', 'last.safetensors', 'previous.safetensors'];
const segmentFile = ({ first, last }: Segment) => `replay-${first}-${last}.f32`;

/** A checkpoint of another run than the one that is asked for. */
export class ForeignCheckpoint extends UserError {
  override readonly name = 'ForeignCheckpoint';
}

/** The run that a checkpoint must be of. */
export interface ExpectedRun {
  readonly job: RunJob;
  /** Whether users' files may have been changed meanwhile. */
  readonly mixed: boolean;
}

export class CheckpointStore {
  readonly #folder: string;
  readonly #expected: ExpectedRun | undefined;
  #segments: readonly Segment[] = [];
  #previousSegments: readonly Segment[] = [];

  /** @param expected any run, if undefined */
  constructor(folder: string, expected?: ExpectedRun) {
    this.#folder = folder;
    this.#expected = expected;
  }

  /**
   * Writes a new generation; the one before stays as `previous`.
   * @throws DiskError when the disk is full or read-only; what was there stays whole
   */
  write(state: RunState, agent: AgentSnapshot, replay: ReplayBuffer): void {
    try {
      this.#writeGeneration(state, agent, replay);
    } catch (error) {
      throw describeDiskError(error, this.#folder);
    }
  }

  #writeGeneration(state: RunState, agent: AgentSnapshot, replay: ReplayBuffer): void {
    makeFolder(this.#folder);
    const segments = this.#appendReplay(replay);
    const arrays = withPrefix(agent.arrays);
    const run = JSON.stringify({ ...state, replay: { added: replay.added, segments } });
    const values = JSON.stringify(agent.values);
    const checksum = contentHash(run, values, arrays);
    const layers = JSON.stringify(withPrefix(agent.layers ?? {}));
    const parts = encodeSafetensors(arrays, { format: FORMAT, sha256: checksum, run, agent: values, layers });
    const last = join(this.#folder, 'last.safetensors');
    writeDurably(`${last}.new`, parts);
    if (existsSync(last)) renameSync(last, join(this.#folder, 'previous.safetensors'));
    renameSync(`${last}.new`, last);
    flushFolder(this.#folder);
    this.#previousSegments = this.#segments;
    this.#segments = segments;
    this.#dropUnused();
  }

  /** The job of the newest state whose header can be read; its arrays are not looked at. */
  job(): RunJob | undefined {
    for (const name of GENERATIONS) {
      try {
        const { run } = readSafetensorsMetadata(join(this.#folder, name));
        return jobSchema.parse((JSON.parse(run) as { job: unknown }).job);
      } catch {
        // not there, or damaged
      }
    }
    return undefined;
  }

  /**
   * The newest undamaged state that the expected run goes through, or undefined when there is none. A run of fewer steps
   * goes through the same states until it ends.
   * @param note called with a line for every file that is damaged or of no use
   * @throws ForeignCheckpoint if it is of another run than expected
   */
  read(note: (line: string) => void): Checkpoint | undefined {
    for (const name of GENERATIONS) {
      const path = join(this.#folder, name);
      if (!existsSync(path)) continue;
      try {
        const checkpoint = this.#load(path);
        const hindrance = this.#check(checkpoint.state, path);
        if (hindrance === undefined) return checkpoint;
        note(`goes on from an earlier step, or begins anew: ${hindrance}`);
      } catch (error) {
        if (error instanceof ForeignCheckpoint) throw error;
        note(`checkpoint ${path} is damaged (${(error as Error).message}); falling back`);
      }
    }
    return undefined;
  }

  /** Why the expected run does not go through a state of its own; undefined if it does. */
  #check({ job, step }: RunState, path: string): string | undefined {
    if (this.#expected === undefined) return undefined;
    const { job: asked, mixed } = this.#expected;
    if (isShorter(job, asked, mixed)) return step < job.steps ? undefined : endOffSchedule(job);
    const difference = jobDifference(job, asked, mixed);
    if (difference === undefined) return undefined;
    throw new ForeignCheckpoint(
      `${path} is of another run: ${difference}; remove ${this.#folder} to begin the run anew`,
    );
  }

  #load(path: string): Checkpoint {
    const { arrays, metadata } = decodeSafetensors(readFileSync(path));
    if (metadata.format !== FORMAT) throw new Error(`format ${metadata.format}, expected ${FORMAT}`);
    if (contentHash(metadata.run, metadata.agent, arrays) !== metadata.sha256) {
      throw new Error('checksum does not match');
    }
    const { replay, ...state } = JSON.parse(metadata.run) as RunState & {
      replay: { added: number; segments: Segment[] };
    };
    const job = jobSchema.safeParse(state.job);
    if (!job.success) throw new Error(`its job: ${firstIssue(job.error)}`);
    const rows = replay.segments.map((segment) => ({ segment, bytes: this.#readSegment(segment) }));
    const agentArrays = withoutPrefix(arrays);
    this.#segments = replay.segments;
    this.#previousSegments = replay.segments;
    return {
      state: { ...state, job: job.data },
      agent: { arrays: agentArrays, values: JSON.parse(metadata.agent) as Record<string, unknown> },
      layers: readLayers(metadata.layers),
      restoreReplay(buffer) {
        for (const { segment, bytes } of rows) buffer.append(new Float32Array(bytes), segment.first);
      },
    };
  }

  #readSegment(segment: Segment): ArrayBuffer {
    const bytes = readFileSync(join(this.#folder, segmentFile(segment)));
    if (sha256(bytes) !== segment.sha256) throw new Error(`${segmentFile(segment)} is torn`);
    return new Uint8Array(bytes).buffer;
  }

  /** Writes the rows that no segment holds yet; forgets segments that left the ring. */
  #appendReplay(replay: ReplayBuffer): Segment[] {
    const oldest = replay.added - replay.size;
    const kept = this.#segments.filter((segment) => segment.last > oldest && segment.last <= replay.added);
    const first = Math.max(oldest, kept.at(-1)?.last ?? 0);
    if (first === replay.added) return kept;
    const rows = replay.read(first, replay.added);
    const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
    const segment = { first, last: replay.added, sha256: sha256(bytes) };
    writeDurably(join(this.#folder, segmentFile(segment)), bytes);
    return [...kept, segment];
  }

  #dropUnused(): void {
    const used = new Set([...this.#segments, ...this.#previousSegments].map(segmentFile));
    for (const file of readdirSync(this.#folder)) {
      const unused = file.startsWith('replay-') && file.endsWith('.f32') && !used.has(file);
      if (unused || file.endsWith('.tmp')) rmSync(join(this.#folder, file), { force: true });
    }
  }
}

/** Names as tensors of the file have them. */
const withPrefix = <T>(named: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(named).map(([name, value]) => [`agent/${name}`, value]));

const withoutPrefix = <T>(named: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(named).map(([name, value]) => [name.slice('agent/'.length), value]));

const layersSchema = z.record(
  z.string(),
  z.array(z.object({ name: z.string(), shape: z.array(z.number()), offset: z.number() })),
);

/** None in files of before there were layers. They are for readers alone: a run goes on without them. */
function readLayers(text: string | undefined): Checkpoint['layers'] {
  try {
    return withoutPrefix(layersSchema.parse(JSON.parse(text ?? '{}')));
  } catch {
    return {};
  }
}

function contentHash(run: string, agent: string, arrays: Readonly<Record<string, NdArray>>): string {
  const parts: (string | Uint8Array)[] = [run, agent];
  for (const name of Object.keys(arrays).sort()) {
    const { data, shape } = arrays[name];
    parts.push(name, JSON.stringify(shape), new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return sha256(...parts);
}
