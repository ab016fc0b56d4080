/** Reads profiles in the layout of ONNX Runtime's: how long each kind of operation takes in one run of a graph. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export interface OperationTime {
  readonly operation: string;
  /** Nodes of the graph. */
  readonly nodes: number;
  /** Sum over them of the median time in one run, in µs. */
  readonly microseconds: number;
}

interface ProfileEvent {
  readonly cat?: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

/** Operations of the graph that ran most often among the profiles with this path prefix, longest first. */
export function readProfiles(prefix: string): OperationTime[] {
  const folder = dirname(prefix);
  const files = readdirSync(folder).filter(
    (file) => file.startsWith(basename(prefix)) && file.endsWith('.json'),
  );
  const profiles = files.map(
    (file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as ProfileEvent[],
  );
  const runs = (events: ProfileEvent[]) => events.filter((event) => event.name === 'model_run').length;
  const busiest = profiles.sort((a, b) => runs(b) - runs(a))[0] ?? [];
  return summarise(busiest);
}

function summarise(events: readonly ProfileEvent[]): OperationTime[] {
  const nodes = new Map<string, { operation: string; durations: number[] }>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time') || args?.op_name === undefined) continue;
    const node = nodes.get(name) ?? { operation: args.op_name, durations: [] };
    node.durations.push(dur);
    nodes.set(name, node);
  }
  const times = new Map<string, { nodes: number; microseconds: number }>();
  for (const { operation, durations } of nodes.values()) {
    const median = durations.sort((a, b) => a - b)[Math.floor(durations.length / 2)];
    const { nodes: count, microseconds } = times.get(operation) ?? { nodes: 0, microseconds: 0 };
    times.set(operation, { nodes: count + 1, microseconds: microseconds + median });
  }
  return [...times]
    .map(([operation, time]) => ({ operation, ...time }))
    .sort((a, b) => b.microseconds - a.microseconds);
}
