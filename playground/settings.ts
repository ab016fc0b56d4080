/** What the page's reader chooses, as a link holds it, and the command that trains the same. */
import { type Preset, presets } from '../agents/agent.ts';
import { shellWord } from '../harness/text/shell-word.ts';
import type { Scalar } from './options.ts';

/** An agent with what differs from its preset. */
export interface AgentSettings {
  readonly agent: string;
  readonly preset: Preset;
  readonly set?: Readonly<Record<string, Scalar>>;
}

/** What all runs have alike. */
interface Training {
  readonly task: string;
  /** Control steps of training. */
  readonly steps: number;
  /** Control steps between evaluations. */
  readonly evaluateEvery: number;
  /** Episodes of one evaluation. */
  readonly evaluationEpisodes: number;
}

/** One run. */
export interface RunSettings extends Training, AgentSettings {
  readonly seed: number;
}

/** All of the page: every agent with every seed. */
export interface Settings extends Training {
  readonly agents: readonly AgentSettings[];
  readonly seeds: readonly number[];
}

/** Most agents of a training, and most seeds of each. */
export const limits = { agents: 4, seeds: 10 } as const;

/** Every run, agent after agent. */
export function runsOf({ agents, seeds, ...training }: Settings): RunSettings[] {
  return agents.flatMap((agent) => seeds.map((seed) => ({ ...training, ...agent, seed })));
}

/**
 * `0`, `0,3` or `0-2` as numbers without repetition.
 * @throws RangeError that says what is expected
 */
export function parseSeeds(text: string): number[] {
  const seeds = text.split(',').flatMap((part) => {
    const match = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part);
    if (match === null) throw new RangeError('seeds are numbers such as 0,1 or 0-2');
    const first = Number(match[1]);
    const last = Number(match[2] ?? first);
    if (last < first || last - first >= limits.seeds) throw new RangeError(`at most ${limits.seeds} seeds`);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  const distinct = [...new Set(seeds)];
  if (distinct.length > limits.seeds) throw new RangeError(`at most ${limits.seeds} seeds`);
  if (distinct.some((seed) => seed > 2 ** 32 - 1)) throw new RangeError('seeds are below 2^32');
  return distinct;
}

/** The settings as the fragment of an address, without #: each agent as `NAME PRESET key=value ...`. */
export function linkOf({ agents, seeds, ...training }: Settings): string {
  const words = new URLSearchParams(Object.entries(training).map(([name, value]) => [name, String(value)]));
  words.set('seeds', seeds.join(','));
  for (const { agent, preset, set = {} } of agents) {
    const changes = Object.entries(set).map(([key, value]) => `${key}=${value}`);
    words.append('agent', [agent, preset, ...changes].join(' '));
  }
  return words.toString();
}

/** What a link holds; what it leaves out or spoils is as in `usual`. @param fragment with or without # */
export function settingsOfLink(fragment: string, usual: Settings): Settings {
  const words = new URLSearchParams(fragment.replace(/^#/, ''));
  const count = (name: 'steps' | 'evaluateEvery' | 'evaluationEpisodes'): number => {
    const value = Number(words.get(name) ?? Number.NaN);
    return Number.isSafeInteger(value) && value > 0 ? value : usual[name];
  };
  const agents = words.getAll('agent').flatMap(agentOfLink).slice(0, limits.agents);
  return {
    task: words.get('task') ?? usual.task,
    steps: count('steps'),
    evaluateEvery: count('evaluateEvery'),
    evaluationEpisodes: count('evaluationEpisodes'),
    seeds: seedsOfLink(words.get('seeds')) ?? usual.seeds,
    agents: agents.length > 0 ? agents : usual.agents,
  };
}

function agentOfLink(text: string): AgentSettings[] {
  const [agent, preset, ...changes] = text.split(' ');
  const known = presets.find((name) => name === preset);
  if (known === undefined) return [];
  const set = Object.fromEntries(
    changes.flatMap((change): [string, Scalar][] => {
      const [, key, value] = /^(\w+)=(.+)$/.exec(change) ?? [];
      if (key === undefined) return [];
      return [[key, value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value]];
    }),
  );
  return [{ agent, preset: known, set }];
}

function seedsOfLink(text: string | null): number[] | undefined {
  try {
    return text === null ? undefined : parseSeeds(text);
  } catch {
    return undefined;
  }
}

/** What a run is called on the page: its agent with what differs from the preset. */
export function labelOf({ agent, set = {} }: AgentSettings): string {
  const changes = Object.entries(set).map(([key, value]) =>
    key === 'estimator' ? value : `${key}=${value}`,
  );
  return [agent, ...changes].join(' ');
}

/** The results folder of a run. */
export interface ResultsPlace {
  readonly folder: string;
  /** Whether it is another than its command makes by itself. */
  readonly named: boolean;
}

/** A folder for each run of a training: where two would have the same, the second gets a number. */
export function placesOf(runs: readonly RunSettings[]): ResultsPlace[] {
  const taken = new Map<string, number>();
  return runs.map(({ agent, task, seed }) => {
    const folder = `${agent}-${task}-${seed}`;
    const times = (taken.get(folder) ?? 0) + 1;
    taken.set(folder, times);
    return times === 1 ? { folder, named: false } : { folder: `${folder}-${times}`, named: true };
  });
}

/** The words of the same run in a terminal, after `harness`. */
export function commandWords(run: RunSettings, place: ResultsPlace): string[] {
  const { agent, task, preset, seed, steps, evaluateEvery, evaluationEpisodes, set = {} } = run;
  return [
    ...['train', agent, task, '--preset', preset, '--seed', seed, '--steps', steps],
    ...['--evaluate-every', evaluateEvery, '--evaluation-episodes', evaluationEpisodes],
    ...Object.entries(set).flatMap(([key, value]) => ['--set', `${agent}.${key}=${value}`]),
    ...['--backend', 'wasm', '--threads', 1],
    ...(place.named ? ['--out', place.folder] : []),
  ].map(String);
}

/** The same runs in a terminal, a line for each. */
export function commandsOf(runs: readonly RunSettings[]): string[] {
  const places = placesOf(runs);
  return runs.map((run, i) => ['harness', ...commandWords(run, places[i])].map(shellWord).join(' '));
}
