/** Comparisons that grow: a plan that exists, and more seeds, agents, tasks or steps. */
import { isDeepStrictEqual } from 'node:util';
import { absolutePath, isFile } from '../plugins/load-module.ts';
import { withoutChecksums } from '../run/job.ts';
import { describeDifference } from '../text/difference.ts';
import { UserError } from '../text/errors.ts';
import { formatCount } from '../text/quantity.ts';
import type { AgentPlan, ComparisonPlan } from './plan.ts';
import { type AgentEntry, entries, type Settings } from './settings.ts';

/** What a plan has that an earlier one had not; what is empty is absent. */
export interface Additions {
  readonly agents?: readonly string[];
  readonly tasks?: readonly string[];
  readonly seeds?: readonly number[];
  readonly steps?: { readonly from: number; readonly to: number };
}

/**
 * Settings whose agents are as they were, where they are there already and nothing else is asked of them; an agent that is
 * swept has the settings that its variants share.
 */
export function withAgentsOf({ agents }: ComparisonPlan, settings: Settings): Settings {
  const [{ preset }] = agents;
  const { sweep } = settings;
  const isKept = settings.preset === undefined;
  const asBefore = (agent: AgentPlan) => ({
    agent: agent.source.file ?? agent.source.name,
    name: agent.label,
    ...(isKept ? { preset: agent.preset, set: { ...agent.config } } : {}),
  });
  const asked = settings.agents ?? (sweep && Object.keys(sweep));
  const listed =
    asked === undefined
      ? agents.map(asBefore)
      : entries<AgentEntry>(asked, '--agents').map((entry) => {
          if (typeof entry !== 'string') return entry;
          const name = isFile(entry) ? absolutePath(entry) : entry;
          const same = agents.filter(({ source }) => name === (source.file ?? source.name));
          const there = same.find(({ label, source }) => label === source.name);
          if (there !== undefined) return asBefore(there);
          const isSwept = same.some(({ source }) => sweep?.[source.name] !== undefined);
          return isSwept && isKept ? { agent: name, ...sharedSettings(same) } : entry;
        });
  return { ...settings, agents: listed, preset: settings.preset ?? preset };
}

/** What all variants of an agent have alike, but for the keys that their names tell. */
function sharedSettings(variants: readonly AgentPlan[]): Pick<AgentEntry & object, 'preset' | 'set'> {
  const [{ preset, config }] = variants;
  const isShared = ([key, value]: [string, unknown]) =>
    variants.every((each) => !isNamedAfter(each.label, key) && isDeepStrictEqual(each.config[key], value));
  return {
    ...(variants.every((each) => each.preset === preset) && { preset }),
    set: Object.fromEntries(Object.entries(config).filter(isShared)),
  };
}

/** Whether a sweep of the key named the variant; `eta` is short for `estimator`. */
const isNamedAfter = (label: string, key: string): boolean =>
  label.includes(`-${key}-`) || (key === 'estimator' && label.includes('-eta-'));

/** What nobody asked for is as it was before, so that --resume may repeat some options and omit others. */
export function withSettingsOf(
  before: ComparisonPlan,
  plan: ComparisonPlan,
  asked: Settings,
): ComparisonPlan {
  const chosen = <T>(key: keyof Settings, now: T, then: T): T => (asked[key] === undefined ? then : now);
  const { shard = before.shard } = plan;
  return {
    agents: plan.agents,
    tasks: chosen('tasks', plan.tasks, before.tasks),
    seeds: chosen('seeds', plan.seeds, before.seeds),
    steps: chosen('steps', plan.steps, before.steps),
    evaluation: {
      every: chosen('evaluateEvery', plan.evaluation.every, before.evaluation.every),
      episodes: chosen('evaluationEpisodes', plan.evaluation.episodes, before.evaluation.episodes),
      starts: chosen('evaluationStarts', plan.evaluation.starts, before.evaluation.starts),
    },
    logEvery: chosen('logEvery', plan.logEvery, before.logEvery),
    backend: chosen('backend', plan.backend, before.backend),
    threads: chosen('threads', plan.threads, before.threads),
    ...(shard !== undefined && { shard }),
  };
}

/**
 * A plan and what is asked of it beyond. A list that names all that is there gives the order, so that the tables are
 * those of a comparison planned whole; else what is new comes last.
 * @param place the folder of the one before, for messages
 * @throws UserError for agents and tasks of the same name that are not the same
 */
