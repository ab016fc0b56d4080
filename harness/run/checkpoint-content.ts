/** What a checkpoint's files hold, wherever they are kept (harness/run/checkpoint.ts tells their layout). */
import { z } from 'zod';
import type { AgentSnapshot } from '../../agents/agent.ts';
import type { ReplayBuffer } from '../../agents/replay.ts';
import type { Layer } from '../../engine/parameters.ts';
import type { NdArray } from '../../engine/types.ts';
import type { EnvironmentState } from '../../envs/environment.ts';
import type { RunJob } from './job.ts';
import type { EvaluationRow, TrainingRow } from './rows.ts';
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
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

/** Rows of the replay buffer in a file of their own. */
export interface Segment {
  readonly first: number;
  readonly last: number;
  readonly sha256: string;
}

/** The segment's file. */
export const segmentFile = ({ first, last }: Pick<Segment, 'first' | 'last'>): string =>
  `replay-${first}-${last}.f32`;

export interface Checkpoint {
  readonly state: RunState;
  readonly agent: AgentSnapshot;
  /** Where each layer lies in a flat array of the agent, by the array's name. */
  readonly layers: Readonly<Record<string, readonly Layer[]>>;
  /** Puts the rows back into an empty replay buffer. */
  restoreReplay(replay: ReplayBuffer): void;
}

const FORMAT = 'rfm-harness-checkpoint/1';

/** SHA-256 of the parts one after the other, in hexadecimal. */
export type Sha256 = (...parts: readonly (string | Uint8Array)[]) => string;

/** A run's state as its file has it. */
export type StoredRun = RunState & {
  readonly replay: { readonly added: number; readonly segments: readonly Segment[] };
};

/** The state's file, in consecutive parts. */
export function encodeCheckpoint(state: StoredRun, agent: AgentSnapshot, sha256: Sha256): Uint8Array[] {
  const arrays = withPrefix(agent.arrays);
  const run = JSON.stringify(state);
  const values = JSON.stringify(agent.values);
  const checksum = contentHash(run, values, arrays, sha256);
  const layers = JSON.stringify(withPrefix(agent.layers ?? {}));
  const metadata = { format: FORMAT, sha256: checksum, run, agent: values };
  return encodeSafetensors(arrays, { ...metadata, layers, layers_sha256: sha256(layers) });
}

/** @throws Error that says what is wrong with the file; the job is not checked */
export function decodeCheckpoint(
  file: Uint8Array,
  sha256: Sha256,
): Pick<Checkpoint, 'state' | 'agent' | 'layers'> & Pick<StoredRun, 'replay'> {
  const { arrays, metadata } = decodeSafetensors(file);
  if (metadata.format !== FORMAT) throw new Error(`format ${metadata.format}, expected ${FORMAT}`);
  if (contentHash(metadata.run, metadata.agent, arrays, sha256) !== metadata.sha256) {
    throw new Error('checksum does not match');
  }
  const { replay, ...state } = JSON.parse(metadata.run) as StoredRun;
  const values = JSON.parse(metadata.agent) as Record<string, unknown>;
  const layers = readLayers(metadata, sha256);
  return { state, agent: { arrays: withoutPrefix(arrays), values }, layers, replay };
}

/**
 * The segments of a replay buffer without those that left its ring, and with the rows that none of them holds.
 * @returns `added` if there are such rows, to be written
 */
export function appendReplay(
  before: readonly Segment[],
  replay: ReplayBuffer,
  sha256: Sha256,
): { segments: Segment[]; added?: { segment: Segment; bytes: Uint8Array } } {
  const oldest = replay.added - replay.size;
  const kept = before.filter((segment) => segment.last > oldest && segment.last <= replay.added);
  const first = Math.max(oldest, kept.at(-1)?.last ?? 0);
  if (first === replay.added) return { segments: kept };
  const rows = replay.read(first, replay.added);
  const bytes = new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength);
  const segment = { first, last: replay.added, sha256: sha256(bytes) };
  return { segments: [...kept, segment], added: { segment, bytes } };
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

/** None in files of before there were layers, or where they are damaged. They are for readers alone: a run goes on without them. */
function readLayers(
  { layers: text, layers_sha256: sum }: Readonly<Record<string, string | undefined>>,
  sha256: Sha256,
): Checkpoint['layers'] {
  if (sum !== undefined && sum !== sha256(text ?? '')) return {};
  try {
    return withoutPrefix(layersSchema.parse(JSON.parse(text ?? '{}')));
  } catch {
    return {};
  }
}

function contentHash(
  run: string,
  agent: string,
  arrays: Readonly<Record<string, NdArray>>,
  sha256: Sha256,
): string {
  const parts: (string | Uint8Array)[] = [run, agent];
  for (const name of Object.keys(arrays).sort()) {
    const { data, shape } = arrays[name];
    parts.push(name, JSON.stringify(shape), new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return sha256(...parts);
}
