/** What a user may say about a comparison, on the command line or in a YAML file, and its defaults. */

import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { type Preset, presets } from '../../agents/agent.ts';
import { inWords } from '../../agents/schema-words.ts';
import { isFile } from '../plugins/load-module.ts';
import { backendName, evaluationStarts } from '../run/job.ts';
import { UserError, unknownName } from '../text/errors.ts';
import { messageOf } from '../text/printable.ts';
import { parseCount } from '../text/quantity.ts';

/** What is said of `sac.tau: 0.1` where `sac: { tau: 0.1 }` is meant, and of other values in its place. */
function notByAgent(otherwise: string): z.core.$ZodErrorMap {
  return ({ path = [], input }) => {
    const [option, name] = path.map(String);
    const [, agent, key] = /^(.+)\.([^.]+)$/.exec(name ?? '') ?? [];
    if (agent !== undefined && path.length === 2 && (option === 'set' || option === 'sweep'))
      return `write ${option}: { ${agent}: { ${key}: ${JSON.stringify(input)} } }`;
    return otherwise;
  };
}

const quantity = z.union([z.number(), z.string()], { error: 'expected a number, such as 300 or 30k' });
const configValues = z.record(z.string(), z.unknown(), {
  error: notByAgent('expected keys with their values'),
});
const configLists = z.record(
  z.string(),
  z.array(z.unknown(), { error: 'expected a list of values' }).min(1, 'expected at least one value'),
  { error: notByAgent('expected keys with lists of values') },
);

const agentVariant = z.strictObject({
  /** A built-in agent's name or a file. */
  agent: z.string(),
  /** Its label in tables; by default the agent's own name. */
  name: z.string().optional(),
  preset: z.string().optional(),
  set: configValues.optional(),
  /** Key → values: a variant for each, or for each combination. */
  sweep: configLists.optional(),
});
const agentEntry = z.union([z.string(), agentVariant]);

const list = <T extends z.ZodType>(entry: T, expected: string) =>
  z.union([z.string(), z.array(entry)], { error: `expected ${expected}` });

/** The keys of a `--config` file. */
export const settingsSchema = z.strictObject({
  agents: list(agentEntry, 'a list of names, files and { agent, name, preset, set, sweep }').optional(),
  tasks: list(z.string(), 'a list of names, suites and files').optional(),
  seeds: z
    .union([z.number(), z.string(), z.array(z.number())], { error: 'expected a number, a list or a range' })
    .optional(),
  steps: quantity.optional(),
  preset: z.string().optional(),
  /** AGENT → key → value. */
  set: z.record(z.string(), configValues, { error: 'expected agents with keys and values' }).optional(),
  /** AGENT → key → values. */
  sweep: z.record(z.string(), configLists, { error: 'expected agents with keys and lists' }).optional(),
  evaluateEvery: quantity.optional(),
  evaluationEpisodes: quantity.optional(),
  evaluationStarts: z
    .enum(evaluationStarts, { error: `expected one of ${evaluationStarts.join(', ')}` })
    .optional(),
  logEvery: quantity.optional(),
  backend: backendName.optional(),
  threads: quantity.optional(),
  workers: quantity.optional(),
  out: z.string().optional(),
});

export type Settings = z.infer<typeof settingsSchema>;
export type AgentEntry = z.infer<typeof agentEntry>;

/** Defaults. A comparison without any options is announced before it starts, with its duration (hours). */
export const defaults = {
  agents: ['rfm-flow', 'sac', 'random'],
  tasks: ['rfm8'],
  seeds: 3,
  preset: 'laptop',
  evaluationStarts: 'fixed',
} satisfies Settings;

/**
 * The run's length and its evaluations by preset. `paper` is the protocol of the official RFM program
 * (configs/default.yaml, snapshot 7e6410a): 26 evaluations of 25 episodes. Elsewhere the number of evaluations follows from
 * the steps (defaultEvaluationEvery).
 */
export const protocols: Readonly<
  Record<Preset, Pick<Settings, 'steps' | 'evaluateEvery' | 'evaluationEpisodes'>>
> = {
  paper: { steps: 250_000, evaluateEvery: 10_000, evaluationEpisodes: 25 },
  laptop: { steps: 30_000, evaluationEpisodes: 5 },
  smoke: { steps: 30_000, evaluationEpisodes: 5 },
};

/** `--quick`: real, but tiny; tuned so that learning shows within a few minutes on two cores. */
export const quick = {
  agents: ['rfm-flow', 'sac', 'random'],
  tasks: ['cartpole-balance'],
  seeds: 3,
  steps: 7500,
  preset: 'smoke',
  evaluateEvery: 1500,
  evaluationEpisodes: 5,
} satisfies Settings;

/**
 * The settings of a file. Paths in it are relative to its folder.
 * @throws UserError naming the file, the place in it and what is wrong, in one line
 */
