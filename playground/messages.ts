/** What the page and a run's worker tell each other. */
import type { RunTexts } from '../harness/run/rows.ts';
import type { RunSettings } from './settings.ts';

/** Text of every file of assets/, by its name. */
export type Models = Readonly<Record<string, string>>;

/** From the page. `begin` comes first, once. */
export type Order =
  | { readonly type: 'begin'; readonly settings: RunSettings; readonly models: Models }
  | { readonly type: 'pause' }
  | { readonly type: 'go on' }
  | { readonly type: 'stop' };

/** One evaluation: the mean return of its episodes. */
export interface CurvePoint {
  readonly step: number;
  readonly mean: number;
}

/** From the worker. The last one is an `ended` or a `failed`. */
export type Report =
  | { readonly type: 'progress'; readonly step: number; readonly stepsPerSecond: number }
  | { readonly type: 'rows'; readonly tables: RunTexts; readonly curve: readonly CurvePoint[] }
  | { readonly type: 'ended'; readonly status: 'done' | 'interrupted'; readonly step: number }
  | { readonly type: 'failed'; readonly message: string };
