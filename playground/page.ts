/// <reference lib="dom.iterable" />
/** The page: settings, a worker that trains, the curve, and the tables to take away. */
import type { Preset } from '../agents/agent.ts';
import { drawCurve } from './chart.ts';
import type { CurvePoint, Models, Order, Report } from './messages.ts';
import { type Choices, commandOf, type RunSettings } from './settings.ts';

const find = <Kind extends Element>(id: string): Kind => document.getElementById(id) as unknown as Kind;

const form = find<HTMLFormElement>('settings');
const fields = find<HTMLFieldSetElement>('fields');
const buttons = {
  train: find<HTMLButtonElement>('train'),
  pause: find<HTMLButtonElement>('pause'),
  stop: find<HTMLButtonElement>('stop'),
};
const status = find<HTMLElement>('status');
const meter = find<HTMLProgressElement>('progress');
const chart = find<SVGSVGElement>('curve');
const table = find<HTMLTableSectionElement>('returns');
const command = find<HTMLElement>('command');
const downloads = find<HTMLElement>('downloads');

let models: Models = {};

/** The run that is shown. */
let shown: { readonly worker: Worker; readonly settings: RunSettings; paused: boolean } | undefined;

async function load<Content>(file: string): Promise<Content> {
  const answer = await fetch(file);
  if (!answer.ok) throw new Error(`${file} does not load (${answer.status})`);
  return (await answer.json()) as Content;
}

async function prepare(): Promise<void> {
  const choices = await load<Choices>('choices.json');
  models = await load<Models>('models.json');
  choose('task', choices.tasks, 'cartpole-balance');
  choose(
    'agent',
    choices.agents.map(({ name }) => name),
    'rfm-flow',
  );
  choose('preset', choices.presets, 'smoke');
  const wanted = new URLSearchParams(location.hash.slice(1));
  for (const [name, value] of wanted) {
    const field = form.elements.namedItem(name);
    if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) field.value = value;
  }
  fields.disabled = false;
  buttons.train.disabled = false;
  say('Ready.');
  showCommand();
}

function choose(name: string, values: readonly string[], first: string): void {
  const select = form.elements.namedItem(name) as HTMLSelectElement;
  select.replaceChildren(
    ...values.map((value) => new Option(value, value, value === first, value === first)),
  );
}

function settings(): RunSettings {
  const values = new FormData(form);
  const text = (name: string): string => String(values.get(name));
  const whole = (name: string): number => Number(text(name));
  return {
    task: text('task'),
    agent: text('agent'),
    preset: text('preset') as Preset,
    seed: whole('seed'),
    steps: whole('steps'),
    evaluateEvery: whole('evaluateEvery'),
    evaluationEpisodes: whole('evaluationEpisodes'),
  };
}

function showCommand(): void {
  const chosen = settings();
  command.textContent = commandOf(chosen);
  const link = new URLSearchParams(Object.entries(chosen).map(([name, value]) => [name, String(value)]));
  history.replaceState(null, '', `#${link}`);
}

const say = (text: string): void => {
  status.textContent = text;
};

function train(): void {
  shown?.worker.terminate();
  const chosen = settings();
  const worker = new Worker(new URL('worker.js', document.baseURI), { type: 'module' });
  shown = { worker, settings: chosen, paused: false };
  worker.addEventListener('message', ({ data }: MessageEvent<Report>) => hear(data));
  worker.addEventListener('error', ({ message }) => hear({ type: 'failed', message }));
  order({ type: 'begin', settings: chosen, models });
  downloads.replaceChildren();
  showCurve([]);
  meter.value = 0;
  meter.max = chosen.steps;
  working(true);
  say('Loading MuJoCo…');
}

const order = (message: Order): void => shown?.worker.postMessage(message);

function working(works: boolean): void {
  fields.disabled = works;
  buttons.train.disabled = works;
  buttons.pause.disabled = !works;
  buttons.stop.disabled = !works;
  buttons.pause.textContent = 'Pause';
}

function hear(report: Report): void {
  if (shown === undefined) return;
  const { steps } = shown.settings;
  if (report.type === 'progress') {
    meter.value = report.step;
    const speed = report.stepsPerSecond > 0 ? `, ${report.stepsPerSecond.toFixed(0)} steps/s` : '';
    if (!shown.paused) say(`Step ${report.step} of ${steps}${speed}`);
  } else if (report.type === 'rows') {
    showCurve(report.curve);
    offer(report.tables);
  } else {
    shown.worker.terminate();
    working(false);
    if (report.type === 'failed') say(`The run failed: ${report.message}`);
    else say(`${report.status === 'done' ? 'Done' : 'Stopped'} at step ${report.step}.`);
  }
}

function showCurve(curve: readonly CurvePoint[]): void {
  drawCurve(chart, curve, shown?.settings.steps ?? 1);
  table.replaceChildren(
    ...curve.map(({ step, mean }) => {
      const row = document.createElement('tr');
      for (const value of [String(step), mean.toFixed(1)]) {
        row.append(Object.assign(document.createElement('td'), { textContent: value }));
      }
      return row;
    }),
  );
}

/** Links to the tables as they are now. */
function offer(tables: Readonly<Record<string, string>>): void {
  for (const link of downloads.querySelectorAll('a')) URL.revokeObjectURL(link.href);
  downloads.replaceChildren(
    ...Object.entries(tables).map(([download, text]) => {
      const href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
      return Object.assign(document.createElement('a'), { href, download, textContent: download });
    }),
  );
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  train();
});
form.addEventListener('input', showCommand);
buttons.pause.addEventListener('click', () => {
  if (shown === undefined) return;
  shown.paused = !shown.paused;
  order({ type: shown.paused ? 'pause' : 'go on' });
  buttons.pause.textContent = shown.paused ? 'Go on' : 'Pause';
  if (shown.paused) say('Paused.');
});
buttons.stop.addEventListener('click', () => order({ type: 'stop' }));

prepare().catch((error: unknown) => {
  say(`The page cannot start: ${error instanceof Error ? error.message : String(error)}`);
});