export function readSettingsFile(path: string): Settings {
  const document = parseDocument(textOf(path));
  const [problem] = document.errors;
  if (problem?.code === 'MULTIPLE_DOCS') throw new UserError(`${path}: one document expected, found several`);
  if (problem !== undefined) throw notYaml(path, problem);
  let value: unknown;
  try {
    value = document.toJS();
  } catch (error) {
    throw notYaml(path, error); // aliases are looked up only here
  }
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  if (value === null || value === undefined || isEmpty)
    throw new UserError(`${path} holds no settings; 'harness compare' alone runs the default comparison`);
  if (typeof value !== 'object' || Array.isArray(value))
    throw new UserError(
      `${path}: expected settings such as 'agents: [sac]', found ${Array.isArray(value) ? 'a list' : `the text '${shortened(String(value))}'`}`,
    );
  return fromFolder(checkSettings(value, path), dirname(path));
}

const shortened = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

/** @throws UserError for a file that cannot be read, or is no text */
function textOf(path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reasons: Readonly<Record<string, string>> = { ENOENT: 'no such file', EISDIR: 'it is a folder' };
    throw new UserError(`cannot read ${path}: ${reasons[code ?? ''] ?? code}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UserError(`${path} is no text in UTF-8`);
  }
}

/** Settings whose relative paths begin at a folder. */
function fromFolder(settings: Settings, folder: string): Settings {
  const there = (name: string) => (isFile(name) ? resolve(folder, name) : name);
  const all = <T>(listed: string | readonly T[], what: string, place: (entry: string | T) => T) =>
    entries(listed, what).map(place);
  const { agents, tasks, out } = settings;
  return {
    ...settings,
    ...(agents !== undefined && {
      agents: all<AgentEntry>(agents, 'agents', (entry) =>
        typeof entry === 'string' ? there(entry) : { ...entry, agent: there(entry.agent) },
      ),
    }),
    ...(tasks !== undefined && { tasks: all<string>(tasks, 'tasks', there) }),
    // As for --out, a name without a folder is one under results/.
    ...(out !== undefined && { out: /[\\/]|^\.\.?$/.test(out) ? resolve(folder, out) : out }),
  };
}

const notYaml = (path: string, error: unknown) => {
  const message = messageOf(error);
  return new UserError(`${path} is not valid YAML: ${message.split('\n', 1)[0].replace(/:$/, '')}`);
};

/** @param where what the message begins with, for example the file's path */
export function checkSettings(value: unknown, where: string): Settings {
  const parsed = settingsSchema.safeParse(value, { error: inWords });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue.path.length > 0 ? `${issue.path.map(String).join('.')}: ` : '';
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys;
    const known = Object.keys((issue.path.length === 0 ? settingsSchema : agentVariant).shape);
    throw new UserError(`${where}: ${place}${unknownName('key', key, known).message}`);
  }
  throw new UserError(`${where}: ${place}${issue.message}`);
}

/** Entries of a list given as an array or as one comma-separated string. */
export function entries<T>(value: string | readonly T[], what: string): (string | T)[] {
  const parts = typeof value === 'string' ? value.split(',').map((part) => part.trim()) : [...value];
  const kept = parts.filter((part) => part !== '');
  if (kept.length === 0) throw new UserError(`${what} is empty`);
  return kept;
}

/** `5` means the seeds 0 to 4; `3,7,11` and `10..14` mean those. */
export function parseSeeds(value: NonNullable<Settings['seeds']>): number[] {
  const seed = (text: string | number) => parseCount(text, 'a seed', 0, Number.MAX_SAFE_INTEGER);
  const texts = Array.isArray(value)
    ? value
    : String(value)
        .split(',')
        .filter((part) => part.trim() !== '');
  const range = /^(\d+)\.\.(\d+)$/.exec(String(value).trim());
  let seeds: number[];
  if (/^\d+-\d+$/.test(String(value).trim())) {
    const [first, last] = String(value).trim().split('-');
    throw new UserError(
      `--seeds ${value}: write ${first}..${last} for a range, or a list: ${first},${Number(first) + 1},${Number(first) + 2}`,
    );
  }
  if (range) {
    const [first, last] = [seed(range[1]), seed(range[2])];
    if (last < first) throw new UserError(`--seeds ${value}: ${first}..${last} ends before it begins`);
    const length = parseCount(last - first + 1, 'the number of --seeds', 1, 10_000);
    seeds = Array.from({ length }, (_, i) => first + i);
  } else if (Array.isArray(value) || String(value).includes(',')) {
    seeds = texts.map(seed);
  } else {
    const length = parseCount(value, '--seeds', 1, 10_000);
    seeds = Array.from({ length }, (_, i) => i);
  }
  if (seeds.length === 0) throw new UserError('--seeds is empty');
  const twice = seeds.find((value_, i) => seeds.indexOf(value_) !== i);
  if (twice !== undefined) throw new UserError(`--seeds names ${twice} twice`);
  return seeds;
}

export function checkPreset(name: string): (typeof presets)[number] {
  const found = presets.find((preset) => preset === name);
  if (found !== undefined) return found;
  throw unknownName('preset', name, presets);
}
