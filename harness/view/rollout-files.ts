/** Recorded rollouts: those in DIR/rollouts and those given one by one, each under an address of its own. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sha256 } from '../files/durable.ts';
import { pathWithin } from '../files/within.ts';
import { type Recording, recordingFault } from '../replay/recording.ts';
import { FileCache } from './file-cache.ts';

export interface ViewedRollout {
  /** Made of the path, so that no address can name another file. */
  readonly id: string;
  readonly path: string;
  readonly name: string;
  /** What is wrong with the file; the facts below are missing then. */
  readonly fault?: string;
  readonly task?: string;
  readonly agent?: string;
  readonly trainedSteps?: number;
  readonly returns: readonly number[];
  readonly steps: number;
}

export const rolloutId = (path: string): string => sha256(path).slice(0, 16);

export class RolloutFiles {
  private readonly facts = new FileCache(readFacts);

  /** @param directory of a comparison; its rollouts are looked up anew at each call */
  constructor(
    private readonly directory: string | undefined,
    private readonly files: readonly string[],
  ) {}

  list(): ViewedRollout[] {
    return this.paths().flatMap((path) => this.facts.get(path) ?? []);
  }

  paths(): string[] {
    return [...this.files, ...this.inDirectory()];
  }

  find(id: string): ViewedRollout | undefined {
    return this.list().find((rollout) => rollout.id === id);
  }

  private inDirectory(): string[] {
    const { directory } = this;
    if (directory === undefined) return [];
    const folder = join(directory, 'rollouts');
    try {
      return readdirSync(folder)
        .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
        .sort()
        .filter((name) => pathWithin(directory, 'rollouts', name) !== undefined)
        .map((name) => join(folder, name));
    } catch {
      return []; // there are none yet
    }
  }
}

/** What a file holds; for one that is no recording, why. */
function readFacts(path: string): ViewedRollout {
  const place = { id: rolloutId(path), path, name: basename(path) };
  const broken = (fault: string) => ({ ...place, fault, returns: [], steps: 0 });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return broken(error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message);
  }
  const fault = recordingFault(value);
  if (fault !== undefined) return broken(fault);
  const { task, agent, trainedSteps, episodes } = value as Recording;
  return {
    ...place,
    ...{ task, agent, trainedSteps },
    returns: episodes.map((episode) => episode.return),
    steps: episodes.reduce((sum, episode) => sum + episode.steps, 0),
  };
}
