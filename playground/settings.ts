/** What the page's reader chooses for a run, and the command that trains the same. */
import type { Preset } from '../agents/agent.ts';

export interface RunSettings {
  readonly task: string;
  readonly agent: string;
  readonly preset: Preset;
  readonly seed: number;
  /** Control steps of training. */
  readonly steps: number;
  /** Control steps between evaluations. */
  readonly evaluateEvery: number;
  /** Episodes of one evaluation. */
  readonly evaluationEpisodes: number;
}

/** What there is to choose from: choices.json of the site. */
export interface Choices {
  readonly tasks: readonly string[];
  readonly agents: readonly { readonly name: string; readonly description: string }[];
  readonly presets: readonly Preset[];
  readonly version: string;
}

/** The same run in a terminal: its evaluations.csv has the same bytes but for wall_seconds. */
export function commandOf(settings: RunSettings): string {
  const { agent, task, preset, seed, steps, evaluateEvery, evaluationEpisodes } = settings;
  return [
    `harness train ${agent} ${task} --preset ${preset} --seed ${seed} --steps ${steps}`,
    `--evaluate-every ${evaluateEvery} --evaluation-episodes ${evaluationEpisodes} --backend wasm`,
  ].join(' ');
}
