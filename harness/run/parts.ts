/** Makes what a run is made of, from an agent's factory and a maker of environments, wherever those come from. */

import type { AnyAgentFactory } from '../../agents/registry.ts';
import { inWords } from '../../agents/schema-words.ts';
import { checkBackend } from '../../engine/backends/chain.ts';
import { createEngine } from '../../engine/index.ts';
import type { Environment } from '../../envs/environment.ts';
import { makeSeveral } from '../../envs/room.ts';
import { checkTrainable } from '../../envs/trainable.ts';
import { type CallWatch, GuardedAgent } from '../plugins/guard.ts';
import { firstIssue, UserError } from '../text/errors.ts';
import type { RunJob } from './job.ts';
import type { RunParts } from './loop.ts';
import { RunStreams } from './streams.ts';

/** The parts of a run in memory; where it keeps its checkpoints is the caller's to say. */
export type AssembledRun = Omit<RunParts, 'checkpoints'>;

export interface Makers {
  readonly factory: AnyAgentFactory;
  readonly makeEnvironment: () => Promise<Environment>;
  /** How messages name the agent. */
  readonly who: string;
  readonly watch: CallWatch;
  /** Called once for each function that the job's backend has no code for, with a line that says where it runs. */
  readonly note?: (line: string) => void;
}

/**
 * The parts of a run, fresh; the run loop continues from the checkpoint, if there is one. Where one cannot be made, no
 * environment is left.
 */
export async function makeParts(job: RunJob, makers: Makers): Promise<AssembledRun> {
  await checkBackend(job.backend);
  const environments = await makeSeveral(1 + job.evaluation.episodes, () => makers.makeEnvironment());
  try {
    return await partsWith(environments, job, makers);
  } catch (error) {
    for (const environment of environments) environment.dispose();
    throw error;
  }
}

async function partsWith(
  [environment, ...evaluationEnvironments]: readonly Environment[],
  job: RunJob,
  { factory, who, watch, note }: Makers,
): Promise<AssembledRun> {
  const parsed = factory.config.safeParse(job.config, { error: inWords });
  if (!parsed.success) throw new UserError(`${who}: config: ${firstIssue(parsed.error)}`);
  const training = parsed.data;
  checkTrainable(environment);
  const told = new Set<string>();
  const onFallback = (name: string, reason: string, backend: string) => {
    if (!told.has(name))
      note?.(
        `${who}: '${name}' runs on the backend ${backend}, as ${job.backend} has no code for it: ${reason}`,
      );
    told.add(name);
  };
  const engine = createEngine({ backend: job.backend, threads: job.threads, onFallback });
  const context = {
    observation: { size: environment.observationSpec.size },
    action: { size: environment.actionSpec.size },
    config: training,
    random: new RunStreams(job.identity).agent(),
    engine,
  };
  const agent = await watch.call(who, 'create', () => factory.create(context));
  return {
    job,
    training,
    agent: new GuardedAgent(agent, who, environment.actionSpec.size, watch),
    environment,
    evaluationEnvironments,
  };
}
