/** The recorded runs of dm_control: test/data/dmc/traces, and test/data/dmc/further beside it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Trace } from '../../envs/trace.ts';

const FOLDER = new URL('../data/dmc/traces/', import.meta.url);
const FURTHER = new URL('../data/dmc/further/', import.meta.url);

const tasksIn = (folder: URL) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json.gz'))
    .map((file) => file.replace('.json.gz', ''));

/** Names of the tasks with a recorded run. */
export const recordedTasks = tasksIn(FOLDER);

/** Tasks beyond the benchmarking set: runs alone are recorded of them, no table of their models. */
export const furtherTasks = tasksIn(FURTHER);

export function recordedTrace(task: string): Required<Trace> & { seeds: Required<Trace['seeds'][number]>[] } {
  const [first, further] = [FOLDER, FURTHER].map((folder) => new URL(`${task}.json.gz`, folder));
  return JSON.parse(gunzipSync(readFileSync(existsSync(first) ? first : further)).toString('utf8'));
}
