/// <reference lib="dom.iterable" />
/** The page: settings, workers that train, curves, the policy in 3-D, metrics, and what can be taken away. */
import './no-code-from-text.ts';
import { Player } from '../harness/replay/browser/player.ts';
import { legend, swatchDefinitions } from '../harness/report/figures.ts';
import { duration, grouped, readable } from '../harness/report/numbers.ts';
import { agentSeries } from '../harness/report/series.ts';
import { curvesPlot, metricPlots } from './charts.ts';
import { Downloads } from './downloads.ts';
import { find, make, messageOf, setMarkup } from './elements.ts';
import { FootageFilm } from './filmed-environment.ts';
import { SettingsForm } from './form.ts';
import { handOverDrops } from './hand-over.ts';
import type { Models, Report } from './messages.ts';
import { type Choices, type Code, isSameCode } from './options.ts';
import { commandsOf, linkOf, runsOf, type Settings, settingsOfLink } from './settings.ts';
import { type Session, Storage } from './storage.ts';
import { nameOf, newId, type ShownRun, Training } from './trainings.ts';

const usual: Settings = {
  task: 'cartpole-balance',
  steps: 10_000,
  evaluateEvery: 1000,
  evaluationEpisodes: 2,
  seeds: [0],
  agents: [{ agent: 'rfm-flow', preset: 'smoke' }],
};

/** Held while a tab trains: another tab then keeps its hands off what this one stores. */
const LOCK = 'rfm-harness-playground';

const form = find<HTMLFormElement>('settings');
const fields = find<HTMLFieldSetElement>('fields');
const buttons = {
  train: find<HTMLButtonElement>('train'),
  pause: find<HTMLButtonElement>('pause'),
  stop: find<HTMLButtonElement>('stop'),
};
const status = find('status');
const meter = find<HTMLProgressElement>('progress');
const offer = find('offer');
const runsTable = find<HTMLTableSectionElement>('runs');
const returns = find<HTMLTableSectionElement>('returns');
const shownSelect = find<HTMLSelectElement>('shown');
const stage = find('player');
const machine = { browser: navigator.userAgent, cores: navigator.hardwareConcurrency ?? 1 };

/** @param often whether the text changes all the time: screen readers then pass over it */
const say = (text: string, often = false): void => {
  status.setAttribute('aria-live', often ? 'off' : 'polite');
  if (status.textContent !== text) status.textContent = text;
};

async function load<Content>(file: string): Promise<Content> {
  const answer = await fetch(file);
  if (!answer.ok) throw new Error(`${file} does not load (${answer.status})`);
  return (await answer.json()) as Content;
}

class Page {
  readonly #choices: Choices;
  readonly #form: SettingsForm;
  readonly #storage: Storage | undefined;
  readonly #downloads: Downloads;
  #models: Promise<Models> | undefined;
  #training: Training | undefined;
  #release: (() => void) | undefined;
  #player: Player | undefined;
  /** The footage that is on the stage. */
  #onStage: object | undefined;
  #drawing = false;

