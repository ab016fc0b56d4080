/** Finds tasks by name, by suite or in a user's file, and makes environments of them. */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { z } from 'zod';
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
  tryOut,
} from '../../envs/index.ts';
import { didYouMean } from '../../names/nearest.ts';
import type { ApartFunction } from '../process/apart.ts';
import { UserError } from '../text/errors.ts';
import { messageOf } from '../text/printable.ts';
import { askOfFile } from './apart.ts';
import { packagedModels } from './assets.ts';
import { absolutePath, findFile, isFile, loadDefaultExport } from './load-module.ts';
import { checksumOf, checkUnchanged, type PlannedTask, TASK_NAME, type TaskSource } from './source.ts';

/** Makes environments of one task. */
export type EnvironmentMaker = () => Promise<Environment>;

/**
 * Names, suites and files as tasks, each once, in the order given.
 * @throws UserError naming the nearest task or suite, or what is wrong with a file
 */
export async function resolveTasks(names: readonly string[]): Promise<PlannedTask[]> {
  const sources: PlannedTask[] = [];
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

function tasksOfName(name: string): PlannedTask[] {
  if (findTask(name) !== undefined) return [plannedOfName(name)];
  const members = suite(name);
  if (members === undefined) {
    const ofDomain = taskNames().filter((task) => task.startsWith(`${name}-`));
    const hint =
      ofDomain.length > 0
        ? `the tasks of ${name} are ${ofDomain.join(', ')}`
        : (didYouMean(name, [...taskNames(), ...suiteNames]) ?? "'harness tasks' lists them");
    throw new UserError(`unknown task or suite '${name}'; ${hint}`);
  }
  const missing = members.filter((member) => findTask(member) === undefined);
  if (missing.length > 0)
    throw new UserError(`suite '${name}' needs tasks that are not there yet: ${missing.join(', ')}`);
  return members.map(plannedOfName);
}

function plannedOfName(name: string): PlannedTask {
  const scoreRange = findTask(name)?.scoreRange;
  return { name, ...(scoreRange !== undefined && { scoreRange }) };
}

const toldTask = z.object({
  name: z.string(),
  episodeLength: z.number(),
  scoreRange: z.tuple([z.number(), z.number()]).optional(),
});

/** The tasks of a file, which is loaded elsewhere. @param seconds for that */
export async function tasksOfFile(file: string, seconds?: number): Promise<PlannedTask[]> {
  const path = findFile(file);
  const sha256 = checksumOf(path);
  const module = new URL('./load-task.ts', import.meta.url);
  const news = z.array(toldTask).min(1);
  const told = await askOfFile(file, { module, name: 'tellTasks', order: file, news }, seconds);
  return told.map(({ name, ...returns }) => {
    if (TASK_NAME.test(name)) return { name, file: path, sha256, ...returns };
    throw new UserError(`${file}: the task's name ${JSON.stringify(name)} cannot name a folder`);
  });
}

/** Runs apart: the names of a file's tasks, and what they tell of their returns. */
export const tellTasks: ApartFunction<string, z.infer<typeof toldTask>[]> = async (file, tell) => {
  const told: z.infer<typeof toldTask>[] = [];
  for (const source of await sourcesHere(file)) {
    const environment = await (await loadTask(source))();
    tryOut(environment); // a task that no run could go on with is refused before any begins
    const { episodeLength, scoreRange } = environment;
    told.push({
      ...{ name: source.name, episodeLength },
      ...(scoreRange !== undefined && { scoreRange: [scoreRange[0], scoreRange[1]] }),
    });
    environment.dispose();
  }
  tell(told);
};

/** Names, suites and files as tasks, with a file loaded in this process. */
export async function sourcesHere(name: string): Promise<TaskSource[]> {
  if (!isFile(name)) return tasksOfName(name);
  const file = findFile(name);
  const found = await loadFile(name);
  if (typeof found !== 'function') return found.map((task) => ({ name: task.name, file }));
  const environment = await found();
  environment.dispose();
  return [{ name: environment.task, file }];
}

/** What a user's file holds: tasks as descriptions, or what makes environments. */
async function loadFile(file: string): Promise<readonly Task[] | EnvironmentMaker> {
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

/** Classes must be called with `new`, which functions need not allow. One compiled for old JavaScript is a function with methods. */
function isClass(value: object): value is new () => unknown {
  if (/^class\b/.test(Function.prototype.toString.call(value))) return true;
  const { prototype } = value as { prototype?: unknown };
  return prototype instanceof Object && Object.getOwnPropertyNames(prototype).length > 1;
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
