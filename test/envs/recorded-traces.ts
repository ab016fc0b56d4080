/** The recorded runs of dm_control, test/data/dmc/traces. */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Trace } from '../../envs/trace.ts';

const FOLDER = new URL('../data/dmc/traces/', import.meta.url);

/** Names of the tasks with a recorded run. */
export const recordedTasks = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json.gz'))
  .map((file) => file.replace('.json.gz', ''));

export const recordedTrace = (
  task: string,
): Required<Trace> & { seeds: Required<Trace['seeds'][number]>[] } =>
  JSON.parse(gunzipSync(readFileSync(new URL(`${task}.json.gz`, FOLDER))).toString('utf8'));
