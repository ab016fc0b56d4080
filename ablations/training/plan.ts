/** From an ablation and the user's options to comparisons: variants named, grouped by steps, resolved. */

import type { Preset } from '../../agents/agent.ts';
import { type AnyAgentFactory, builtInAgents, findAgent } from '../../agents/registry.ts';
import type { ComparisonPlan } from '../../harness/plan/plan.ts';
import { parseSet, resolveAgents, resolvePlan } from '../../harness/plan/resolve.ts';
import { checkPreset, entries, type Settings } from '../../harness/plan/settings.ts';
import { UserError, unknownName } from '../../harness/text/errors.ts';
import { formatCount, parseCount } from '../../harness/text/quantity.ts';
import type { TrainingAblation, Variant } from './ablation.ts';

/** What the user asked beside the settings of any comparison. */
export interface TrainingRequest {
  readonly full: boolean;
  /** An agent's name or file. */
  readonly agent: string;
  /** Names of variants; all if undefined. */
  readonly variants?: readonly string[];
  /** `key=value`, for all variants. */
  readonly set: readonly string[];
  readonly settings: Settings;
}

/** A comparison with the name of its folder below the ablation's: '' where it is the only one. */
export interface PlannedComparison {
  readonly name: string;
  readonly plan: ComparisonPlan;
}

/**
 * Tasks that run for the same number of steps share a comparison.
 * @throws UserError for the first thing that does not fit, in one line
 */
export async function planTraining(
  ablation: TrainingAblation,
  request: TrainingRequest,
): Promise<PlannedComparison[]> {
  const scale = request.full ? ablation.full : ablation.quick;
  const { agent, settings } = request;
  const preset = checkPreset(settings.preset ?? scale.preset);
  const [{ label }] = await resolveAgents([agent], preset, {});
  const constants = parseConstants(request.set, label);
  const [{ config: base }] = await resolveAgents([{ agent, set: constants }], preset, {});
  const tasks = entries(settings.tasks ?? scale.tasks, '--tasks') as string[];
  const stepsOf = (task: string) =>
    parseCount(settings.steps ?? scale.taskSteps?.[task] ?? scale.steps, '--steps');
  const lengths = [...new Set(tasks.map(stepsOf))];
  const planned: PlannedComparison[] = [];
  for (const steps of lengths) {
    const variants = ablation.variants({ base, steps, full: request.full });
    refuseVaried(ablation, variants, constants);
    refuseAgent(ablation, variants, agent, preset);
    const plan = await resolvePlan({
      seeds: scale.seeds,
      evaluationEpisodes: scale.evaluationEpisodes,
      ...(settings.steps === undefined ? { evaluateEvery: scale.evaluateEvery } : {}),
      ...settings,
      preset,
      steps,
      tasks: tasks.filter((task) => stepsOf(task) === steps),
      agents: chosen(ablation, variants, request.variants).map(({ name, set }) => ({
        agent,
        name,
        set: { ...constants, ...set },
      })),
    });
    planned.push({ name: lengths.length === 1 ? '' : formatCount(steps), plan });
  }
  return planned;
}

/** `key=value`, or `AGENT.key=value` as `compare` has it. */
function parseConstants(assignments: readonly string[], agent: string): Record<string, unknown> {
  const full = assignments.map((assignment) => {
    if (/^[^.=]+=/.test(assignment)) return `${agent}.${assignment}`;
    if (assignment.startsWith(`${agent}.`)) return assignment;
    throw new UserError(`--set expects key=value, for all variants; found '${assignment}'`);
  });
  return { ...parseSet(full)[agent] };
}

/** A constant that every variant sets would silently do nothing. */
function refuseVaried(
  ablation: TrainingAblation,
  variants: readonly Variant[],
  constants: Readonly<Record<string, unknown>>,
): void {
  const key = Object.keys(constants).find((name) => variants.every(({ set }) => name in set));
  if (key !== undefined) throw new UserError(`--set ${key}: that is what '${ablation.name}' varies`);
}

/** A built-in agent has to have the keys that vary, as rfm-flow has. */
function refuseAgent(
  ablation: TrainingAblation,
  variants: readonly Variant[],
  agent: string,
  preset: Preset,
): void {
  const has = (factory: AnyAgentFactory | undefined, key: string) =>
    factory !== undefined && Object.hasOwn(factory.presets[preset], key);
  const own = findAgent(agent);
  const varied = variants.flatMap(({ set }) => Object.keys(set)).filter((key) => has(rfmFlow, key));
  const lacking = own === undefined ? undefined : varied.find((key) => !has(own, key));
  if (lacking === undefined) return;
  const fitting = builtInAgents.filter((other) => varied.every((key) => has(other, key)));
  throw new UserError(
    `'${ablation.name}' varies '${lacking}', which ${agent} does not have; --agent is one of ${fitting.map(({ name }) => name).join(', ')}, or a file`,
  );
}

const rfmFlow = findAgent('rfm-flow');

function chosen(
  { name: ablation }: TrainingAblation,
  variants: readonly Variant[],
  wanted: readonly string[] | undefined,
): readonly Variant[] {
  if (wanted === undefined) return variants;
  const known = variants.map(({ name }) => name);
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) throw unknownName(`variant of ${ablation}`, unknown, known);
  return variants.filter(({ name }) => wanted.includes(name));
}
