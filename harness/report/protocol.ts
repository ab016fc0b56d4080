/** What was run, in the words that stand beside every table: presets, steps, seeds. */
import { largest, smallest } from '../statistics/index.ts';
import type { ReportModel, Source } from './model.ts';
import { compact } from './numbers.ts';

/** The presets of the comparisons' agents: one name in most cases; undefined where nothing tells. */
export function presetsOf(sources: readonly Source[]): string | undefined {
  const named = (value: unknown): string[] => {
    const name = typeof value === 'object' && value !== null && 'preset' in value ? value.preset : undefined;
    return typeof name === 'string' ? [name] : [];
  };
  const found = sources.flatMap(({ manifest }) => {
    const config = manifest?.config;
    const agents = typeof config === 'object' && config !== null && 'agents' in config ? config.agents : [];
    return [...named(config), ...(Array.isArray(agents) ? agents.flatMap(named) : [])];
  });
  return found.length === 0 ? undefined : [...new Set(found)].join(', ');
}

/** The smallest and the largest of some values, or the one that all have; undefined for none. */
export function span(values: readonly number[], format: (value: number) => string): string | undefined {
  if (values.length === 0) return undefined;
  const [low, high] = [smallest(values), largest(values)];
  return low === high ? format(low) : `${format(low)}–${format(high)}`;
}

/** Control steps of the runs' last evaluations. */
export const stepsOf = ({ tables }: Pick<ReportModel, 'tables'>): number[] =>
  tables.summary.flatMap((row) => (typeof row.step === 'number' ? [row.step] : []));

export const seedsOf = ({ tables }: Pick<ReportModel, 'tables'>): number[] =>
  tables.summary.map((row) => Number(row.seeds));

/** `preset laptop, 50k steps, 3 seeds`; what is not known is left out. */
export function protocolLine(model: Pick<ReportModel, 'tables' | 'sources'>): string {
  const presets = presetsOf(model.sources);
  const steps = span(stepsOf(model), compact);
  const seeds = span(seedsOf(model), String);
  return [
    ...(presets === undefined ? [] : [`${presets.includes(',') ? 'presets' : 'preset'} ${presets}`]),
    ...(steps === undefined ? [] : [`${steps} steps`]),
    ...(seeds === undefined ? [] : [`${seeds} seed${seeds === '1' ? '' : 's'}`]),
  ].join(', ');
}
