/** Loads by name what a run is made of. */
import { checkBackend } from '../../engine/check-backend.ts';
import { checkTrainable } from '../../envs/index.ts';
import { aside } from '../plugins/aside.ts';
import { CallWatch, GuardedAgent } from '../plugins/guard.ts';
import { agentTitle, loadSource } from '../plugins/load-agent.ts';
import { loadTask } from '../plugins/load-task.ts';
import { firstIssue, UserError } from '../text/errors.ts';
import type { RunJob } from './job.ts';
import type { RunParts } from './loop.ts';
import { RunStreams } from './streams.ts';

/** The parts of a run in memory; where it keeps its checkpoints is the caller's to say. */
export type AssembledRun = Omit<RunParts, 'checkpoints'>;

/** In the command's own process: standard output is the command's. */
class CallAside extends CallWatch {
  override call<T>(who: string, method: string, run: () => Promise<T>): Promise<T> {
    return aside(`${who}: ${method}()`, () => super.call(who, method, run));
  }
}

/** The parts of a run, fresh; the run loop continues from the checkpoint, if there is one. */
export async function assemble(job: RunJob, watch: CallWatch = new CallAside()): Promise<AssembledRun> {
  const factory = await loadSource(job.agent);
  const parsed = factory.config.safeParse(job.config);
  if (!parsed.success) throw new UserError(`${agentTitle(job.agent)}: config: ${firstIssue(parsed.error)}`);
  const training = parsed.data;
  const makeEnvironment = await loadTask(job.task);
  const environment = await makeEnvironment();
  checkTrainable(environment);
  const evaluationEnvironments = await Promise.all(
    Array.from({ length: job.evaluation.episodes }, makeEnvironment),
  );
  await checkBackend(job.backend);
  const { createEngine } = await import('../../engine/index.ts');
  const engine = createEngine({ backend: job.backend, threads: job.threads });
  const who = agentTitle(job.agent);
  const context = {
    observation: { size: environment.observationSpec.size },
    action: { size: environment.actionSpec.size },
    config: training,
    random: new RunStreams(job.identity).agent(),
    engine,
  };
  const create = () => factory.create(context);
  const agent = await watch.call(who, 'create', create);
  return {
    job,
    training,
    agent: new GuardedAgent(agent, who, environment.actionSpec.size, watch),
    environment,
    evaluationEnvironments,
  };
}
