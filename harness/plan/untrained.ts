/** Runs that are too short for their agents to learn anything. */
import { z } from 'zod';
import { listed } from '../../names/listed.ts';
import { updatesIn } from '../run/updates.ts';

const training = z.object({ batchSize: z.number(), randomSteps: z.number(), updatesPerStep: z.number() });

/** What is asked of a plan, or of the config in a manifest. */
const planned = z.object({
  agents: z.array(z.object({ label: z.string(), config: training })),
  steps: z.number(),
});

/**
 * A line for the agents that would learn, but make no update within the steps of a run; agents alike share one.
 * @param plan a plan, or a manifest's config, which may be anything
 */
export function untrainedLines(plan: unknown): string[] {
  const { agents, steps } = planned.safeParse(plan).data ?? { agents: [], steps: 0 };
  const alike = new Map<string, string[]>();
  for (const { label, config } of agents) {
    if (config.updatesPerStep === 0 || updatesIn(steps, config) > 0) continue;
    const reason = reasonFor(steps, config);
    alike.set(reason, [...(alike.get(reason) ?? []), label]);
  }
  return [...alike].map(([reason, labels]) => {
    const [makes, whose] = labels.length === 1 ? ['makes', 'its'] : ['make', 'their'];
    return `${listed(labels, 'and')} ${makes} no update: ${whose} ${reason.replace('KEY', `--set ${labels[0]}`)}`;
  });
}

function reasonFor(
  steps: number,
  { batchSize, randomSteps, updatesPerStep }: z.infer<typeof training>,
): string {
  const count = (value: number) => value.toLocaleString('en-US');
  if (steps <= randomSteps)
    return `first ${count(randomSteps)} steps are random (more --steps, or KEY.randomSteps=…)`;
  if (steps < batchSize) return `batches need ${count(batchSize)} steps (more --steps, or KEY.batchSize=…)`;
  return `updatesPerStep is ${updatesPerStep} (more --steps, or KEY.updatesPerStep=…)`;
}
