/** What the user should know of a plan before it runs. */
import { findAgent } from '../../agents/registry.ts';
import type { ComparisonPlan } from './plan.ts';
import { untrainedLines } from './untrained.ts';

/** A line each. */
export const planNotes = (plan: ComparisonPlan): string[] => [
  ...untrainedLines(plan),
  ...plan.agents.flatMap(({ label, source: { name, file } }) =>
    findAgent(label) === undefined || (file === undefined && name === label)
      ? []
      : [`${label} is ${file ?? name} here, not the built-in agent of that name`],
  ),
];
