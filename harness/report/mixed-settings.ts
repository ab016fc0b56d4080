/** Agents that several joined comparisons have under one name, yet trained with different settings. */
import { z } from 'zod';
import { firstDifference } from '../text/difference.ts';
import type { Source } from './model.ts';

/** What this asks of a manifest's config; others than those of comparisons tell nothing. */
const trained = z.object({
  agents: z.array(z.object({ label: z.string(), preset: z.unknown(), config: z.unknown() })),
});

/** A line for each such agent, with the first setting that differs. */
export function mixedSettings(sources: readonly Source[]): string[] {
  const first = new Map<string, { readonly source: string; readonly settings: unknown }>();
  const lines = new Map<string, string>();
  for (const { name, manifest } of sources) {
    for (const { label, ...settings } of trained.safeParse(manifest?.config).data?.agents ?? []) {
      const before = first.get(label);
      if (before === undefined) {
        first.set(label, { source: name, settings });
        continue;
      }
      const key = firstDifference(before.settings, settings);
      if (key === undefined || lines.has(label)) continue;
      lines.set(
        label,
        `${label} was trained with other settings in ${name} than in ${before.source} ('${key}' differs), yet counts as one agent: --prefix tells them apart`,
      );
    }
  }
  return [...lines.values()];
}
