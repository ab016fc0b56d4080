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

import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import type { AgentSnapshot } from '../../agents/agent.ts';
import type { ReplayBuffer } from '../../agents/replay.ts';
import { inWords } from '../../agents/schema-words.ts';
import { describeDiskError, flushFolder, makeFolder, sha256, writeDurably } from '../files/durable.ts';
import { firstIssue, UserError } from '../text/errors.ts';
import { messageOf } from '../text/printable.ts';
import {
  appendReplay,
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  type RunState,
  type Segment,
  segmentFile,
} from './checkpoint-content.ts';
import { endOffSchedule, isShorter, jobDifference, jobSchema, type RunJob } from './job.ts';
import { readSafetensorsMetadata } from './safetensors.ts';

/**
 * Newest first. A crash between the two renames leaves a complete newest state under its temporary name.
 */
const GENERATIONS = ['last.safetensors.new', 'last.safetensors', 'previous.safetensors'];

/** Whether a folder, whatever its name, is that of a checkpoint, sound or not. */
export const hasCheckpoint = (folder: string): boolean =>
  GENERATIONS.some((name) => existsSync(join(folder, name)));

/** A checkpoint of another run than the one that is asked for. */
export class ForeignCheckpoint extends UserError {
  override readonly name = 'ForeignCheckpoint';
}

/** A checkpoint as who plays or reads it has it. */
export type AgentCheckpoint = Omit<Checkpoint, 'restoreReplay'>;

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
    const { segments, added } = appendReplay(this.#segments, replay, sha256);
    if (added !== undefined) writeDurably(join(this.#folder, segmentFile(added.segment)), added.bytes);
    const parts = encodeCheckpoint({ ...state, replay: { added: replay.added, segments } }, agent, sha256);
    const last = join(this.#folder, 'last.safetensors');
    writeDurably(`${last}.new`, parts);
    if (existsSync(last)) renameSync(last, join(this.#folder, 'previous.safetensors'));
    renameSync(`${last}.new`, last);
    flushFolder(this.#folder);
    this.#previousSegments = this.#segments;
    this.#segments = segments;
    this.#dropUnused();
  }

  /**
   * The job of the newest state whose header can be read; its arrays are not looked at.
   * @throws UserError if there is none, with what is wrong
   */
  job(): RunJob {
    return this.#newest((path) => jobOf(JSON.parse(readCheckpointMetadata(path).run))).found;
  }

  /**
   * The newest undamaged state, for who plays or reads it: without the replay, whose files need not be there.
   * @param note called with a line for every newer file that is damaged
   * @throws UserError if there is none, with what is wrong; ForeignCheckpoint
   */
  readAgent(note: (line: string) => void = () => {}): AgentCheckpoint {
    const { found, faults } = this.#newest((path) => {
      const { replay, ...checkpoint } = decode(path);
      this.#check(checkpoint.state, path);
      return checkpoint;
    });
    for (const fault of faults) note(`checkpoint ${join(this.#folder, fault)}; falling back`);
    return found;
  }

  /** What the newest file gives that is sound, and what is wrong with newer ones. */
  #newest<T>(read: (path: string) => T): { found: T; faults: string[] } {
    const faults: string[] = [];
    for (const name of GENERATIONS) {
      const path = join(this.#folder, name);
      if (!existsSync(path)) continue;
      try {
        return { found: read(path), faults };
      } catch (error) {
        if (error instanceof ForeignCheckpoint) throw error;
        faults.push(`${name} is damaged (${messageOf(error)})`);
      }
    }
    const why = faults.length === 0 ? '' : `: ${faults.join('; ')}`;
    throw new UserError(`${this.#folder} holds no readable checkpoint${why}`);
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
        const { checkpoint, segments } = this.#load(path);
        const hindrance = this.#check(checkpoint.state, path);
        if (hindrance === undefined) {
          this.#segments = segments; // the next generation goes on from these alone
          this.#previousSegments = segments;
          return checkpoint;
        }
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

  #load(path: string): { checkpoint: Checkpoint; segments: readonly Segment[] } {
    const { replay, ...content } = decode(path);
    const rows = replay.segments.map((segment) => ({ segment, bytes: this.#readSegment(segment) }));
    const checkpoint: Checkpoint = {
      ...content,
      restoreReplay(buffer) {
        for (const { segment, bytes } of rows) buffer.append(new Float32Array(bytes), segment.first);
      },
    };
    return { checkpoint, segments: replay.segments };
  }

  #readSegment(segment: Segment): ArrayBuffer {
    const bytes = readFileSync(join(this.#folder, segmentFile(segment)));
    if (sha256(bytes) !== segment.sha256) throw new Error(`${segmentFile(segment)} is torn`);
    return new Uint8Array(bytes).buffer;
  }

  #dropUnused(): void {
    const used = new Set([...this.#segments, ...this.#previousSegments].map(segmentFile));
    for (const file of readdirSync(this.#folder)) {
      const unused = file.startsWith('replay-') && file.endsWith('.f32') && !used.has(file);
      if (unused || file.endsWith('.tmp')) rmSync(join(this.#folder, file), { force: true });
    }
  }
}

/** @throws Error that says what is wrong with the file */
function decode(path: string): ReturnType<typeof decodeCheckpoint> {
  const { state, ...others } = decodeCheckpoint(readFileSync(path), sha256);
  return { ...others, state: { ...state, job: jobOf(state) } };
}

function jobOf({ job }: { readonly job: unknown }): RunJob {
  const parsed = jobSchema.safeParse(job, { error: inWords });
  if (parsed.success) return parsed.data;
  throw new Error(`its job: ${firstIssue(parsed.error)}`);
}

/** The texts in the header of a state's file, without reading its arrays. @throws Error for a damaged header */
export function readCheckpointMetadata(path: string): Record<string, string> {
  const file = openSync(path, 'r');
  try {
    return readSafetensorsMetadata((from, length) => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, from));
    });
  } finally {
    closeSync(file);
  }
}
