/** A comparison beside the runs of another one, published for example: its settings as defaults, and a joint report. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { z } from 'zod';
import { namedFolder } from '../files/named-folder.ts';
import type { ComparisonPlan } from '../plan/plan.ts';
import type { Settings } from '../plan/settings.ts';
import { type Report, type ReportOptions, writeReport } from '../report/write.ts';
import { packageFolder } from '../results/manifest.ts';
import { readManifest } from '../results/read-files.ts';
import { limits } from '../run/job.ts';
import { largest } from '../statistics/index.ts';
import { UserError } from '../text/errors.ts';
import { formatCount } from '../text/quantity.ts';

/** What is asked of the other comparison's config; older ones know nothing of starts, backends and threads. */
const configSchema = z.object({
  agents: z.array(z.object({ label: z.string(), preset: z.string() })).min(1),
  tasks: z.array(z.object({ name: z.string(), file: z.string().optional() })).min(1),
  seeds: z.array(z.number().int().min(0)).min(1),
  steps: z.number().int().positive(),
  evaluation: z.object({
    every: z.number().int().positive(),
    episodes: z.number().int().positive(),
    starts: z.enum(['fixed', 'fresh']).optional(),
  }),
  backend: z.string().optional(),
  threads: z.number().int().positive().max(limits.threads).optional(),
});

export interface OtherComparison {
  readonly folder: string;
  readonly name: string;
  readonly config: z.infer<typeof configSchema>;
}

/** Where comparisons are that this package brings along. */
const publishedFolder = () => join(packageFolder(), 'results');

/** Names of those comparisons: of folders that have tables, or whose folders have. */
function publishedNames(): string[] {
  const root = publishedFolder();
  const below = (name: string) =>
    readdirSync(join(root, name), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(name, entry.name));
  const hasTables = (name: string) => existsSync(join(root, name, 'evaluations.csv'));
  const names = existsSync(root) ? below('') : [];
  return names.flatMap((name) => (hasTables(name) ? [name] : below(name).filter(hasTables)));
}

/** @param name of results here, or else of published ones */
export function otherFolder(name: string): string {
  const here = namedFolder(name);
  return resolve(existsSync(here) ? here : namedFolder(name, publishedFolder()));
}

/**
 * @param asked a name or a path
 * @throws UserError if the folder holds no comparison, or none whose settings can be read
 */
export function readOther(asked: string): OtherComparison {
  const folder = otherFolder(asked);
  const name = basename(folder);
  if (!existsSync(join(folder, 'evaluations.csv'))) {
    const others = publishedNames();
    throw new UserError(
      `--against ${name}: ${folder} holds no evaluations.csv${others.length > 0 ? `; published are ${others.join(', ')}` : ''}`,
    );
  }
  const config = configSchema.safeParse(readManifest(folder)?.config).data;
  if (config === undefined)
    throw new UserError(`--against ${name}: ${join(folder, 'manifest.json')} tells no settings`);
  return { folder, name, config };
}

/**
 * What holds unless the user says otherwise.
 * @throws UserError where tasks are not asked for, and the other ones come from files: results name no file to load
 */
export function settingsLike({ name, config }: OtherComparison, asked: Settings): Settings {
  const { agents, tasks, seeds, steps, evaluation, threads } = config;
  const presets = new Set(agents.map(({ preset }) => preset));
  const fromFile = tasks.find(({ file }) => file !== undefined);
  if (asked.tasks === undefined && fromFile !== undefined)
    throw new UserError(
      `--against ${name}: its task '${fromFile.name}' comes from a file; name the tasks with --tasks`,
    );
  return {
    tasks: tasks.map((task) => task.name),
    seeds: [...seeds],
    steps,
    evaluateEvery: evaluation.every,
    evaluationEpisodes: evaluation.episodes,
    evaluationStarts: evaluation.starts ?? 'fresh',
    ...(presets.size === 1 && { preset: agents[0].preset }),
    ...(threads !== undefined && { threads }),
  };
}

