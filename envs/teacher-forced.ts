/** Single steps from recorded states: where a long run drifts apart, this tells in which step a fault lies. */
import type { ControlEnvironment } from './control-environment.ts';
import type { ModelOverride } from './model-overrides.ts';
import { type TracedSeed, type TracedStep, tracedStep } from './trace.ts';
import { type StepDifference, stepDifference } from './trace-difference.ts';

/** Difference after one step from the recorded state before it; `step` counts from 1. */
export interface ForcedStep extends StepDifference {
  readonly step: number;
}

type RecordedState = Pick<TracedStep, 'qpos' | 'qvel' | 'act' | 'qacc_warmstart' | 'time'>;

/**
 * Restores each recorded state, steps once with the recorded action and compares with the next one.
 * A height field is not in a trace; it is the one of this environment's own reset with the seed.
 */
export function teacherForced(environment: ControlEnvironment, recorded: TracedSeed): ForcedStep[] {
  environment.reset(recorded.seed);
  restoreModel(environment, recorded.reset.modelOverrides);
  let before: RecordedState = recorded.reset;
  return recorded.steps.map((expected, index) => {
    restoreState(environment, before);
    const action = expected.action.map(Number);
    const found = tracedStep(environment, action, environment.step(action));
    before = expected;
    return { step: index + 1, ...stepDifference(found, expected) };
  });
}

function restoreModel({ physics }: ControlEnvironment, overrides: readonly ModelOverride[]): void {
  for (const one of overrides) {
    if (!('index' in one) || one.name.startsWith('#')) continue;
    physics.model(one.field, one.name).set(typeof one.value === 'number' ? [one.value] : one.value);
  }
}

function restoreState({ physics }: ControlEnvironment, state: RecordedState): void {
  physics.qpos.set(state.qpos.map(Number));
  physics.qvel.set(state.qvel.map(Number));
  physics.act.set(state.act.map(Number));
  physics.mjData.time = Number(state.time);
  physics.mjData.qacc_warmstart.set(state.qacc_warmstart.map(Number));
  physics.updatePosition();
}