export function extendPlan(before: ComparisonPlan, asked: ComparisonPlan, place: string): ComparisonPlan {
  for (const agent of asked.agents)
    expectSame(
      'agent',
      agent.label,
      before.agents.find(({ label }) => label === agent.label),
      agent,
      place,
    );
  for (const task of asked.tasks)
    expectSame(
      'task',
      task.name,
      before.tasks.find(({ name }) => name === task.name),
      task,
      place,
    );
  return {
    ...asked,
    agents: union(before.agents, asked.agents, ({ label }) => label),
    tasks: union(before.tasks, asked.tasks, ({ name }) => name),
    seeds: union(before.seeds, asked.seeds, (seed) => seed),
  };
}

function expectSame(kind: string, name: string, there: unknown, asked: unknown, place: string): void {
  if (there === undefined) return;
  const difference = describeDifference(withoutChecksums(there), withoutChecksums(asked));
  if (difference === undefined) return;
  throw new UserError(
    `${kind} '${name}' in ${place} has other settings: ${difference}; give the new one a name of its own, in a --config file`,
  );
}

/** The items of both, each once: in the order of `more` if that has them all, else those of `there` first. */
function union<T>(there: readonly T[], more: readonly T[], keyOf: (item: T) => unknown): T[] {
  const asked = new Set(more.map(keyOf));
  return there.every((item) => asked.has(keyOf(item))) ? [...more] : append(there, more, keyOf);
}

/** The items of both, each once: those of `there` first. */
export function append<T>(there: readonly T[], more: readonly T[], keyOf: (item: T) => unknown): T[] {
  const known = new Set(there.map(keyOf));
  return [...there, ...more.filter((item) => !known.has(keyOf(item)))];
}

/**
 * What is new in a plan.
 * @param place the folder of the one before, for messages
 * @throws UserError if it is no extension: something is gone, or is not as it was
 */
export function additions(before: ComparisonPlan, plan: ComparisonPlan, place: string): Additions {
  if (before.shard !== undefined || plan.shard !== undefined)
    throw new UserError(
      `${place}: a shard is a part of a plan, which --extend would change; plan what is new as a comparison of its own, with --shard, and join all with harness merge`,
    );
  if (plan.steps < before.steps)
    throw new UserError(
      `${place} has runs of ${formatCount(before.steps)} steps; --extend makes them longer, not ${formatCount(plan.steps)}`,
    );
  const { agents, tasks, seeds, steps } = plan;
  const known = {
    ...plan,
    agents: before.agents.map(({ label }) => agents.find((agent) => agent.label === label)),
    tasks: before.tasks.map(({ name }) => tasks.find((task) => task.name === name)),
    seeds: before.seeds.filter((seed) => seeds.includes(seed)),
    steps: before.steps,
  };
  const difference = describeDifference(withoutChecksums(before), withoutChecksums(known));
  if (difference !== undefined)
    throw new UserError(
      `${place} was made with other settings: ${difference}; --extend adds seeds, agents, tasks and steps alone`,
    );
  const fresh = <T>(items: readonly T[], old: readonly T[]) => items.filter((item) => !old.includes(item));
  const labels = (each: ComparisonPlan) => each.agents.map(({ label }) => label);
  const names = (each: ComparisonPlan) => each.tasks.map(({ name }) => name);
  const lists = {
    agents: fresh(labels(plan), labels(before)),
    tasks: fresh(names(plan), names(before)),
    seeds: fresh(seeds, before.seeds),
  };
  return {
    ...(Object.fromEntries(Object.entries(lists).filter(([, items]) => items.length > 0)) as Additions),
    ...(steps > before.steps && { steps: { from: before.steps, to: steps } }),
  };
}

/** In words: `seeds 3, 4; agent mine`; undefined for nothing. */
export function describeAdditions({ agents, tasks, seeds, steps }: Additions): string | undefined {
  const list = (what: string, items: readonly (string | number)[] = []) =>
    items.length === 0 ? [] : [`${what}${items.length > 1 ? 's' : ''} ${items.join(', ')}`];
  const parts = [
    ...list('agent', agents),
    ...list('task', tasks),
    ...list('seed', seeds),
    ...(steps === undefined ? [] : [`steps ${formatCount(steps.from)} to ${formatCount(steps.to)}`]),
  ];
  return parts.length === 0 ? undefined : parts.join('; ');
}
