/**
 * rfm-harness as a library. A script gets all of it; a file of an agent or a task that the harness loads gets
 * {@link defineAgent} and what else `harness/plugins/authoring.ts` names.
 * @module rfm-harness
 */
export { presets } from './agents/agent.ts';
export { type AnyAgentFactory, builtInAgents, findAgent } from './agents/registry.ts';
export { type BackendName, backendNames, type EngineOptions } from './engine/index.ts';
export type { Layer } from './engine/parameters.ts';
export { ControlEnvironment } from './envs/control-environment.ts';
export {
  ActionError,
  DivergenceError,
  EpisodeError,
  ModelError,
  SeedError,
  SimulatorError,
  StateError,
  TaskError,
} from './envs/errors.ts';
export { RandomStateError } from './envs/random-state.ts';
export { domains, suite, suiteNames } from './envs/registry.ts';
export { VectorEnvironment, type VectorOptions, type VectorTimeStep } from './envs/vector.ts';
export {
  type CompareOptions,
  type Comparison,
  compare,
  type RunEvent,
  type RunOptions,
  type TrainedRun,
  train,
} from './harness/comparison/compare.ts';
export { DiskError } from './harness/files/durable.ts';
export * from './harness/plugins/authoring.ts';
export { createEngine } from './harness/plugins/make-engine.ts';
export { type Report, type ReportOptions, writeReport } from './harness/report/index.ts';
export { readScores } from './harness/results/read-files.ts';
export { type Results, type RunResults, readResults } from './harness/results/read-results.ts';
export type { Evaluation, Run } from './harness/results/runs.ts';
export { toBounds } from './harness/run/action-bounds.ts';
export {
  type EvaluateOptions,
  type EvaluationResult,
  evaluate,
  loadPolicy,
  type Policy,
} from './harness/run/policy.ts';
export { type CheckpointContents, readCheckpoint } from './harness/run/read-checkpoint.ts';
/** Statistics of comparisons: pure functions of scores, as docs/statistics.md defines them. */
export * as statistics from './harness/statistics/index.ts';
export { UserError } from './harness/text/errors.ts';
