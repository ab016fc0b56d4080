/// <reference lib="dom.iterable" />
/** The page: settings, workers that train, curves, the policy in 3-D, metrics, and what can be taken away. */
import './no-code-from-text.ts';
import { Player } from '../harness/replay/browser/player.ts';
import { legend, swatchDefinitions } from '../harness/report/figures.ts';
import { duration, grouped, readable } from '../harness/report/numbers.ts';
import { agentSeries } from '../harness/report/series.ts';
import { curvesSvg, metricPlots } from './charts.ts';
import { find, make, messageOf, setMarkup } from './elements.ts';
import { FootageFilm } from './filmed-environment.ts';
import { SettingsForm } from './form.ts';
import { handOverDrops } from './hand-over.ts';
import type { Models, Report } from './messages.ts';
import type { Choices } from './options.ts';
import { commandOf, linkOf, runsOf, type Settings, settingsOfLink } from './settings.ts';
import { type Session, Storage } from './storage.ts';
import { archiveOf, folderOf, manifestOf } from './take-away.ts';
import { newId, type ShownRun, Training } from './trainings.ts';

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

const say = (text: string): void => {
  status.textContent = text;
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
      say('Stopping…');
      this.#training?.stop();
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
    const text = ended
      ? `The training of ${what} that ended here can be shown again.`
      : `The training of ${what} stands at step ${grouped(step)} of ${grouped(all)}.`;
    const on = make('button', {
      type: 'button',
      id: 'resume',
      textContent: ended ? 'Show it' : 'Go on with it',
    });
    const forget = make('button', { type: 'button', id: 'forget', textContent: 'Forget it' });
    on.addEventListener('click', () => {
      offer.hidden = true;
      this.#form.show(session.settings);
      this.#showCommand();
      void this.#train(session.settings, session);
    });
    forget.addEventListener('click', () => {
      offer.hidden = true;
      void this.#storage?.forget();
      buttons.train.focus();
    });
    offer.replaceChildren(make('p', {}, text), on, ' ', forget);
    offer.hidden = false;
  }

  async #train(settings: Settings, before?: Session): Promise<void> {
    try {
      this.#training?.dispose();
      this.#training = undefined;
      this.#working(true);
      offer.hidden = true;
      say('Loading MuJoCo…');
      this.#models ??= load<Models>('models.json');
      const models = await this.#models;
      const session = before ?? { id: newId(), settings, begunAt: Date.now() };
      const kept = await this.#keep(session, before !== undefined);
      this.#training = new Training(settings, models, kept ? session.id : undefined, (run, report) =>
        this.#hear(run, report),
      );
      this.#begun(this.#training);
    } catch (error) {
      this.#working(false);
      say(`The training cannot begin: ${messageOf(error)}`);
    }
  }

  /** Whether the browser keeps the session: it must have room, and no other tab may be training. */
  async #keep(session: Session, again: boolean): Promise<boolean> {
    if (this.#storage === undefined || !(await this.#lock())) return false;
    try {
      if (!again) await this.#storage.begin(session);
      return true;
    } catch {
      return false;
    }
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
    shownSelect.replaceChildren(...runs.map((run, i) => new Option(nameOf(run), String(i))));
    meter.max = settings.steps * runs.length;
    meter.value = 0;
    find('results').hidden = false;
    find('away').hidden = false;
    this.#onStage = undefined;
    setMarkup(find('curves'), '');
    setMarkup(find('metrics'), '');
    this.#showDownloads();
    this.#draw();
  }

  #hear(run: ShownRun, report: Report): void {
    const training = this.#training;
    if (training === undefined) return;
    if (report.type === 'rows' || report.type === 'ended' || report.type === 'failed') this.#showDownloads();
    if (report.type === 'failed' && training.runs.length > 1) run.note ??= 'failed';
    if (!training.active) {
      this.#working(false);
      this.#release?.();
      this.#release = undefined;
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
    buttons.pause.disabled = !works;
    buttons.stop.disabled = !works;
    buttons.pause.textContent = 'Pause';
  }

  #showCommand(): void {
    try {
      const chosen = this.#form.settings();
      find('command').textContent = commandsOf(chosen).join('\n');
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
    say(statusOf(training));
    runsTable.replaceChildren(...runs.map((run) => rowOf(run, settings.steps, training.paused)));
    const curves = find('curves');
    const width = Math.max(280, Math.min(760, curves.clientWidth));
    const points = runs.map(({ label, curve, settings: { seed } }) => ({ label, seed, curve }));
    const svg = curvesSvg(settings.task, labels, points, width);
    if (curves.dataset.drawn !== svg) {
      curves.dataset.drawn = svg;
      setMarkup(
        curves,
        svg === '' ? '<p class="empty">The first evaluation comes before the first step.</p>' : svg,
      );
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

  /** Links to the tables as they are now, and to the rest of a run that has ended. */
  #showDownloads(): void {
    const list = find('downloads');
    for (const link of list.querySelectorAll('a')) URL.revokeObjectURL(link.href);
    const runs = this.#training?.runs ?? [];
    const prefix = (run: ShownRun) =>
      runs.length === 1 ? '' : `${runs.indexOf(run) + 1}-${folderOf(run.settings)}-`;
    list.replaceChildren(
      ...runs
        .filter(({ tables }) => tables !== undefined)
        .map((run) => {
          const links = Object.entries(run.tables ?? {}).map(([name, text]) =>
            linkTo(`${prefix(run)}${name}`, name, [text], 'text/csv'),
          );
          const { ended } = run;
          if (ended !== undefined) {
            const manifest = manifestOf(ended, this.#choices, machine);
            links.push(
              linkTo(`${prefix(run)}manifest.json`, 'manifest.json', [manifest], 'application/json'),
            );
          }
          const item = make('li', {}, make('span', { className: 'of' }, nameOf(run)), ...links);
          if (ended !== undefined) {
            const name = `${prefix(run).slice(0, -1) || folderOf(run.settings)}.zip`;
            const all = make('button', { type: 'button', textContent: `all with the checkpoint: ${name}` });
            all.addEventListener('click', () => {
              const link = linkTo(name, name, [archiveOf(ended, this.#choices, machine)], 'application/zip');
              link.click();
              setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
            });
            item.append(all);
          }
          return item;
        }),
    );
  }
}

const fieldOf = (name: string) => form.elements.namedItem(name) as HTMLInputElement;

/** A line for each run; those whose folder would be taken name another. */
function commandsOf(settings: Settings): string[] {
  const taken = new Map<string, number>();
  return runsOf(settings).map((run) => {
    const folder = folderOf(run);
    const times = (taken.get(folder) ?? 0) + 1;
    taken.set(folder, times);
    return times === 1 ? commandOf(run) : `${commandOf(run)} --out ${folder}-${times}`;
  });
}

const nameOf = ({ label, settings: { seed } }: ShownRun): string => `${label}, seed ${seed}`;

function linkTo(
  download: string,
  text: string,
  parts: (string | Uint8Array)[],
  type: string,
): HTMLAnchorElement {
  const href = URL.createObjectURL(new Blob(parts as BlobPart[], { type }));
  return make('a', { href, download, textContent: text });
}

async function lockIsFree(): Promise<boolean> {
  const held = (await navigator.locks?.query())?.held ?? [];
  return !held.some(({ name }) => name === LOCK);
}

function statusOf({ runs, paused, active, settings }: Training): string {
  const failed = runs.filter((run) => run.status === 'failed');
  if (!active) {
    const done = runs.filter((run) => run.status === 'done').length;
    if (failed.length > 0) return `Failed: ${failed[0].note}`;
    const many = runs.length === 1 ? '' : `, ${runs.length} runs`;
    if (done === runs.length) return `Done at step ${grouped(settings.steps)}${many}.`;
    return `Stopped at step ${grouped(Math.max(...runs.map(({ step }) => step)))}${many}.`;
  }
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
