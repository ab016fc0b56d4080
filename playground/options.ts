/** The options of agents that the page offers. An agent has those that its config has. */

export type Scalar = number | string;

export interface Option {
  /** In the agent's config. */
  readonly key: string;
  readonly label: string;
  /** What there is to choose from; a number if absent. */
  readonly values?: readonly string[];
  /** Whether other words may be typed, too. */
  readonly free?: boolean;
}

/** @param estimators what can be typed for an estimator */
export const optionsWith = (estimators: readonly string[]): Option[] => [
  { key: 'estimator', label: 'Estimator, with its η', values: estimators, free: true },
  { key: 'priorDraws', label: 'N, draws of a posterior mean' },
  { key: 'temperature', label: 'λ, temperature' },
  { key: 'endpoints', label: 'End points', values: ['policy', 'buffer', 'adaptive'] },
  { key: 'integrationSteps', label: 'Solver steps' },
  { key: 'particles', label: 'Particles of a choice' },
  { key: 'criticWidth', label: 'Critic: width' },
  { key: 'criticLayers', label: 'Critic: layers' },
  { key: 'softQ', label: 'Critic: entropy in its target', values: ['none', 'exact', 'hutchinson'] },
  { key: 'discount', label: 'Critic: discount γ' },
];

/** Of what code a site is, as manifest.json has it. */
export interface Code {
  readonly versions: Readonly<Record<string, string>>;
  readonly commit?: string;
  readonly bits?: string;
}

/** Whether a run may begin with one and go on with the other. */
export function isSameCode(a: Code | undefined, b: Code): boolean {
  if (a === undefined || a.commit !== b.commit || a.bits !== b.bits) return false;
  const names = new Set([...Object.keys(a.versions), ...Object.keys(b.versions)]);
  return [...names].every((name) => a.versions[name] === b.versions[name]);
}

/** The site's choices.json: what there is to choose from, and of what code the site is. */
export interface Choices extends Code {
  readonly tasks: readonly string[];
  readonly agents: readonly AgentChoice[];
  readonly presets: readonly string[];
  readonly options: readonly Option[];
}

export interface AgentChoice {
  readonly name: string;
  readonly description: string;
  /** By preset: the value of every option that the agent has. */
  readonly values: Readonly<Record<string, Readonly<Record<string, Scalar>>>>;
}
