/** Where agents and tasks come from, as plans and jobs name them. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { sha256 } from '../files/durable.ts';
import { UserError } from '../text/errors.ts';
import { fileTitle, namedFiles } from './named-files.ts';

/** A name of the registry, or a user's file. */
interface Source {
  readonly name: string;
  /** Absolute path of a plugin file; absent for what comes with the harness. */
  readonly file?: string;
  /** Its checksum (`checksumOf`) when the comparison began. */
  readonly sha256?: string;
}

export type AgentSource = Source;
export type TaskSource = Source;

/** A task as a plan has it: what it tells of its returns beside where it comes from. */
export interface PlannedTask extends TaskSource {
  /** Returns of an episode that count as 0 and 1, where the task says so. */
  readonly scoreRange?: readonly [low: number, high: number];
  /** Control steps of an episode, of users' tasks. */
  readonly episodeLength?: number;
}

/** A task's name must do as a folder's, and must not speak to a terminal. */
export const TASK_NAME = /^(?!\.{1,2}$)[^/\\\p{Cc}]{1,128}$/u;

/** A source as a file or a message holds it. */
export const sourceSchema = z.strictObject({
  name: z.string().regex(TASK_NAME),
  file: z.string().optional(),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

/** A planned task as a file holds it. */
export const plannedTaskSchema = sourceSchema.extend({
  scoreRange: z.tuple([z.number(), z.number()]).readonly().optional(),
  episodeLength: z.number().int().min(1).optional(),
});

const title = (kind: string, { name, file }: Source) =>
  file === undefined ? `${kind} '${name}'` : `${kind} '${name}' (${file})`;

/** How messages name an agent. */
export const agentTitle = (source: AgentSource): string => title('agent', source);
/** How messages name a task. */
export const taskTitle = (source: TaskSource): string => title('task', source);
/** How messages name what may be at fault in a run: its users' files; the agent where there is none. */
export function suspects({
  agent,
  task,
}: {
  readonly agent: AgentSource;
  readonly task: TaskSource;
}): string {
  const titles = [agent.file && agentTitle(agent), task.file && taskTitle(task)].filter((text) => text);
  return titles.length === 0 ? agentTitle(agent) : titles.join(' or ');
}

/**
 * SHA-256 of a user's file: of its bytes, or, where it names files beside it (named-files.ts), of its checksum and theirs with
 * their places. Packages that it imports are not part of it.
 */
export function checksumOf(file: string): string {
  try {
    const own = sha256(readFileSync(file));
    const others = namedFiles(file).map(({ path, place }) => `${sha256(readFileSync(path))}  ${place}`);
    return others.length === 0 ? own : sha256([own, ...others].join('\n'));
  } catch (error) {
    const { code, path = file } = error as NodeJS.ErrnoException;
    throw new UserError(code === 'ENOENT' ? `cannot find the file ${path}` : `cannot read ${path}: ${code}`);
  }
}

/** @throws UserError if the file is another one than that of the checksum; without one, any file will do */
export function checkUnchanged(file: string, sha256: string | undefined): void {
  if (sha256 === undefined || checksumOf(file) === sha256) return;
  throw new UserError(`${fileTitle(file)} is not the same as when the comparison began`);
}
