/** When a run updates its agent. */
import type { TrainingConfig } from '../../agents/agent.ts';

type Updating = Pick<TrainingConfig, 'batchSize' | 'randomSteps' | 'updatesPerStep'>;

/** Updates after control step `step` (1, 2, ...); a fraction such as 0.25 is one update every four steps. */
export function updatesAt(step: number, training: Updating): number {
  if (step <= training.randomSteps || step < training.batchSize) return 0;
  return Math.floor(step * training.updatesPerStep) - Math.floor((step - 1) * training.updatesPerStep);
}

/** All updates of a run of so many control steps. */
export function updatesIn(steps: number, { batchSize, randomSteps, updatesPerStep }: Updating): number {
  const first = Math.max(randomSteps + 1, batchSize);
  if (steps < first) return 0;
  return Math.floor(steps * updatesPerStep) - Math.floor((first - 1) * updatesPerStep);
}
