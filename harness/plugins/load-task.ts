/** Finds tasks by name, by suite or in a user's file, and makes environments of them. */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import type { Environment } from '../../envs/environment.ts';
import {
  CheckedEnvironment,
  type Domain,
  findTask,
  type ModelSource,
  makeEnvironment,
  suite,
  suiteNames,
  type Task,
  taskNames,
} from '../../envs/index.ts';
import { nearest, UserError } from '../text/errors.ts';
import { messageOf } from '../text/printable.ts';
import { packagedModels } from './assets.ts';
import { absolutePath, isFile, loadDefaultExport } from './load-module.ts';
import { checksumOf, checkUnchanged, TASK_NAME, type TaskSource } from './source.ts';
import { passedTrial } from './trial.ts';

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
      const same = sources.find((other) => other.name === source.name);
      if (same === undefined) sources.push(source);
      else if (same.file !== source.file) {
        const files = [same, source].map(({ file = 'the harness itself' }) => file).join(' and ');
        throw new UserError(`two tasks are called '${source.name}', by ${files}; give one another name`);
      }
    }
  }
  return sources;
}

function tasksOfName(name: string): TaskSource[] {
  if (findTask(name) !== undefined) return [{ name }];
  const members = suite(name);
  if (members === undefined) {
    const near = nearest(name, [...taskNames(), ...suiteNames]);
    const ofDomain = taskNames().filter((task) => task.startsWith(`${name}-`));
    const hint =
      ofDomain.length > 0
        ? `the tasks of ${name} are ${ofDomain.join(', ')}`
        : near === undefined
          ? "'harness tasks' lists them"
          : `did you mean '${near}'?`;
    throw new UserError(`unknown task or suite '${name}'; ${hint}`);
  }
  const missing = members.filter((member) => findTask(member) === undefined);
  if (missing.length > 0)
    throw new UserError(`suite '${name}' needs tasks that are not there yet: ${missing.join(', ')}`);
  return members.map((member) => ({ name: member }));
}

async function tasksOfFile(file: string): Promise<TaskSource[]> {
  const path = absolutePath(file);
  const found = await loadFile(file);
  const sha256 = checksumOf(path);
  const named = (name: string): TaskSource => {
    if (!TASK_NAME.test(name))
      throw new UserError(`${file}: the task's name ${JSON.stringify(name)} cannot name a folder`);
    return { name, file: path, sha256 };
  };
  if (typeof found !== 'function') return found.map((task) => named(task.name));
  const environment = await found();
  environment.dispose();
  return [named(environment.task)];
}

/** What a user's file holds: tasks as descriptions, or what makes environments. */
async function loadFile(file: string): Promise<readonly Task[] | EnvironmentMaker> {
  await passedTrial('task', file);
  const value = await loadDefaultExport(file);
  if (isDomain(value)) return value.tasks;
  if (isTask(value)) return [value];
  if (typeof value === 'function') return () => makeChecked(value, file);
  throw new UserError(
    `${file}: the default export must be a domain(...), one of its tasks, or a class (or function) that makes an Environment`,
  );
}

/** An environment of a user's class or factory. @throws UserError or TaskError, in one line, for what is wrong */
async function makeChecked(value: object, file: string): Promise<Environment> {
  let made: unknown;
  try {
    made = isClass(value) ? new value() : await (value as () => unknown)();
  } catch (error) {
    const message = messageOf(error);
    throw new UserError(`${file}: an environment cannot be made: ${message}`, { cause: error });
  }
  return new CheckedEnvironment(made, file);
}

/** Classes must be called with `new`, which functions need not allow. */
function isClass(value: object): value is new () => unknown {
  return /^class\b/.test(Function.prototype.toString.call(value));
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
  checkUnchanged(source.file, source.sha256);
  const found = await loadFile(source.file);
  if (typeof found === 'function') return found;
  const task = found.find(({ name }) => name === source.name);
  if (task === undefined) throw new UserError(`${source.file} has no task '${source.name}'`);
  const models = modelsBeside(source.file);
  return () => makeEnvironment(task, { models });
}

/** Model files lie beside a user's task (where a link to it lies, too), or are the packaged ones. */
export function modelsBeside(file: string): ModelSource {
  const path = absolutePath(file);
  const folders = [dirname(existsSync(path) ? realpathSync(path) : path), dirname(path)];
  const read = (name: string) => {
    for (const folder of folders) {
      const found = resolve(folder, name.replace(/^\/(?=[A-Z]:\/)/i, '')); // an absolute path on Windows
      if (statSync(found, { throwIfNoEntry: false })?.isFile()) return readFileSync(found);
    }
    try {
      return packagedModels(name);
    } catch (error) {
      if (error instanceof UserError)
        throw new UserError(`no model file '${name}' beside ${file} or in assets/`);
      throw error;
    }
  };
  return Object.assign(read, {
    folder: folders[0]
      .split(sep)
      .join('/')
      .replace(/^(?!\/)/, '/'),
  });
}
