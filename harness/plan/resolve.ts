/** From settings to a plan: names looked up, presets opened, every value checked. */

import { availableParallelism } from 'node:os';
import { parse } from 'yaml';
import { z } from 'zod';
import { presets } from '../../agents/agent.ts';
import { AGENT_NAME } from '../../agents/returned.ts';
import { inWords } from '../../agents/schema-words.ts';
import { checkBackend } from '../../engine/backends/chain.ts';
import { defaultBackend } from '../../engine/default-backend.ts';
import { askOfFile } from '../plugins/apart.ts';
import { checkTraining, type LoadedAgent, loadAgent } from '../plugins/load-agent.ts';
import { findFile, isFile } from '../plugins/load-module.ts';
import { resolveTasks } from '../plugins/load-task.ts';
import { agentTitle, checksumOf } from '../plugins/source.ts';
import type { ApartFunction } from '../process/apart.ts';
import { limits } from '../run/job.ts';
import { UserError, unknownName } from '../text/errors.ts';
import { parseCount } from '../text/quantity.ts';
import { type AgentPlan, type ComparisonPlan, defaultEvaluationEvery, threadsFor } from './plan.ts';
import {
  type AgentEntry,
  checkPreset,
  defaults,
  entries,
  parseSeeds,
  protocols,
  type Settings,
} from './settings.ts';

/** @throws UserError for the first thing that does not fit, in one line */
export async function resolvePlan(settings: Settings): Promise<ComparisonPlan> {
  const preset = checkPreset(settings.preset ?? defaults.preset);
  const protocol = protocols[preset];
  const steps = parseCount(settings.steps ?? protocol.steps ?? 0, '--steps', 1, limits.steps);
  const seeds = parseSeeds(settings.seeds ?? defaults.seeds);
  const every = settings.evaluateEvery ?? protocol.evaluateEvery ?? defaultEvaluationEvery(steps);
  const evaluation = {
    every: parseCount(every, '--evaluate-every', 1, limits.steps),
    episodes: parseCount(
      settings.evaluationEpisodes ?? protocol.evaluationEpisodes ?? 0,
      '--evaluation-episodes',
      1,
      limits.episodes,
    ),
    starts: settings.evaluationStarts ?? defaults.evaluationStarts,
  };
  const tasks = await resolveTasks(entries(settings.tasks ?? defaults.tasks, '--tasks') as string[]);
  const { sweep } = settings;
  const some = sweep === undefined ? defaults.agents : Object.keys(sweep);
  const listed = entries<AgentEntry>(settings.agents ?? some, '--agents');
  const agents = await resolveVariants(listed, preset, settings);
  checkLabels(agents);
  const runs = agents.length * tasks.length * seeds.length;
  const threads = settings.threads ?? threadsFor(runs, availableParallelism());
  const backend = settings.backend ?? defaultBackend();
  await checkBackend(backend);
  return {
    agents,
    tasks,
    seeds,
    steps,
    evaluation,
    logEvery: parseCount(
      settings.logEvery ?? Math.max(1, Math.floor(evaluation.every / 2)),
      '--log-every',
      1,
      limits.steps,
    ),
    backend,
    threads: parseCount(threads, '--threads', 1, limits.threads),
  };
}

/** Agents, and in the place of those that are swept their variants. */
async function resolveVariants(
  listed: readonly (string | AgentEntry)[],
  preset: AgentPlan['preset'],
  { set = {}, sweep = {} }: Pick<Settings, 'set' | 'sweep'>,
): Promise<AgentPlan[]> {
  const agents = await resolveAgents(listed, preset, set);
  const labels = agents.map(({ label }) => label);
  const expectKnown = (option: string, named: object, known: readonly string[]) => {
    for (const label of Object.keys(named))
      if (!known.includes(label)) throw unknownName(`agent in ${option}`, label, known);
  };
  expectKnown('--sweep', sweep, labels);
  const given = listed.map((entry) => (typeof entry === 'string' ? { agent: entry } : entry));
  const listsOf = (i: number) => Object.entries({ ...given[i].sweep, ...sweep[labels[i]] });
  if (given.every((_, i) => listsOf(i).length === 0)) {
    expectKnown('--set', set, labels);
    return agents;
  }
  const variants = given.flatMap((entry, i) =>
    combinations(listsOf(i)).map((values) => ({
      ...{ agent: entry.agent, preset: entry.preset },
      name: [labels[i], ...values.flatMap(([key, value]) => [key, nameOf(value)])].join('-'),
      set: { ...entry.set, ...set[labels[i]], ...Object.fromEntries(values) },
    })),
  );
  expectKnown('--set', set, [...labels, ...variants.map(({ name }) => name)]);
  return await resolveAgents(variants, preset, set);
}

