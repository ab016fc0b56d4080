/** The agents that come with the harness. A user's agent is a file given by its path instead. */
import type { AgentFactory, TrainingConfig } from './agent.ts';
import { dqs } from './dqs/agent.ts';
import { maxentdp } from './maxentdp/agent.ts';
import { qsm } from './qsm.ts';
import { qvpo } from './qvpo.ts';
import { random } from './random.ts';
import { rfmDiffusion } from './rfm/diffusion.ts';
import { rfmFlow } from './rfm/flow.ts';
import { sac } from './sac.ts';
import { td3 } from './td3.ts';

/** A factory whose own config type is forgotten; its schema still checks every config at run time. */
export type AnyAgentFactory = AgentFactory<TrainingConfig>;

const forget = <Config extends TrainingConfig>(factory: AgentFactory<Config>) =>
  factory as unknown as AnyAgentFactory;

/** The agents that come with the harness, in the order of its tables. */
export const builtInAgents: readonly AnyAgentFactory[] = [
  forget(rfmFlow),
  forget(rfmDiffusion),
  forget(sac),
  forget(td3),
  forget(dqs),
  forget(maxentdp),
  forget(qsm),
  forget(qvpo),
  forget(random),
];

/** The built-in agent of this name, or undefined. */
export function findAgent(name: string): AnyAgentFactory | undefined {
  return builtInAgents.find((agent) => agent.name === name);
}
