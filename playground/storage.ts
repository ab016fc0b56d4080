/**
 * What the browser keeps between two visits: the settings of a training, and the checkpoint of each of its runs; and
 * files on their way from one page to another.
 */
import { type Segment, segmentFile } from '../harness/run/checkpoint-content.ts';
import type { GivenFile } from './given-files.ts';
import type { Code } from './options.ts';
import type { Settings } from './settings.ts';

/** The files of a checkpoint by their names. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** A training of one or several runs. */
export interface Session {
  /** Random. */
  readonly id: string;
  readonly settings: Settings;
  /** When it began, ms since 1970. */
  readonly begunAt: number;
  /** Of what code the site was; absent in what earlier versions of the page have kept. */
  readonly code?: Code;
}

/** A run's newest state. */
export interface StoredState {
  readonly step: number;
  readonly status: 'running' | 'done';
  /** last.safetensors */
  readonly bytes: Uint8Array;
  readonly segments: readonly Segment[];
}

const DATABASE = 'rfm-harness-playground';
/** `states` by [session, run], `segments` by [session, run, file]. */
const STORES = ['session', 'states', 'segments'] as const;
/** Files that were dropped on a page that does not show them. */
const DROPPED = 'dropped';
type StoreName = (typeof STORES)[number] | typeof DROPPED;

const NEWEST = 'newest';

export class Storage {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  /** Undefined where the browser keeps nothing: in some private windows, or when its user forbids it. */
  static async open(): Promise<Storage | undefined> {
    try {
      const request = indexedDB.open(DATABASE, 2);
      const blocked = new Promise<never>((_, reject) => {
        request.onblocked = () => reject(new Error('another tab has an older version open'));
      });
      request.onupgradeneeded = () => {
        const { result: database } = request;
        for (const name of [...STORES, DROPPED])
          if (!database.objectStoreNames.contains(name)) database.createObjectStore(name);
      };
      const database = await Promise.race([answer(request), blocked]);
      database.onversionchange = () => database.close(); // a newer version of the page needs it
      return new Storage(database);
    } catch {
      return undefined;
    }
  }

  async session(): Promise<Session | undefined> {
    return (await answer(this.#begin(['session'], 'readonly')('session').get(NEWEST))) as Session | undefined;
  }

  /** Begins a session; all there was is forgotten. */
  async begin(session: Session): Promise<void> {
    const store = this.#begin(STORES, 'readwrite');
    for (const name of STORES) store(name).clear();
    await answer(store('session').put(session, NEWEST));
  }

  /** Forgets a session, if it is still the one that is kept. */
  async forget({ id }: Session): Promise<void> {
    const store = this.#begin(STORES, 'readwrite');
    const kept = await answer<Session | undefined>(store('session').get(NEWEST));
    if (kept?.id !== id) return;
    await Promise.all(STORES.map((name) => answer(store(name).clear())));
  }

  async putDropped(files: readonly GivenFile[]): Promise<void> {
    await answer(this.#begin([DROPPED], 'readwrite')(DROPPED).put(files, NEWEST));
  }

  /** What was dropped, once. */
  async takeDropped(): Promise<readonly GivenFile[] | undefined> {
    const store = this.#begin([DROPPED], 'readwrite')(DROPPED);
    const files = await answer<readonly GivenFile[] | undefined>(store.get(NEWEST));
    await answer(store.delete(NEWEST));
    return files;
  }

  async state(session: string, run: number): Promise<StoredState | undefined> {
    const request = this.#begin(['states'], 'readonly')('states').get([session, run]);
    return (await answer(request)) as StoredState | undefined;
  }

  /** The files of a run's newest state. @throws Error if a part of it is gone */
  async files(session: string, run: number): Promise<Files | undefined> {
    const store = this.#begin(['states', 'segments'], 'readonly');
    const state = (await answer(store('states').get([session, run]))) as StoredState | undefined;
    if (state === undefined) return undefined;
    const names = state.segments.map(segmentFile);
    const parts = await Promise.all(
      names.map((name) => answer<Uint8Array | undefined>(store('segments').get([session, run, name]))),
    );
    const files: Record<string, Uint8Array> = { 'last.safetensors': state.bytes };
    parts.forEach((part, i) => {
      if (part === undefined) throw new Error(`the browser has lost ${names[i]} of the checkpoint`);
      files[names[i]] = part;
    });
    return files;
  }

  /** Writes a state and the rows that are new since the one before: both or neither. */
  async write(
    [session, run]: readonly [string, number],
    state: StoredState,
    added: Files,
    dropped: readonly Segment[],
  ): Promise<void> {
    const store = this.#begin(['states', 'segments'], 'readwrite');
    for (const [name, bytes] of Object.entries(added)) store('segments').put(bytes, [session, run, name]);
    for (const segment of dropped) store('segments').delete([session, run, segmentFile(segment)]);
    await answer(store('states').put(state, [session, run]));
  }

  #begin(names: readonly StoreName[], mode: IDBTransactionMode): (name: StoreName) => IDBObjectStore {
    const transaction = this.#database.transaction([...names], mode);
    return (name) => transaction.objectStore(name);
  }
}

function answer<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