  constructor(choices: Choices, storage: Storage | undefined) {
    this.#choices = choices;
    this.#storage = storage;
    this.#downloads = new Downloads(find('downloads'), choices, machine);
    this.#form = new SettingsForm(form, choices);
    this.#form.show(settingsOfLink(location.hash, usual));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#train(this.#form.settings());
    });
    form.addEventListener('input', () => this.#showCommand());
    addEventListener('hashchange', () => {
      if (this.#training?.active) return;
      this.#form.show(settingsOfLink(location.hash, usual));
      this.#showCommand();
    });
    buttons.pause.addEventListener('click', () => this.#togglePause());
    buttons.stop.addEventListener('click', () => {
      this.#training?.stop();
      for (const button of [buttons.pause, buttons.stop]) button.disabled = true;
      this.#draw();
    });
    shownSelect.addEventListener('input', () => this.#draw());
    handOverDrops(() => this.#training !== undefined);
    find('copy').addEventListener('click', () => void this.#copyLink());
    new ResizeObserver(() => this.#draw()).observe(find('curves'));
  }

  async begin(): Promise<void> {
    fields.disabled = false;
    buttons.train.disabled = false;
    this.#showCommand();
    say('Ready.');
    await this.#offerToGoOn();
  }

  /** Tells of a training that was not ended, or not taken away. */
  async #offerToGoOn(): Promise<void> {
    const session = await this.#storage?.session();
    if (session === undefined || this.#storage === undefined || !(await lockIsFree())) return;
    const runs = runsOf(session.settings);
    const states = await Promise.all(runs.map((_, run) => this.#storage?.state(session.id, run)));
    const found = states.filter((state) => state !== undefined);
    if (found.length === 0) return;
    const step = found.reduce((sum, state) => sum + state.step, 0);
    const all = runs.length * session.settings.steps;
    const { task, agents } = session.settings;
    const what = `${agents.map(({ agent }) => agent).join(', ')} on ${task}`;
    const ended = step === all;
    const stands = ended
      ? `The training of ${what} ended here`
      : `The training of ${what} stands at step ${grouped(step)} of ${grouped(all)}`;
    const forget = make('button', { type: 'button', id: 'forget', textContent: 'Forget it' });
    forget.addEventListener('click', () => {
      offer.hidden = true;
      void this.#forget(session);
      buttons.train.focus();
    });
    if (!isSameCode(session.code, this.#choices)) {
      const codes = `It began with ${codeName(session.code)}, this page is of ${codeName(this.#choices)}`;
      const text = `${stands}. ${codes}: it cannot ${ended ? 'be shown' : 'go on'} here.`;
      offer.replaceChildren(make('p', {}, text), forget);
      offer.hidden = false;
      return;
    }
    const on = make('button', {
      type: 'button',
      id: 'resume',
      textContent: ended ? 'Show it' : 'Go on with it',
    });
    on.addEventListener('click', () => {
      offer.hidden = true;
      this.#form.show(session.settings);
      this.#showCommand();
      void this.#train(session.settings, session);
    });
    offer.replaceChildren(
      make('p', {}, ended ? `${stands} and can be shown again.` : `${stands}.`),
      on,
      ' ',
      forget,
    );
    offer.hidden = false;
  }

  /** Not while another tab goes on with it. */
  async #forget(session: Session): Promise<void> {
    if (await lockIsFree()) await this.#storage?.forget(session);
  }

  /** @param before the session to go on with */
  async #train(settings: Settings, before?: Session): Promise<void> {
    try {
      this.#training?.dispose();
      this.#training = undefined;
      this.#working(true);
      offer.hidden = true;
      say('Loading MuJoCo…');
      const models = await this.#loadModels();
      const { versions, commit, bits } = this.#choices;
      const session = before ?? {
        ...{ id: newId(), settings, begunAt: Date.now(), code: { versions, commit, bits } },
      };
      const kept = before === undefined ? await this.#keep(session) : await this.#takeUp(session);
      const goesOn = before !== undefined;
      this.#training = new Training(
        settings,
        models,
        kept ? { session: session.id, goesOn } : undefined,
        (run, report) => this.#hear(run, report),
      );
      this.#begun(this.#training);
    } catch (error) {
      this.#unlock();
      this.#working(false);
      say(`The training cannot ${before === undefined ? 'begin' : 'go on'}: ${messageOf(error)}`);
      if (before !== undefined) await this.#offerToGoOn();
    }
  }

  /** Asks anew after a failure. */
  #loadModels(): Promise<Models> {
    this.#models ??= load<Models>('models.json').catch((error: unknown) => {
      this.#models = undefined;
      throw error;
    });
    return this.#models;
  }

  /** Whether the browser keeps the session: it must have room, and no other tab may be training. */
  async #keep(session: Session): Promise<boolean> {
    if (this.#storage === undefined || !(await this.#lock())) return false;
    try {
      await this.#storage.begin(session);
      return true;
    } catch {
      return false;
    }
  }

  /** @throws Error if another tab trains, or has begun another training meanwhile */
  async #takeUp({ id }: Session): Promise<true> {
    if (!(await this.#lock())) throw new Error('another tab trains');
    const stored = await this.#storage?.session();
    if (stored?.id !== id) throw new Error('another tab has begun or forgotten a training meanwhile');
    return true;
  }

  async #lock(): Promise<boolean> {
    if (this.#release !== undefined || navigator.locks === undefined) return true;
    return new Promise((resolve) => {
      void navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => {
        if (lock === null) return resolve(false);
        resolve(true);
        return new Promise<void>((release) => {
          this.#release = release;
        });
      });
    });
  }

  #unlock(): void {
    this.#release?.();
    this.#release = undefined;
  }

  #begun({ runs, labels, settings }: Training): void {
    const series = agentSeries(labels);
    setMarkup(
      find('legend'),
      `${swatchDefinitions(series).text}${labels.length > 1 ? legend(series).text : ''}`,
    );
    for (const key of find('legend').querySelectorAll('button')) {
      key.addEventListener('click', () => {
        const hide = key.getAttribute('aria-pressed') === 'true';
        key.setAttribute('aria-pressed', String(!hide));
        document.body.classList.toggle(`hide-${key.dataset.series}`, hide);
      });
    }
    document.body.className = '';
    for (const button of [buttons.pause, buttons.stop]) button.disabled = false;
    shownSelect.replaceChildren(...runs.map((run, i) => new Option(nameOf(run), String(i))));
    meter.max = settings.steps * runs.length;
    meter.value = 0;
    find('results').hidden = false;
    find('away').hidden = false;
    this.#onStage = undefined;
    for (const plots of [find('curves'), find('metrics')]) {
      setMarkup(plots, '');
      delete plots.dataset.drawn;
    }
    this.#downloads.show(runs);
    this.#draw();
  }

  #hear(run: ShownRun, report: Report): void {
    const training = this.#training;
    if (training === undefined) return;
    if (report.type === 'rows' || report.type === 'ended' || report.type === 'failed')
      this.#downloads.show(training.runs);
    if (report.type === 'failed' && training.runs.length > 1) run.note ??= 'failed';
    if (!training.active) {
      this.#working(false);
      this.#unlock();
    }
    this.#draw();
  }

  #togglePause(): void {
    const training = this.#training;
    if (training === undefined) return;
    if (training.paused) training.goOn();
    else training.pause();
    buttons.pause.textContent = training.paused ? 'Go on' : 'Pause';
    this.#draw();
  }

  #working(works: boolean): void {
    fields.disabled = works;
    buttons.train.disabled = works;
    for (const button of [buttons.pause, buttons.stop]) button.disabled = true; // until there is a training
    buttons.pause.textContent = 'Pause';
  }

  #showCommand(): void {
    try {
      const chosen = this.#form.settings();
      find('command').textContent = commandsOf(runsOf(chosen)).join('\n');
      history.replaceState(null, '', `#${linkOf(chosen)}`);
      buttons.train.setCustomValidity('');
      fieldOf('seeds').setCustomValidity('');
    } catch (error) {
      fieldOf('seeds').setCustomValidity(messageOf(error));
    }
  }

  async #copyLink(): Promise<void> {
    const copied = find('copied');
    try {
      await navigator.clipboard.writeText(location.href);
      copied.textContent = 'Copied.';
    } catch {
      copied.textContent = 'The address of this page is the link.';
    }
  }

  /** Draws at the next frame: none comes while the tab is hidden, and the runs go on. */
  #draw(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      if (this.#training !== undefined) this.#show(this.#training);
    });
  }

  #show(training: Training): void {
    const { runs, labels, settings } = training;
    meter.value = runs.reduce((sum, run) => sum + run.step, 0);
    say(statusOf(training), training.active && !training.paused && !training.stopping);
    runsTable.replaceChildren(...runs.map((run) => rowOf(run, settings.steps, training.paused)));
    const curves = find('curves');
    const width = Math.max(280, Math.min(760, curves.clientWidth));
    const points = runs
      .filter(({ status }) => status !== 'failed')
      .map(({ label, curve, settings: { seed } }) => ({ label, seed, curve }));
    const { svg, notes } = curvesPlot(settings.task, labels, points, width);
    const drawn = [svg, ...notes].join('\n');
    if (curves.dataset.drawn !== drawn) {
      curves.dataset.drawn = drawn;
      setMarkup(
        curves,
        svg === '' ? '<p class="empty">The first evaluation comes before the first step.</p>' : svg,
      );
      curves.append(...notes.map((note) => make('p', { className: 'note' }, note)));
    }
    returns.replaceChildren(
      ...runs.flatMap((run) =>
        run.curve.map(({ step, mean }) =>
          make('tr', {}, ...[nameOf(run), String(step), mean.toFixed(1)].map((text) => make('td', {}, text))),
        ),
      ),
    );
    const run = runs[Number(shownSelect.value)] ?? runs[0];
    this.#showFilm(run);
    this.#showMetrics(run);
  }

  #showFilm({ footage, settings, label }: ShownRun): void {
    if (footage === undefined || this.#onStage === footage) return;
    this.#onStage = footage;
    const film = new FootageFilm(
      {
        task: settings.task,
        agent: label,
        trainedSteps: footage.step,
        seed: settings.seed,
        mode: 'exploit',
        controlStep: footage.controlStep,
      },
      footage.footage,
    );
    find('filmed').textContent = `the first episode of the evaluation at step ${grouped(footage.step)}`;
    try {
      if (this.#player === undefined) this.#player = new Player(stage, film);
      else this.#player.replace(film);
    } catch (error) {
      stage.replaceChildren(make('p', { className: 'notice' }, `No picture: ${messageOf(error)}`));
    }
  }

  #showMetrics({ training }: ShownRun): void {
    const metrics = find('metrics');
    const width = Math.max(260, Math.min(420, (find('results').clientWidth || 320) - 26));
    const plots = metricPlots(training, width);
    const markup = plots
      .map(({ title, about, svg, lines }) => {
        const keys = lines.map(
          ({ label, colour }) =>
            `<span class="key"><svg viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" rx="2" fill="${colour}"/></svg>${label}</span>`,
        );
        return `<figure><figcaption>${title} <small>${about}</small></figcaption><p class="keys">${keys.join('')}</p>${svg}</figure>`;
      })
      .join('');
    const none = '<p class="empty">There are metrics once the agent learns, and of RFM if it is RFM.</p>';
    const shown = markup === '' ? none : markup;
    if (metrics.dataset.drawn === shown) return;
    metrics.dataset.drawn = shown;
    setMarkup(metrics, shown);
  }
}

