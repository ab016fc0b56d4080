/** What the author of an agent or a task imports from `rfm-harness`: all that a file of theirs gets of it. */
import type { AgentFactory, TrainingConfig } from '../../agents/agent.ts';

export { criticParts, timePolicyParts } from '../../agents/actor-critic.ts';
export type {
  Agent,
  AgentContext,
  AgentFactory,
  AgentSnapshot,
  Batch,
  Metrics,
  Preset,
  TrainingConfig,
} from '../../agents/agent.ts';
export {
  actorCriticShape,
  actorShape,
  criticShape,
  paperActor,
  paperActorCritic,
  paperCritic,
  paperTimeNetwork,
  paperTimePolicy,
  paperTraining,
  presetsOf,
  temperatureShape,
  timeNetworkShape,
  timePolicyShape,
  trainingShape,
} from '../../agents/config.ts';
export { checkAgent, type Verdict } from '../../agents/conformance.ts';
export { criticMetrics, TwinCritic, tdLoss, tdStep, tdTarget } from '../../agents/critic.ts';
export {
  type ActInputs,
  type Acting,
  type Algorithm,
  type BatchTensors,
  type Draw,
  type Draws,
  hostAgent,
  stackMetrics,
  type TemperatureSchedule,
  type Update,
  type UpdateInputs,
} from '../../agents/host.ts';
export * from '../../agents/networks.ts';
export { logTanhJacobian } from '../../agents/posterior/latent.ts';
export { ReplayBuffer } from '../../agents/replay.ts';
export { boltzmannIndex, pick } from '../../agents/samplers.ts';
export { fromRecord, toRecord } from '../../agents/snapshot.ts';
export { constant, orthogonal, zeros } from '../../engine/initialisers.ts';
export { type AdamState, adam, descend, polyak } from '../../engine/optimiser.ts';
export { ParameterLayout } from '../../engine/parameters.ts';
export { RandomStream } from '../../engine/random.ts';
export type { Arrays, CompiledFunction, CompiledStep, Engine, NdArray } from '../../engine/types.ts';
export type {
  ActionSpec,
  Environment,
  EnvironmentState,
  ObservationSpec,
  TimeStep,
} from '../../envs/environment.ts';
export {
  checkTask,
  type Domain,
  defineTask,
  domain,
  findTask,
  type Physics,
  RandomState,
  type Task,
  type TaskDescription,
  Tolerance,
  task,
  taskNames,
  tolerance,
} from '../../envs/index.ts';
export { makeEnvironment, makeVectorEnvironment } from './make-environment.ts';

/** An agent for `--agents ./mine.ts`: the default export of its file. The identity, for its types. */
export function defineAgent<Config extends TrainingConfig>(
  factory: AgentFactory<Config>,
): AgentFactory<Config> {
  return factory;
}