/** Every way to take one value of each list; the last list changes fastest. */
function combinations(lists: readonly [key: string, values: readonly unknown[]][]): [string, unknown][][] {
  const none: [string, unknown][][] = [[]];
  return lists.reduce(
    (before, [key, values]) =>
      before.flatMap((taken) => values.map((value): [string, unknown][] => [...taken, [key, value]])),
    none,
  );
}

/** A value as part of an agent's name: `0.01`, `64-64`, `eta-0.5`; of what is composed, its parts. */
function nameOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(nameOf).join('-');
  if (typeof value === 'object' && value !== null) return nameOf(Object.entries(value).flat());
  return String(value)
    .replace(/[^a-z0-9._-]+/gi, '-')
    .replace(/^-(?!\d)|-$/g, '');
}

/** An agent as it was asked for. */
interface AskedAgent {
  /** A name or a file. */
  readonly agent: string;
  /** Its label; by default its own name. */
  readonly name?: string;
  readonly preset: AgentPlan['preset'];
  readonly set: Readonly<Record<string, unknown>>;
}

interface AgentsOrder {
  readonly asked: readonly AskedAgent[];
  /** Label → key → value, on top. */
  readonly set: NonNullable<Settings['set']>;
}

/**
 * Agents with their complete configs, in the order given. Users' files are loaded in processes of their own, one for
 * each file.
 * @throws UserError for the first thing that does not fit, in one line
 */
export async function resolveAgents(
  listed: readonly (string | AgentEntry)[],
  preset: AgentPlan['preset'],
  set: NonNullable<Settings['set']>,
): Promise<AgentPlan[]> {
  const asked = listed.map((entry): AskedAgent => {
    const given = typeof entry === 'string' ? { agent: entry } : entry;
    const own = given.preset === undefined ? preset : checkPreset(given.preset);
    return { agent: given.agent, name: given.name, preset: own, set: given.set ?? {} };
  });
  const plans = new Array<AgentPlan>(asked.length);
  for (const agent of new Set(asked.map((one) => one.agent))) {
    const places = asked.flatMap((one, i) => (one.agent === agent ? [i] : []));
    const order = { asked: places.map((i) => asked[i]), set };
    const found = isFile(agent) ? await agentsOfFile(agent, order) : await agentsHere(order);
    places.forEach((place, i) => {
      plans[place] = found[i];
    });
  }
  return plans;
}

const toldAgents = z.array(
  z.object({
    label: z.string(),
    source: z.object({ name: z.string().regex(AGENT_NAME) }),
    preset: z.enum(presets),
    config: z.record(z.string(), z.unknown()),
  }),
);

async function agentsOfFile(agent: string, order: AgentsOrder): Promise<AgentPlan[]> {
  const file = findFile(agent);
  const sha256 = checksumOf(file);
  const module = new URL('./resolve.ts', import.meta.url);
  const told = await askOfFile(agent, { module, name: 'tellAgents', order, news: toldAgents });
  return told.map(({ label, source, config }, i) => {
    const asked = order.asked[i];
    const plan = { label: asked.name ?? source.name, source: { name: source.name, file, sha256 } };
    checkTraining(config, (what) => new UserError(`${agentTitle(plan.source)}: ${label}.${what}`));
    return { ...plan, preset: asked.preset, config };
  });
}

/** Runs apart: the agents of a file. */
export const tellAgents: ApartFunction<AgentsOrder, AgentPlan[]> = async (order, tell) => {
  tell(JSON.parse(JSON.stringify(await agentsHere(order)))); // as a manifest has it
};

/** With files loaded in this process. */
async function agentsHere({ asked, set }: AgentsOrder): Promise<AgentPlan[]> {
  const plans: AgentPlan[] = [];
  for (const { agent, name, preset, set: own } of asked) {
    const loaded = await loadAgent(agent);
    const label = name ?? loaded.factory.name;
    if (!AGENT_NAME.test(label))
      throw new UserError(`agent name ${JSON.stringify(label)} cannot name a folder`);
    const config = resolveConfig(loaded, preset, { ...own, ...set[label] }, label);
    plans.push({ label, source: loaded.source, preset, config });
  }
  return plans;
}

