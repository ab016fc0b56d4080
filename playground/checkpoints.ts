/** The checkpoints of a run in a browser: the files of harness/run/checkpoint.ts, held in memory and kept in storage. */
import type { AgentSnapshot } from '../agents/agent.ts';
import type { ReplayBuffer } from '../agents/replay.ts';
import {
  appendReplay,
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  type RunState,
  type Segment,
  segmentFile,
} from '../harness/run/checkpoint-content.ts';
import type { Checkpoints } from '../harness/run/loop.ts';
import { sha256 } from './sha256.ts';
import type { Files } from './storage.ts';

/** A state as it was just made. */
export interface WrittenState {
  readonly step: number;
  /** last.safetensors */
  readonly bytes: Uint8Array;
  readonly segments: readonly Segment[];
  /** Files of rows that are new. */
  readonly added: Files;
  /** Those that are no longer needed. */
  readonly dropped: readonly Segment[];
}

export class BrowserCheckpoints implements Checkpoints {
  #files: Record<string, Uint8Array>;
  #segments: readonly Segment[] = [];
  readonly #written: (state: WrittenState) => void;

  /**
   * @param files those of the state to go on from
   * @param written called with every new state
   */
  constructor(files: Files = {}, written: (state: WrittenState) => void = () => {}) {
    this.#files = { ...files };
    this.#written = written;
  }

  /** The files of the newest state. */
  get files(): Files {
    return this.#files;
  }

  /** @throws Error if the files are damaged */
  read(): Checkpoint | undefined {
    const file = this.#files['last.safetensors'];
    if (file === undefined) return undefined;
    const { state, agent, layers, replay } = decodeCheckpoint(file, sha256);
    const rows = replay.segments.map((segment) => {
      const bytes = this.#files[segmentFile(segment)];
      if (bytes === undefined || sha256(bytes) !== segment.sha256)
        throw new Error(`${segmentFile(segment)} of the checkpoint is damaged`);
      return { segment, bytes };
    });
    this.#segments = replay.segments;
    return {
      state,
      agent,
      layers,
      restoreReplay(buffer) {
        for (const { segment, bytes } of rows)
          buffer.append(new Float32Array(bytes.slice().buffer), segment.first);
      },
    };
  }

  write(state: RunState, agent: AgentSnapshot, replay: ReplayBuffer): void {
    const { segments, added } = appendReplay(this.#segments, replay, sha256);
    const stored = { ...state, replay: { added: replay.added, segments } };
    const bytes = joined(encodeCheckpoint(stored, agent, sha256));
    const names = new Set(segments.map(segmentFile));
    const dropped = this.#segments.filter((segment) => !names.has(segmentFile(segment)));
    const news = added === undefined ? {} : { [segmentFile(added.segment)]: added.bytes };
    const kept = Object.entries(this.#files).filter(([name]) => names.has(name));
    this.#files = { ...Object.fromEntries(kept), ...news, 'last.safetensors': bytes };
    this.#segments = segments;
    this.#written({ step: state.step, bytes, segments, added: news, dropped });
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
