/** Finds an agent by name or in a user's file, and checks the file against the interface. */

import { type Preset, presets } from '../../agents/agent.ts';
import { type AnyAgentFactory, builtInAgents, findAgent } from '../../agents/registry.ts';
import { AGENT_NAME } from '../../agents/returned.ts';
import { inWords } from '../../agents/schema-words.ts';
import { UserError, unknownName } from '../text/errors.ts';
import { messageOf } from '../text/printable.ts';
import { absolutePath, isFile, loadDefaultExport } from './load-module.ts';
import { type AgentSource, checksumOf, checkUnchanged } from './source.ts';

export interface LoadedAgent {
  readonly source: AgentSource;
  readonly factory: AnyAgentFactory;
}

/**
 * @param name a built-in agent's name or a file's path
 * @throws UserError naming the nearest agent, or the file and what is missing in it
 */
export async function loadAgent(name: string): Promise<LoadedAgent> {
  if (!isFile(name)) return { source: { name }, factory: builtInAgent(name) };
  const value = await loadDefaultExport(name);
  try {
    checkFactory(value, name);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${name}: looking at its default export threw: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const file = absolutePath(name);
  return { source: { name: value.name, file, sha256: checksumOf(file) }, factory: value };
}

function builtInAgent(name: string): AnyAgentFactory {
  const factory = findAgent(name);
  if (factory !== undefined) return factory;
  throw unknownName(
    'agent',
    name,
    builtInAgents.map((agent) => agent.name),
  );
}

/**
 * The factory that a job names: of the registry where it names no file, whatever the name looks like.
 * @throws UserError if it is not there, or the file is not the one that the job means
 */
export async function loadSource({ name, file, sha256 }: AgentSource): Promise<AnyAgentFactory> {
  if (file === undefined) return builtInAgent(name);
  checkUnchanged(file, sha256);
  const { factory } = await loadAgent(file);
  if (factory.name !== name) throw new UserError(`${file} holds the agent '${factory.name}', not '${name}'`);
  return factory;
}

function checkFactory(value: unknown, file: string): asserts value is AnyAgentFactory {
  const fault = (what: string) => new UserError(`${file}: ${what}`);
  if (value === null || typeof value !== 'object') {
    throw fault(
      `the default export is ${value === null ? 'null' : `a ${typeof value}`}; expected an AgentFactory object`,
    );
  }
  const factory = value as Partial<Record<keyof AnyAgentFactory, unknown>>;
  for (const key of ['name', 'description', 'reference'] as const) {
    if (typeof factory[key] !== 'string' || factory[key] === '')
      throw fault(`${key} must be a non-empty string`);
  }
  if (!AGENT_NAME.test(factory.name as string)) {
    throw fault(
      `name must match ${AGENT_NAME.source} (it names folders), found ${JSON.stringify(factory.name)}`,
    );
  }
  if (typeof factory.create !== 'function') {
    throw fault('create must be a function (context) => Promise<Agent>');
  }
  const schema = factory.config as { safeParse?: unknown } | undefined;
  if (typeof schema?.safeParse !== 'function') throw fault('config must be a zod schema');
  checkConstants(factory.constants, fault);
  const found = factory.presets as Partial<Record<Preset, unknown>> | undefined;
  for (const preset of presets) {
    if (found?.[preset] === undefined)
      throw fault(`presets must have '${preset}' (of ${presets.join(', ')})`);
    const parsed = (value as AnyAgentFactory).config.safeParse(found[preset], { error: inWords });
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw fault(
        `presets.${preset}${issue.path.map((part) => `.${String(part)}`).join('')}: ${issue.message}`,
      );
    }
    checkTraining(parsed.data, (what) => fault(`presets.${preset}: ${what}`));
  }
}

/** What `harness agents` shows beside the presets; a file need not have it. */
function checkConstants(constants: unknown, fault: (what: string) => Error): void {
  if (constants === undefined) return;
  const isNumber = (value: unknown) => typeof value === 'number';
  const isShown = (value: unknown) => isNumber(value) || (Array.isArray(value) && value.every(isNumber));
  const isRecord = typeof constants === 'object' && constants !== null && !Array.isArray(constants);
  if (!isRecord || !Object.values(constants).every(isShown))
    throw fault('constants must be an object of numbers, or of lists of numbers');
}

/** Above any that is meant, and far below what an array can hold. */
const LARGEST_BATCH = 2 ** 24;

/** The keys that the run loop reads. @param fault makes the error to throw */
export function checkTraining(
  config: Partial<AnyAgentFactory['presets'][Preset]>,
  fault: (what: string) => Error,
): void {
  const whole = (
    key: 'batchSize' | 'randomSteps' | 'replayCapacity',
    minimum: number,
    maximum = Infinity,
  ) => {
    const value = config[key];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < minimum || value > maximum) {
      const range = maximum === Infinity ? `≥ ${minimum}` : `from ${minimum} to ${maximum}`;
      throw fault(`${key} must be a whole number ${range}, found ${value}`);
    }
  };
  whole('batchSize', 1, LARGEST_BATCH);
  whole('randomSteps', 0);
  whole('replayCapacity', 1);
  const updates = config.updatesPerStep;
  if (typeof updates !== 'number' || !Number.isFinite(updates) || updates < 0) {
    throw fault(`updatesPerStep must be a number ≥ 0, found ${updates}`);
  }
}
