/** Finds tasks by name, by suite or in a user's file, and makes environments of them. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import type { Environment } from '../envs/environment.ts';
import {
  type Domain,
  findTask,
  type ModelSource,
  makeEnvironment,
  suite,
  suiteNames,
  type Task,
  taskNames,
} from '../envs/index.ts';
import { packagedModels } from './assets.ts';
import { nearest, UserError } from './errors.ts';
import type { TaskSource } from './job.ts';
import { absolutePath, isFile, loadDefaultExport } from './load-module.ts';

/** Makes environments of one task. */
export type EnvironmentMaker = () => Promise<Environment>;

/**
 * Names, suites and files as tasks, each once, in the order given.
 * @throws UserError naming the nearest task or suite, or what is wrong with a file
 */
export async function resolveTasks(names: readonly string[]): Promise<TaskSource[]> {
  const sources: TaskSource[] = [];
  for (const name of names) {
    const found = isFile(name) ? await tasksOfFile(name) : tasksOfName(name);
    for (const source of found) {
      if (!sources.some((other) => other.name === source.name)) sources.push(source);
    }
  }
  return sources;
}

function tasksOfName(name: string): TaskSource[] {
  if (findTask(name) !== undefined) return [{ name }];
  const members = suite(name);
  if (members === undefined) {
    const near = nearest(name, [...taskNames(), ...suiteNames]);
    const hint = near === undefined ? "'harness tasks' lists them" : `did you mean '${near}'?`;
    throw new UserError(`unknown task or suite '${name}'; ${hint}`);
  }
  const missing = members.filter((member) => findTask(member) === undefined);
  if (missing.length > 0)
    throw new UserError(`suite '${name}' needs tasks that are not there yet: ${missing.join(', ')}`);
  return members.map((member) => ({ name: member }));
}

async function tasksOfFile(file: string): Promise<TaskSource[]> {
  const path = absolutePath(file);
  return (await loadTasks(file)).map((task) => ({ name: task.name, file: path }));
}

/** The tasks in a user's file: its default export is a domain or one task. */
export async function loadTasks(file: string): Promise<readonly Task[]> {
  const value = await loadDefaultExport(file);
  const tasks = isDomain(value) ? value.tasks : isTask(value) ? [value] : [];
  if (tasks.length === 0) {
    throw new UserError(`${file}: the default export must be a domain(...) or one of its tasks`);
  }
  return tasks;
}

function isTask(value: unknown): value is Task {
  const task = value as Partial<Task> | null;
  return (
    typeof task === 'object' &&
    typeof task?.name === 'string' &&
    typeof task.observe === 'function' &&
    typeof task.reward === 'function'
  );
}

function isDomain(value: unknown): value is Domain {
  const tasks = (value as Partial<Domain> | null)?.tasks;
  return Array.isArray(tasks) && tasks.length > 0 && tasks.every(isTask);
}

/** @throws UserError if the task is not there */
export async function loadTask(source: TaskSource): Promise<EnvironmentMaker> {
  if (source.file === undefined) return () => makeEnvironment(source.name, { models: packagedModels });
  const task = (await loadTasks(source.file)).find(({ name }) => name === source.name);
  if (task === undefined) throw new UserError(`${source.file} has no task '${source.name}'`);
  const models = modelsBeside(source.file);
  return () => makeEnvironment(task, { models });
}

/** Model files lie beside a user's task, or are the packaged ones. */
export function modelsBeside(file: string): ModelSource {
  const folder = dirname(absolutePath(file));
  return (name) => {
    const path = resolve(folder, name);
    return path.startsWith(folder + sep) && existsSync(path)
      ? readFileSync(path, 'utf8')
      : packagedModels(name);
  };
}
