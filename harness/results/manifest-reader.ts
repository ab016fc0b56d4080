/**
 * What manifest.json tells a report, read with tolerance: an older, newer or damaged manifest costs a report
 * some facts, never its numbers, which come from the CSVs alone.
 */
import { z } from 'zod';
import { intervalMethods } from '../statistics/index.ts';
import { shellWord } from '../text/shell-word.ts';
import { runKey } from './runs.ts';

const word = z.union([z.string(), z.number()]).transform(String);
/** Names are compared with those of the CSVs, which have no white space around them. */
const label = word.transform((name) => name.trim());
const text = label.optional().catch(undefined);
const number = z.number().optional().catch(undefined);

const runRecord = z.object({
  task: label,
  agent: label,
  seed: label,
  status: z.enum(['done', 'failed', 'interrupted', 'running', 'waiting']).catch('running'),
  reason: text,
  attempts: number,
  steps: number,
  wallSeconds: number,
});

const scoreRange = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low < high)
  .readonly()
  .optional()
  .catch(undefined);

const config = z.object({
  tasks: z.array(
    z.object({
      name: z.string(),
      scoreRange,
      episodeLength: z.number().positive().optional().catch(undefined),
    }),
  ),
});

const manifest = z.object({
  name: text,
  command: z
    .union([z.string(), z.array(word).transform((words) => words.map(shellWord).join(' '))])
    .optional()
    .catch(undefined),
  config: z.unknown().optional(),
  reporting: z
    .object({
      interval: z.enum(intervalMethods).optional().catch(undefined),
      scoreRange,
      taskRanges: z.record(z.string(), scoreRange).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
  versions: z.record(z.string(), z.unknown()).catch({}),
  commit: text,
  cpu: z.unknown().optional(),
  continued: z
    .array(
      z.object({
        cpu: z.unknown().optional(),
        merged: z.array(z.object({ cpu: z.unknown().optional() })).catch([]),
      }),
    )
    .catch([]),
  startedAt: text,
  endedAt: text,
  /** `running` until tables and report are there; absent in what others made. */
  status: z.enum(['running', 'done', 'failed', 'interrupted']).optional().catch(undefined),
  wallSeconds: number,
  runs: z
    .array(z.unknown())
    .catch([])
    .transform((runs) => runs.flatMap((run) => runRecord.safeParse(run).data ?? [])),
});

export type RunRecord = z.infer<typeof runRecord>;
export type Manifest = z.infer<typeof manifest>;

/** The manifest in a text; undefined if it is not JSON. */
export function parseManifest(text: string): Manifest | undefined {
  try {
    return manifest.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The keys of runs that failed: what they left behind counts nowhere. */
export const failedRuns = (manifest: Manifest | undefined): ReadonlySet<string> =>
  new Set(manifest?.runs.filter(({ status }) => status === 'failed').map(runKey));

/** What the tasks of a comparison tell of their returns, by name. */
export function tasksOf({ config: found }: Manifest): ReadonlyMap<string, Omit<ReturnsOfTask, 'name'>> {
  const tasks = config.safeParse(found).data?.tasks ?? [];
  return new Map(tasks.map(({ name, ...returns }) => [name, returns]));
}

type ReturnsOfTask = z.infer<typeof config>['tasks'][number];