/** The preset with `set` on top, checked by the agent's own schema. */
export function resolveConfig(
  { factory, source }: LoadedAgent,
  preset: AgentPlan['preset'],
  set: Readonly<Record<string, unknown>>,
  label: string,
): AgentPlan['config'] {
  const base = factory.presets[preset] as unknown as Record<string, unknown>;
  const config = structuredClone(base);
  const known = [...new Set([...Object.keys(config), ...optionalKeys(factory.config)])];
  for (const [key, value] of Object.entries(set).map((entry) => inFull(entry, known))) {
    if (!known.includes(key)) throw unknownName(`key of ${label}`, key, known);
    config[key] = value;
  }
  const parsed = factory.config.safeParse(config, { error: inWords });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const key = issue.path.map(String).join('.');
    const found = key in set ? `, found ${JSON.stringify(set[key])}` : '';
    throw new UserError(`${agentTitle(source)}: ${label}.${key}: ${issue.message}${found}`);
  }
  checkTraining(parsed.data, (what) => new UserError(`${agentTitle(source)}: ${label}.${what}`));
  return parsed.data as unknown as Record<string, unknown>;
}

/** `eta=0.5` is short for `estimator=eta=0.5`, `eta=optimal` for `estimator=optimal`, where there is no key `eta`. */
function inFull([key, value]: [string, unknown], known: readonly string[]): [string, unknown] {
  if (key !== 'eta' || known.includes('eta') || !known.includes('estimator')) return [key, value];
  return ['estimator', typeof value === 'number' ? `eta=${value}` : value];
}

/** Keys of a zod object, also those that a preset leaves out; none for other schemas. */
function optionalKeys(schema: unknown): string[] {
  const shape = (schema as { shape?: Record<string, unknown> }).shape;
  return shape === undefined ? [] : Object.keys(shape);
}

function checkLabels(agents: readonly AgentPlan[]): void {
  const labels = agents.map((agent) => agent.label);
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice !== undefined)
    throw new UserError(`agent '${twice}' is listed twice; in a --config file give each variant a name`);
}

/**
 * `--set AGENT.key=value`, repeated, as a record. Values are YAML scalars or lists: `0.5`, `true`, `[64, 64]`.
 * An agent's name may hold dots; the key may not, so the last dot before the first `=` divides them.
 */
export function parseSet(assignments: readonly string[]): NonNullable<Settings['set']> {
  return parseAssignments(assignments, '--set expects AGENT.key=value', (text, what) => {
    try {
      return parse(text);
    } catch {
      throw new UserError(`--set ${what}: '${text}' is not a value`);
    }
  });
}

/** `--sweep AGENT.key=value,value`, repeated, as a record; values are as those of `--set`, and add up for a key. */
export function parseSweep(assignments: readonly string[]): NonNullable<Settings['sweep']> {
  return parseAssignments<unknown[]>(
    assignments,
    '--sweep expects AGENT.key=value,value',
    (text, what, before = []) => {
      let values: unknown;
      try {
        values = parse(`[${text}]`);
      } catch {
        // as for what is no list
      }
      if (!Array.isArray(values) || values.length === 0 || values.includes(null))
        throw new UserError(`--sweep ${what}: '${text}' is not a list of values`);
      return [...before, ...values];
    },
  );
}

function parseAssignments<Value>(
  assignments: readonly string[],
  expected: string,
  read: (text: string, what: string, before?: Value) => Value,
): Record<string, Record<string, Value>> {
  const set = new Map<string, Map<string, Value>>(); // a plain object would take __proto__ for its prototype
  for (const assignment of assignments) {
    const match = /^([^=]+)\.([^.=]+)=(.*)$/s.exec(assignment);
    if (match === null) throw new UserError(`${expected}, found '${assignment}'`);
    const [, agent, key, text] = match;
    const keys = set.get(agent) ?? new Map<string, Value>();
    set.set(agent, keys.set(key, read(text, `${agent}.${key}`, keys.get(key))));
  }
  return Object.fromEntries([...set].map(([agent, keys]) => [agent, Object.fromEntries(keys)]));
}
