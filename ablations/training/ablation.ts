/** What an ablation that trains is: variants of one agent, run as a comparison, then drawn against what varies. */
import type { Settings } from '../../harness/plan/settings.ts';

/** One agent of the comparison. */
export interface Variant {
  /** Its name in every table. */
  readonly name: string;
  /** Config keys on top of the preset and of the constants. */
  readonly set: Readonly<Record<string, unknown>>;
}

/** What variants may depend on. */
export interface VariantContext {
  /** The agent's config before anything varies. */
  readonly base: Readonly<Record<string, unknown>>;
  /** Control steps per run. */
  readonly steps: number;
  readonly full: boolean;
}

/** How much is run unless options say otherwise. */
export interface Scale extends Required<Pick<Settings, 'preset' | 'evaluationEpisodes'>> {
  readonly tasks: readonly string[];
  readonly seeds: number;
  /** Control steps per run, on tasks that `taskSteps` does not name. */
  readonly steps: number;
  readonly taskSteps?: Readonly<Record<string, number>>;
  /** Control steps between evaluations; 10 to 25 of them if undefined. */
  readonly evaluateEvery?: number;
}

/** A config key as the axis of a picture. */
export interface Axis {
  readonly key: string;
  readonly label: string;
}

export interface PrefixedAxis extends Axis {
  readonly prefix: string;
}

/** How final returns are drawn, one row of panels per task. */
export type ReturnsPicture =
  /** Variants side by side. */
  | { readonly kind: 'variants' }
  /** One panel per axis, with `reference` and the variants whose names begin with the axis' prefix. */
  | { readonly kind: 'axes'; readonly axes: readonly PrefixedAxis[]; readonly reference: string }
  /** A line per value of `series`. */
  | { readonly kind: 'lines'; readonly x: Axis; readonly series: Axis };

export interface TrainingAblation {
  /** The subcommand and the name of every file. */
  readonly name: string;
  readonly title: string;
  /** For the help: one line. */
  readonly question: string;
  /** For the report: how to read it, a paragraph each. */
  readonly text: readonly string[];
  /** Config keys that differ between variants: columns of the table. */
  readonly varied: readonly string[];
  variants(context: VariantContext): readonly Variant[];
  readonly quick: Scale;
  readonly full: Scale;
  readonly returns: ReturnsPicture;
  /** Returns also against wall-clock time. */
  readonly seconds?: boolean;
  /** Loss and effective sample size by t. */
  readonly byTime?: boolean;
  /** Returns also as a share of the variant that differs only in this key, with this value. */
  readonly relativeTo?: { readonly key: string; readonly value: number };
}
