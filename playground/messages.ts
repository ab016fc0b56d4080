/** What the page and a run's worker tell each other. */
import type { RunJob } from '../harness/run/job.ts';
import type { RunTexts, TrainingRow } from '../harness/run/rows.ts';
import type { Footage } from './filmed-environment.ts';
import type { RunSettings } from './settings.ts';
import type { Files } from './storage.ts';

/** Text of every file of assets/, by its name. */
export type Models = Readonly<Record<string, string>>;

/** From the page. `begin` comes first, once. */
export type Order =
  | {
      readonly type: 'begin';
      readonly settings: RunSettings;
      readonly models: Models;
      /** Where the browser keeps its checkpoints: the session's id, and which of its runs this is; nowhere if absent. */
      readonly place?: readonly [session: string, run: number];
      /** Whether that session began earlier: without what is kept of it the run must not begin anew. */
      readonly goesOn?: boolean;
    }
  | { readonly type: 'pause' }
  | { readonly type: 'go on' }
  | { readonly type: 'stop' };

/** One evaluation: the mean return of its episodes. */
export interface CurvePoint {
  readonly step: number;
  readonly episodes: number;
  readonly mean: number;
}

/** From the worker. The last one is an `ended` or a `failed`. */
export type Report =
  | {
      readonly type: 'progress';
      readonly step: number;
      /** Over the last stretch between two reports, evaluations included. */
      readonly stepsPerSecond: number;
      /** Return of the last training episode that ended. */
      readonly episodeReturn?: number;
    }
  | {
      readonly type: 'rows';
      readonly step: number;
      readonly tables: RunTexts;
      readonly curve: readonly CurvePoint[];
      readonly training: readonly TrainingRow[];
      /** The first episode of the newest evaluation; absent where there is none since the worker began. */
      readonly footage?: Footage;
      /** Seconds of simulated time between two frames. */
      readonly controlStep: number;
    }
  /** The browser holds a state of this step. */
  | { readonly type: 'kept'; readonly step: number }
  /** A line for the reader. */
  | { readonly type: 'note'; readonly line: string }
  | {
      readonly type: 'ended';
      readonly status: 'done' | 'interrupted';
      readonly step: number;
      readonly wallSeconds: number;
      readonly job: RunJob;
      readonly checkpointSeconds: number;
      /** The checkpoint. */
      readonly files: Files;
    }
  | { readonly type: 'failed'; readonly message: string };