/**
 * Whether a plan can be reported beside the other comparison.
 * @returns lines about what the two do not have in common
 * @throws UserError if they share no task, or an agent's name
 */
export function compareSettings(plan: ComparisonPlan, { name, config }: OtherComparison): string[] {
  const taken = plan.agents.find(({ label }) => config.agents.some((agent) => agent.label === label));
  if (taken !== undefined)
    throw new UserError(
      `--against ${name}: it has an agent '${taken.label}' too; name yours otherwise in a --config file (agents: [{ agent: …, name: … }])`,
    );
  const tasks = config.tasks.map((task) => task.name);
  if (!plan.tasks.some((task) => tasks.includes(task.name)))
    throw new UserError(`--against ${name}: it has none of these tasks, but ${tasks.join(', ')}`);
  const lines: string[] = [];
  const missing = plan.tasks.filter((task) => !tasks.includes(task.name)).map((task) => task.name);
  if (missing.length > 0) lines.push(`${name} has no runs on ${missing.join(', ')}: left out beside it`);
  const { steps, evaluation, seeds, backend, threads } = plan;
  const step = sharedStep(plan, config);
  const shorter = Math.min(steps, config.steps);
  if (step === undefined)
    lines.push(
      `evaluated at no step in common: each counts with its last evaluation up to step ${formatCount(shorter)}`,
    );
  else if (step !== steps || step !== config.steps)
    lines.push(
      `compared at ${formatCount(step)} steps (${formatCount(steps)} here, ${formatCount(config.steps)} in ${name})`,
    );
  const differs = (what: string, here: unknown, there: unknown) => {
    if (here !== there) lines.push(`${what}: ${here} here, ${there} in ${name}`);
  };
  differs('episodes of an evaluation', evaluation.episodes, config.evaluation.episodes);
  differs('start states of evaluations', evaluation.starts, config.evaluation.starts ?? 'fresh');
  differs('seeds', seeds.length, config.seeds.length);
  const presets = (agents: readonly { readonly preset: string }[]) =>
    [...new Set(agents.map(({ preset }) => preset))].sort().join(', ');
  differs('presets', presets(plan.agents), presets(config.agents));
  // Both decide the last bits, and what a run costs.
  differs('backend', backend, config.backend ?? backend);
  differs('threads of a run', threads, config.threads ?? threads);
  return lines;
}

/** The last step after the first at which both sides are evaluated; undefined where there is none. */
function sharedStep(
  ...sides: readonly Pick<OtherComparison['config'], 'steps' | 'evaluation'>[]
): number | undefined {
  const [own, other] = sides.map(
    ({ steps, evaluation: { every } }) =>
      new Set([...Array.from({ length: Math.floor(steps / every) }, (_, i) => (i + 1) * every), steps]),
  );
  const shared = [...own].filter((step) => other.has(step));
  return shared.length === 0 ? undefined : largest(shared);
}

/** Where the joint report lies, in the folder of the comparison that was made. */
export const jointFolder = (folder: string, { name }: OtherComparison): string =>
  join(folder, `against-${name}`);

/** Both comparisons on the tasks and at the last step that they share; tables, plots and page in a folder of their own. */
export function reportBeside(
  folder: string,
  plan: ComparisonPlan,
  other: OtherComparison,
  reporting: Pick<ReportOptions, 'interval' | 'scoreRange' | 'taskRanges'>,
): Report {
  const tasks = other.config.tasks.map(({ name }) => name);
  const report = writeReport({
    ...reporting,
    directories: [folder, other.folder],
    tasks: plan.tasks.map(({ name }) => name).filter((name) => tasks.includes(name)),
    until: sharedStep(plan, other.config) ?? Math.min(plan.steps, other.config.steps),
    out: jointFolder(folder, other),
    force: true,
  });
  return { ...report, warnings: [...compareSettings(plan, other), ...report.warnings] };
}
