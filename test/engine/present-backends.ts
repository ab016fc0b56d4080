/** Which backends can run here: tests of the others are skipped, with a line that says why. */
import { checkBackend } from '../../engine/backends/chain.ts';
import type { BackendName } from '../../engine/backends/records.ts';

/** Why a backend is not here, or undefined; `cpu` always is. */
export async function whyMissing(backend: BackendName | 'cpu'): Promise<string | undefined> {
  if (backend === 'cpu') return undefined;
  try {
    await checkBackend(backend);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Those of a list that are here; a line on the console names each of the others. */
export async function presentBackends<Name extends BackendName | 'cpu'>(
  ...backends: readonly Name[]
): Promise<Name[]> {
  const present: Name[] = [];
  for (const backend of backends) {
    const reason = await whyMissing(backend);
    if (reason === undefined) present.push(backend);
    else console.warn(`SKIPPED: the backend ${backend} (${reason})`);
  }
  return present;
}
