/** How much of its time a busy machine has for one process. */
import { cpus, loadavg } from 'node:os';

/** Of the whole machine, as its load is: of a container's cores alone nobody tells the load. */
const cores = cpus().length;

/**
 * The part of a second that a process gets: less than 1 where more of them compute than there are cores, at least an
 * eighth. Patience counts in it, so that a busy machine accuses nobody.
 */
export function shareOfSecond(): number {
  const [load] = loadavg(); // 0 on Windows, which does not tell
  return Math.max(1 / 8, Math.min(1, cores / load));
}
