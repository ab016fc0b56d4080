/** Memory of this process. */
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Readings in a row without a lower one, after which the lowest is taken for what is alive. */
const READINGS = 4;
const PAUSE_MILLISECONDS = 15;

/**
 * Bytes that live objects hold, array buffers included. A collection only marks dead buffers: another thread frees
 * them some time after it, and until then they count as memory in use.
 */
export async function memoryInUse(): Promise<number> {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  let least = Number.POSITIVE_INFINITY;
  for (let higher = 0; higher < READINGS; ) {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    const bytes = heapUsed + external;
    higher = bytes < least ? 0 : higher + 1;
    least = Math.min(least, bytes);
    await wait(PAUSE_MILLISECONDS);
  }
  return least;
}
