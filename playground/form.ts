/// <reference lib="dom.iterable" />
/** The page's form: what is chosen in it, and how it shows settings that come from elsewhere. */
import type { Preset } from '../agents/agent.ts';
import { make } from './elements.ts';
import type { AgentChoice, Option as AgentOption, Choices, Scalar } from './options.ts';
import { type AgentSettings, limits, parseSeeds, type Settings } from './settings.ts';

export class SettingsForm {
  readonly #form: HTMLFormElement;
  readonly #agents: HTMLElement;
  readonly #add: HTMLButtonElement;
  readonly #choices: Choices;
  #cards: AgentCard[] = [];

  constructor(form: HTMLFormElement, choices: Choices) {
    this.#form = form;
    this.#choices = choices;
    this.#agents = form.querySelector('#agents') as HTMLElement;
    this.#add = form.querySelector('#add') as HTMLButtonElement;
    fill(this.#field('task') as HTMLSelectElement, choices.tasks);
    const estimators = choices.options.find(({ key }) => key === 'estimator')?.values ?? [];
    form.append(make('datalist', { id: 'estimators' }, ...estimators.map((text) => new Option(text))));
    this.#add.addEventListener('click', () => {
      const last = this.#cards.at(-1);
      if (last !== undefined) this.#append(last.settings());
      this.#cards.at(-1)?.element.querySelector('select')?.focus();
      this.#changed();
    });
  }

  /** @throws RangeError for what no training can have */
  settings(): Settings {
    const count = (name: string): number => Number(this.#field(name).value);
    return {
      task: this.#field('task').value,
      steps: count('steps'),
      evaluateEvery: count('evaluateEvery'),
      evaluationEpisodes: count('evaluationEpisodes'),
      seeds: parseSeeds(this.#field('seeds').value),
      agents: this.#cards.map((card) => card.settings()),
    };
  }

  show({ agents, seeds, ...training }: Settings): void {
    const values = { ...training, seeds: seeds.join(',') };
    for (const [name, value] of Object.entries(values)) {
      const field = this.#field(name);
      if (!(field instanceof HTMLSelectElement) || this.#choices.tasks.includes(String(value)))
        field.value = String(value);
    }
    this.#cards = [];
    this.#agents.replaceChildren();
    for (const agent of agents) this.#append(agent);
  }

  #field(name: string): HTMLInputElement | HTMLSelectElement {
    return this.#form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
  }

  #append(settings: AgentSettings): void {
    const card = new AgentCard(this.#choices, settings, () => {
      this.#cards = this.#cards.filter((other) => other !== card);
      card.element.remove();
      this.#add.focus();
      this.#changed();
    });
    this.#cards.push(card);
    this.#agents.append(card.element);
    this.#number();
  }

  #changed(): void {
    this.#number();
    this.#form.dispatchEvent(new Event('input', { bubbles: true }));
  }

  #number(): void {
    this.#cards.forEach((card, i) => {
      card.number(i + 1, this.#cards.length > 1);
    });
    this.#add.hidden = this.#cards.length >= limits.agents;
  }
}

class AgentCard {
  readonly element = make('fieldset', { className: 'card' });
  readonly #legend = make('legend');
  readonly #agent = make('select');
  readonly #preset = make('select');
  readonly #about = make('p', { className: 'about' });
  readonly #options = make('div', { className: 'fields' });
  readonly #remove = make('button', { type: 'button', className: 'remove' });
  readonly #choices: Choices;
  #fields: { readonly option: AgentOption; readonly field: HTMLInputElement | HTMLSelectElement }[] = [];

  constructor(choices: Choices, { agent, preset, set = {} }: AgentSettings, remove: () => void) {
    this.#choices = choices;
    fill(
      this.#agent,
      choices.agents.map(({ name }) => name),
    );
    fill(this.#preset, choices.presets);
    if (choices.agents.some(({ name }) => name === agent)) this.#agent.value = agent;
    this.#preset.value = preset;
    const summary = make('summary', { textContent: 'Options' });
    const details = make('details', {}, summary, this.#options);
    details.open = Object.keys(set).length > 0;
    const choice = make('div', { className: 'fields' }, labelled('Agent', this.#agent));
    choice.append(labelled('Preset', this.#preset));
    this.element.append(this.#legend, choice, this.#about, details, this.#remove);
    for (const field of [this.#agent, this.#preset]) field.addEventListener('input', () => this.#offer({}));
    this.#remove.addEventListener('click', remove);
    this.#offer(set);
  }

  number(place: number, removable: boolean): void {
    this.#legend.textContent = `Agent ${place}`;
    this.#remove.textContent = `Remove agent ${place}`;
    this.#remove.hidden = !removable;
  }

  settings(): AgentSettings {
    const usual = this.#usual();
    const set: Record<string, Scalar> = {};
    for (const { option, field } of this.#fields) {
      const text = field.value.trim();
      const value = option.values === undefined ? Number(text) : text;
      if (text === '' || value === usual[option.key]) continue;
      set[option.key] = value;
    }
    return { agent: this.#agent.value, preset: this.#preset.value as Preset, set };
  }

  get #choice(): AgentChoice {
    return this.#choices.agents.find(({ name }) => name === this.#agent.value) ?? this.#choices.agents[0];
  }

  #usual(): Readonly<Record<string, Scalar>> {
    return this.#choice.values[this.#preset.value] ?? {};
  }

  /** The options that the agent has, each at its preset's value where `set` names none. */
  #offer(set: Readonly<Record<string, Scalar>>): void {
    const usual = this.#usual();
    this.#about.textContent = this.#choice.description;
    this.#fields = this.#choices.options
      .filter(({ key }) => Object.hasOwn(usual, key))
      .map((option) => {
        const field = fieldOf(option);
        field.value = String(set[option.key] ?? usual[option.key]);
        return { option, field };
      });
    this.#options.replaceChildren(...this.#fields.map(({ option, field }) => labelled(option.label, field)));
    const details = this.#options.parentElement;
    if (details !== null) details.hidden = this.#fields.length === 0;
  }
}

function fieldOf({ values, free }: AgentOption): HTMLInputElement | HTMLSelectElement {
  if (values === undefined) return make('input', { type: 'number', step: 'any', required: true });
  if (!free) return fill(make('select'), values);
  const field = make('input', { type: 'text', required: true, autocomplete: 'off', spellcheck: false });
  field.setAttribute('list', 'estimators');
  return field;
}

function fill(select: HTMLSelectElement, values: readonly string[]): HTMLSelectElement {
  select.replaceChildren(...values.map((value) => new Option(value)));
  return select;
}

const labelled = (text: string, field: HTMLElement): HTMLLabelElement => make('label', {}, text, field);
