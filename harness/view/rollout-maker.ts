/** Plays a checkpoint for the viewer, in a process of its own so that pages stay quick. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathWithin } from '../files/within.ts';
import { packageFolder } from '../results/manifest.ts';
import type { ViewedRun } from './comparison-files.ts';

/** A rollout that could not be made; the message is for the reader. */
export class RolloutError extends Error {
  override readonly name = 'RolloutError';
}

export class RolloutMaker {
  /** Runs being played, by id. */
  readonly making = new Set<string>();
  private child: ChildProcess | undefined;

  /** @param directory of the comparison */
  constructor(private readonly directory: string) {}

  /**
   * One episode of a run's checkpoint, as DIR/rollouts/TASK-AGENT-SEED-ID.json; a newer one replaces it.
   * @returns the file
   * @throws RolloutError if it fails, or another one is being made
   */
  async make(run: ViewedRun, id: string): Promise<string> {
    if (run.playable === undefined) throw new RolloutError('this run has no checkpoint');
    if (this.child !== undefined) throw new RolloutError('another checkpoint is being played; wait for it');
    const folder = join(this.directory, 'rollouts');
    if (existsSync(folder) && pathWithin(this.directory, 'rollouts') === undefined)
      throw new RolloutError(`${folder} is a link out of the directory; nothing is written there`);
    const file = join(folder, `${fileName(run)}-${id.slice(0, 8)}.json`);
    this.making.add(id);
    try {
      await this.play(['rollout', run.playable, '--out', file, '--force']);
      return file;
    } finally {
      this.making.delete(id);
    }
  }

  private play(words: readonly string[]): Promise<void> {
    const program = join(packageFolder(), 'bin', 'harness.js');
    const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child = child;
    let said = '';
    child.stderr.on('data', (text) => {
      said = `${said}${text}`.slice(-2000);
    });
    return new Promise((resolve, reject) => {
      child.on('error', (error) => reject(new RolloutError(error.message)));
      child.on('close', (code) => {
        this.child = undefined;
        const reason = said.trim().split('\n').at(-1) || `it ended with exit code ${code}`;
        if (code === 0) resolve();
        else reject(new RolloutError(`the checkpoint cannot be played: ${reason}`));
      });
    });
  }

  /** Ends what is being played. */
  stop(): void {
    this.child?.kill();
  }
}

const fileName = ({ task, agent, seed }: ViewedRun): string =>
  [task, agent, seed].map((part) => part.replace(/[^A-Za-z0-9_]+/g, '-').slice(0, 40)).join('-');
