/** The MJCF of a task, with all files that it uses. */
import { encodeArray } from '../../envs/encoding.ts';
import { describedModel, findTask, loadMuJoCo, type ModelSource, type Task } from '../../envs/index.ts';
import { Physics } from '../../envs/physics.ts';
import { packagedModels } from '../plugins/assets.ts';
import { loadDefaultExport } from '../plugins/load-module.ts';
import { modelsBeside } from '../plugins/load-task.ts';
import type { TaskSource } from '../plugins/source.ts';
import type { RecordedModel } from './recording.ts';

/** @throws ModelError if it does not compile */
export async function recordedModel(source: TaskSource): Promise<RecordedModel> {
  const task = await describedTask(source);
  const models: ModelSource = source.file === undefined ? packagedModels : modelsBeside(source.file);
  const files: Record<string, string> = {};
  const binary: Record<string, string> = {};
  let outside = false;
  const watch = (file: string) => {
    const content = models(file);
    const text = typeof content === 'string' ? content : textOf(content);
    if (text === undefined) binary[file] = encodeArray(content as Uint8Array);
    else files[file] = text;
    outside ||= file.startsWith('/');
    return content;
  };
  const model = describedModel(task.model, models);
  const watched: ModelSource = Object.assign(watch, { folder: models.folder });
  Physics.compile(await loadMuJoCo(), model, watched).dispose();
  return {
    ...model,
    files,
    ...(Object.keys(binary).length > 0 && { binary }),
    ...(outside ? { folder: models.folder } : {}),
  };
}

/** UTF-8 as text; undefined for other bytes. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** The description behind an environment on MuJoCo. */
async function describedTask({ name, file }: TaskSource): Promise<Task> {
  const value = file === undefined ? findTask(name) : await loadDefaultExport(file);
  const tasks = (value as { tasks?: readonly Task[] } | undefined)?.tasks ?? [value as Task | undefined];
  const task = tasks.find((one) => one?.name === name);
  if (task === undefined) throw new Error(`no description of task '${name}'`);
  return task;
}