const fieldOf = (name: string) => form.elements.namedItem(name) as HTMLInputElement;

/** In a sentence. */
const codeName = (code: Code | undefined): string => {
  const { versions = {}, commit } = code ?? {};
  const version = versions['rfm-harness'];
  if (version === undefined) return 'an earlier version of the harness';
  return `rfm-harness ${version}${commit === undefined ? '' : ` of commit ${commit.slice(0, 7)}`}`;
};

async function lockIsFree(): Promise<boolean> {
  const held = (await navigator.locks?.query())?.held ?? [];
  return !held.some(({ name }) => name === LOCK);
}

function statusOf({ runs, paused, stopping, active, settings }: Training): string {
  const failed = runs.filter((run) => run.status === 'failed');
  if (!active) {
    const done = runs.filter((run) => run.status === 'done').length;
    if (failed.length > 0) return `Failed: ${failed[0].note}`;
    const many = runs.length === 1 ? '' : `, ${runs.length} runs`;
    if (done === runs.length) return `Done at step ${grouped(settings.steps)}${many}.`;
    return `Stopped at step ${grouped(Math.max(...runs.map(({ step }) => step)))}${many}.`;
  }
  if (stopping) return 'Stopping…';
  if (paused) return 'Paused.';
  const step = runs.reduce((sum, run) => sum + run.step, 0);
  const speed = runs.reduce((sum, run) => sum + (run.status === 'running' ? run.stepsPerSecond : 0), 0);
  if (step === 0) return speed === 0 ? 'Loading MuJoCo…' : 'Evaluating…';
  const left = settings.steps * runs.filter(({ status: s }) => s !== 'failed').length - step;
  const pace = speed === 0 ? '' : `, ${grouped(Math.round(speed))} steps/s, ${duration(left / speed)} left`;
  return `Step ${grouped(step)} of ${grouped(settings.steps * runs.length)}${pace}`;
}

