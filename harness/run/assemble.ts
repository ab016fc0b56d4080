/** Loads by name what a run is made of. */
import { CallWatch } from '../plugins/guard.ts';
import { loadSource } from '../plugins/load-agent.ts';
import { loadTask } from '../plugins/load-task.ts';
import { agentTitle } from '../plugins/source.ts';
import { awaitAnswer } from '../process/awaited.ts';
import { printableLine } from '../text/printable.ts';
import type { RunJob } from './job.ts';
import type { AssembledRun } from './parts.ts';

/** Where nobody else watches the calls. */
class CallAwaited extends CallWatch {
  override call<T>(who: string, method: string, run: () => Promise<T>): Promise<T> {
    return awaitAnswer(`${who}: ${method}()`, () => super.call(who, method, run));
  }
}

const toTerminal = (line: string): void => {
  process.stderr.write(`${printableLine(line)}\n`);
};

/**
 * The parts of a run, fresh; the run loop continues from the checkpoint, if there is one.
 * @param note called with what the user should know, in one line
 */
export async function assemble(
  job: RunJob,
  watch: CallWatch = new CallAwaited(),
  note: (line: string) => void = toTerminal,
): Promise<AssembledRun> {
  const factory = await loadSource(job.agent);
  const makeEnvironment = await loadTask(job.task);
  const { makeParts } = await import('./parts.ts');
  return makeParts(job, { factory, makeEnvironment, who: agentTitle(job.agent), watch, note });
}
