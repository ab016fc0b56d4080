/** The tasks' models and the recorded tables of what they must contain. */
import { readdirSync, readFileSync } from 'node:fs';
import type { MjModel } from '@mujoco/mujoco';
import { compileModel, describedModel } from '../../envs/model-source.ts';
import type { MuJoCo } from '../../envs/mujoco.ts';
import { findTask } from '../../envs/registry.ts';
import { packagedModels } from '../../harness/plugins/assets.ts';
import type { Value } from './compiled-table.ts';

const TABLES = new URL('../data/dmc/models/', import.meta.url);

/** Names of the recorded tables (test/data/dmc/models/NAME.json). */
export const tableNames = readdirSync(TABLES)
  .filter((file) => file.endsWith('.json') && file !== 'control.json')
  .map((file) => file.replace(/\.json$/, ''));

/** The recorded table of a model. */
export const recordedTable = (name: string): Record<string, Value> & { domain: string; tasks: string[] } =>
  JSON.parse(readFileSync(new URL(`${name}.json`, TABLES), 'utf8'));

/** Names of the tasks that the recorded table is the model of. */
export function tasksOf(table: string): string[] {
  const { domain, tasks } = recordedTable(table);
  return tasks.map((task) => `${domain}-${task}`);
}

/** Compiles the model of a task. The caller deletes it. */
export function compileTask(mujoco: MuJoCo, name: string): MjModel {
  const task = findTask(name);
  if (task === undefined) throw new Error(`there is no task ${name}`);
  return compileModel(mujoco, describedModel(task.model, packagedModels), packagedModels);
}
