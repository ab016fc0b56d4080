/** Every speed of this machine in one record. */
import { presets } from '../../agents/agent.ts';
import { builtInAgents } from '../../agents/registry.ts';
import { defaultBackend } from '../../engine/default-backend.ts';
import { cpu, versions } from '../results/manifest.ts';
import { textTable } from '../text/text-table.ts';
import { benchEnvironments, type EnvironmentSpeed, speedTable } from './env.ts';
import { benchUpdates, type UpdateSpeed } from './update.ts';
import { benchWorkers, scalingTable, type WorkerScaling } from './workers.ts';

export interface MachineSpeeds {
  readonly machine: { readonly cpu: ReturnType<typeof cpu>; readonly versions: Record<string, string> };
  readonly environments: readonly EnvironmentSpeed[];
  readonly updates: readonly UpdateSpeed[];
  readonly workers: readonly WorkerScaling[];
}

/** @param workers numbers of worker processes whose scaling is measured */
export async function benchAll(workers: readonly number[]): Promise<MachineSpeeds> {
  return {
    machine: { cpu: cpu(), versions: versions() },
    environments: await benchEnvironments(['domains'], 1, () => {}),
    updates: await benchUpdates({
      agents: builtInAgents.map((agent) => agent.name),
      presets,
      backend: defaultBackend(),
      threads: [1],
      rounds: 3,
      seconds: 1,
    }),
    workers: await benchWorkers(workers, 4, 3000, 1),
  };
}

export function allTables({ machine, environments, updates, workers }: MachineSpeeds): string {
  const updateTable = textTable(
    ['agent', 'preset', 'updates/s', 'ms per action'],
    updates.map(({ agent, preset, updatesPerSecond, actMilliseconds }) => [
      agent,
      preset,
      updatesPerSecond.median.toFixed(1),
      actMilliseconds?.toFixed(3) ?? '',
    ]),
  );
  return [machine.cpu.model, speedTable(environments), updateTable, scalingTable(workers)].join('\n\n');
}
