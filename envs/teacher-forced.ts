/** Single steps from recorded states: where a long run drifts apart, this tells in which step a fault lies. */
import type { ControlEnvironment } from './control-environment.ts';
import { ModelError } from './errors.ts';
import type { NumericArray } from './model-memory.ts';
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
    if (!('index' in one)) continue;
    const { field, index, name, value } = one;
    const row = physics.modelRows(field).at(index);
    if (row === undefined || physics.rowName(field, index) !== name)
      throw new ModelError(
        `the recording has a row ${index} '${name}' of ${field}, which this model has not`,
      );
    restore(row, typeof value === 'number' ? [value] : value, `row '${name}' of ${field}`);
  }
}

function restoreState({ physics }: ControlEnvironment, state: RecordedState): void {
  restore(physics.qpos, state.qpos, 'qpos');
  restore(physics.qvel, state.qvel, 'qvel');
  restore(physics.act, state.act, 'act');
  physics.mjData.time = Number(state.time);
  restore(physics.mjData.qacc_warmstart, state.qacc_warmstart, 'qacc_warmstart');
  physics.updatePosition();
}

/** @throws ModelError where the recording has more or fewer numbers */
function restore(to: NumericArray, recorded: readonly unknown[], what: string): void {
  if (recorded.length !== to.length)
    throw new ModelError(
      `${what} has ${recorded.length} numbers in the recording, ${to.length} in this model`,
    );
  to.set(recorded.map(Number));
}