const words: Readonly<Record<ShownRun['status'], string>> = {
  waiting: 'waits',
  running: 'trains',
  done: 'done',
  stopped: 'stopped',
  failed: 'failed',
};

function rowOf(run: ShownRun, steps: number, paused: boolean): HTMLTableRowElement {
  const { status: state, step, stepsPerSecond: speed, curve, kept, note } = run;
  const trains = state === 'running' && !paused && speed > 0;
  const cells = [
    grouped(step),
    trains ? grouped(Math.round(speed)) : '–',
    trains ? duration((steps - step) / speed) : '–',
    readable(curve.at(-1)?.mean),
    kept === undefined ? '–' : grouped(kept),
  ];
  const word = state === 'running' && paused ? 'paused' : words[state];
  return make(
    'tr',
    {},
    Object.assign(make('th', { scope: 'row' }, nameOf(run))),
    ...cells.map((text) => make('td', { className: 'number' }, text)),
    make('td', {}, note === undefined ? word : `${word}: ${note}`),
  );
}

async function prepare(): Promise<void> {
  const [choices, storage] = await Promise.all([load<Choices>('choices.json'), Storage.open()]);
  await new Page(choices, storage).begin();
}

prepare().catch((error: unknown) => say(`The page cannot start: ${messageOf(error)}`));
