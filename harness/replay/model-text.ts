/** The MJCF text of a task, with all that it includes. */
import { findTask, loadMuJoCo, type ModelSource, type Task } from '../../envs/index.ts';
import { Physics } from '../../envs/physics.ts';
import { packagedModels } from '../plugins/assets.ts';
import { loadDefaultExport } from '../plugins/load-module.ts';
import { modelsBeside } from '../plugins/load-task.ts';
import type { TaskSource } from '../plugins/source.ts';
import type { ModelText } from './recording.ts';

/** @throws ModelError if it does not compile */
export async function modelText(source: TaskSource): Promise<ModelText> {
  const task = await describedTask(source);
  const models = source.file === undefined ? packagedModels : modelsBeside(source.file);
  const files: Record<string, string> = {};
  const watched: ModelSource = (file) => {
    files[file] = models(file);
    return files[file];
  };
  const xml = task.model(models);
  Physics.compile(await loadMuJoCo(), xml, watched).dispose();
  return { xml, files };
}

/** The description behind an environment on MuJoCo. */
async function describedTask({ name, file }: TaskSource): Promise<Task> {
  const value = file === undefined ? findTask(name) : await loadDefaultExport(file);
  const tasks = (value as { tasks?: readonly Task[] } | undefined)?.tasks ?? [value as Task | undefined];
  const task = tasks.find((one) => one?.name === name);
  if (task === undefined) throw new Error(`no description of task '${name}'`);
  return task;
}
