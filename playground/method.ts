/// <reference lib="dom.iterable" />
/** The page of the method: a density whose modes are dragged, and what RFM learns of it meanwhile. */
import './no-code-from-text.ts';
import { errorDrawing } from '../ablations/error-plot.ts';
import { float64Tensor } from '../agents/posterior/float64.ts';
import { GaussianMixture, type MixtureDescription } from '../agents/posterior/mixture.ts';
import { inlineSvg } from '../harness/report/drawing.ts';
import { seriesOf } from '../harness/report/series.ts';
import { find, make, messageOf, setMarkup, workerFault } from './elements.ts';
import { handOverDrops } from './hand-over.ts';
import {
  gridPoints,
  type MethodOrder,
  type MethodReport,
  type MethodSettings,
  PARTICLES,
  REACH,
} from './method-messages.ts';

type Flow = Extract<MethodReport, { type: 'flow' }>;

const canvas = find<HTMLCanvasElement>('plane');
const handles = find('handles');
const time = find<HTMLInputElement>('time');
const field = <Kind extends HTMLElement = HTMLInputElement>(name: string) =>
  find<HTMLFormElement>('method').elements.namedItem(name) as unknown as Kind;

/** Pixels of the density along a side. */
const PIXELS = 96;
/** Between a change and the training that follows it, in ms. */
const SETTLE = 250;
/** How far an arrow key moves a mode. */
const STRIDE = 0.1;
/** Seconds from noise to data. */
const SECONDS = 3;

let modes: [x: number, y: number][] = [
  [-1.3, -0.7],
  [1.3, -0.7],
  [0, 1.5],
];
let flow: Flow | undefined;
let number = 0;
let worker: Worker | undefined;
let settle: ReturnType<typeof setTimeout> | undefined;
let picture: ImageData | undefined;
let playing = false;

function density(): MixtureDescription {
  const variance = Number(field('deviation').value) ** 2;
  return {
    dim: 2,
    weights: modes.map(() => 1),
    means: modes.map(([x, y]) => [x, y]),
    covariances: modes.map(() => [
      [variance, 0],
      [0, variance],
    ]),
  };
}

function settings(): MethodSettings {
  const eta = field('eta').value;
  const kind = field<HTMLSelectElement>('estimator').value;
  return {
    density: density(),
    estimator: kind === 'eta' ? `eta=${eta}` : kind,
    draws: Number(field('draws').value),
    steps: Number(field('steps').value),
  };
}

const say = (text: string): void => {
  find('status').textContent = text;
};

/** After every change: the density at once, the training when the hand rests. */
function changed(): void {
  for (const name of ['deviation', 'draws', 'steps', 'eta']) {
    const output = document.querySelector(`output[data-of="${name}"]`);
    if (output !== null) output.textContent = field(name).value;
  }
  field('eta').disabled = field<HTMLSelectElement>('estimator').value !== 'eta';
  picture = undefined;
  draw();
  clearTimeout(settle);
  settle = setTimeout(learn, SETTLE);
}

function learn(): void {
  if (worker === undefined) {
    worker = new Worker(new URL('method-worker.js', document.baseURI), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<MethodReport>) => hear(data));
    worker.addEventListener('error', (event) => {
      say(`The learning failed: ${workerFault(event, 'method-worker.js')}`);
      worker?.terminate();
      worker = undefined; // the next change tries again
    });
  }
  number++;
  say('Learning…');
  worker.postMessage({ type: 'begin', number, settings: settings() } satisfies MethodOrder);
}

function hear(report: MethodReport): void {
  if (report.number !== number) return;
  if (report.type === 'failed') say(`The learning failed: ${report.message}`);
  else if (report.type === 'errors') showErrors(report.errors);
  else {
    flow = report;
    const { updates, loss, ess } = report;
    say(
      `${updates} updates, loss ${loss.toFixed(2)}, effective sample size ${ess.toFixed(1)} of ${settings().draws}`,
    );
    document.body.dataset.updates = String(updates);
    draw();
  }
}

function showErrors(errors: Extract<MethodReport, { type: 'errors' }>['errors']): void {
  const names = [...new Set(errors.map(({ series }) => series))];
  const keys = seriesOf(names).map(
    ({ agent, colour }) =>
      `<span class="key"><svg viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" rx="2" fill="${colour}"/></svg>${agent}</span>`,
  );
  const box = find('errors');
  const width = Math.max(200, Math.min(440, box.clientWidth - 72));
  const about = {
    fileName: 'errors.svg',
    title: 'Error of the estimators by t',
    description: `Mean squared error of the posterior mean of y1 for ${names.join(', ')}.`,
  };
  const points = errors.map((point) => ({ ...point, column: `N = ${settings().draws}` }));
  const plot = inlineSvg(errorDrawing(about, points, names, width));
  setMarkup(box, `<p class="keys">${keys.join('')}</p>${plot}`);
}

let drawing = false;
function draw(): void {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    paint();
  });
}

const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** From the plane to pixels of the canvas. */
const toPixel = (value: number, size: number): number => ((value + REACH) / (2 * REACH)) * size;

function paint(): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const { width: size } = canvas;
  picture ??= densityPicture();
  const small = new OffscreenCanvas(PIXELS, PIXELS);
  small.getContext('2d')?.putImageData(picture, 0, 0);
  context.fillStyle = colour('--page');
  context.fillRect(0, 0, size, size);
  context.drawImage(small, 0, 0, size, size);
  if (flow !== undefined) paintFlow(context, flow, size);
}

/** The density as shades of the accent. */
function densityPicture(): ImageData {
  const points = new Float64Array(2 * PIXELS * PIXELS);
  for (let row = 0; row < PIXELS; row++) {
    for (let column = 0; column < PIXELS; column++) {
      const at = row * PIXELS + column;
      points[at] = REACH * ((2 * (column + 0.5)) / PIXELS - 1);
      points[PIXELS * PIXELS + at] = -REACH * ((2 * (row + 0.5)) / PIXELS - 1);
    }
  }
  const tensor = float64Tensor(points, [1, 2, PIXELS * PIXELS]);
  const { data } = new GaussianMixture(density()).logDensity(tensor);
  const top = data.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(colour('--accent').slice(at, at + 2), 16));
  const image = new ImageData(PIXELS, PIXELS);
  data.forEach((value, i) => {
    image.data.set([red, green, blue, 150 * Math.sqrt(Math.exp(value - top))], 4 * i);
  });
  return image;
}

/** The field as arrows and the particles, at the time of the slider. */
function paintFlow(context: CanvasRenderingContext2D, { points, field: learned }: Flow, size: number): void {
  const steps = points.length / (2 * PARTICLES) - 1;
  const place = Number(time.value) * steps;
  const step = Math.min(steps, Math.floor(place));
  const rest = step === steps ? 0 : place - step;
  const grid = gridPoints();
  const length = (2 * REACH) / 13 / 2.2;
  context.strokeStyle = colour('--quiet');
  context.lineWidth = size / 600;
  context.beginPath();
  for (let i = 0; i < grid.length; i += 2) {
    const [x, y] = [grid[i], grid[i + 1]];
    const [dx, dy] = [learned[step * grid.length + i], learned[step * grid.length + i + 1]];
    const scale = length / Math.max(2, Math.hypot(dx, dy));
    const [endX, endY] = [x + dx * scale, y + dy * scale];
    context.moveTo(toPixel(x, size), toPixel(-y, size));
    context.lineTo(toPixel(endX, size), toPixel(-endY, size));
    const turn = Math.atan2(dy, dx);
    for (const side of [2.6, -2.6]) {
      context.moveTo(toPixel(endX, size), toPixel(-endY, size));
      const [headX, headY] = [Math.cos(turn + side), Math.sin(turn + side)].map((part) => 0.07 * part);
      context.lineTo(toPixel(endX + headX, size), toPixel(-(endY + headY), size));
    }
  }
  context.stroke();
  context.fillStyle = colour('--series-1');
  const at = (k: number, i: number) => points[2 * PARTICLES * k + i];
  for (let i = 0; i < 2 * PARTICLES; i += 2) {
    const [x, y] = [i, i + 1].map((j) => (1 - rest) * at(step, j) + (rest > 0 ? rest * at(step + 1, j) : 0));
    context.beginPath();
    context.arc(toPixel(x, size), toPixel(-y, size), size / 260, 0, 2 * Math.PI);
    context.fill();
  }
}

/** One handle for each mode: dragged, or moved by the arrow keys. */
function showHandles(): void {
  const svg = 'http://www.w3.org/2000/svg';
  handles.replaceChildren(
    ...modes.map((mode, i) => {
      const handle = document.createElementNS(svg, 'circle');
      const show = () => {
        handle.setAttribute('cx', String(mode[0]));
        handle.setAttribute('cy', String(-mode[1]));
        const where = `at ${mode[0].toFixed(1)}, ${mode[1].toFixed(1)}`;
        handle.setAttribute('aria-label', `Mode ${i + 1} ${where}; drag it, or move it with the arrow keys`);
      };
      const moveTo = (x: number, y: number) => {
        const within = (value: number) => Math.max(-REACH, Math.min(REACH, value));
        [mode[0], mode[1]] = [within(x), within(y)];
        show();
        changed();
      };
      for (const [name, value] of Object.entries({ r: '0.14', tabindex: '0', role: 'button' })) {
        handle.setAttribute(name, value);
      }
      show();
      handle.addEventListener('pointerdown', (event) => {
        handle.setPointerCapture(event.pointerId);
        handle.focus();
      });
      handle.addEventListener('pointermove', (event) => {
        if (!handle.hasPointerCapture(event.pointerId)) return;
        const { left, top, width } = handles.getBoundingClientRect();
        const inPlane = (pixel: number) => REACH * ((2 * pixel) / width - 1);
        moveTo(inPlane(event.clientX - left), -inPlane(event.clientY - top));
      });
      handle.addEventListener('keydown', (event) => {
        const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[
          event.key
        ] ?? [0, 0];
        if (x === 0 && y === 0) return;
        event.preventDefault();
        moveTo(mode[0] + STRIDE * x, mode[1] + STRIDE * y);
      });
      return handle;
    }),
  );
  find<HTMLButtonElement>('remove').disabled = modes.length === 1;
  find<HTMLButtonElement>('add').disabled = modes.length === 6;
}

function play(on: boolean): void {
  playing = on;
  find('play').textContent = on ? 'Pause' : 'Play';
  let before: number | undefined;
  const tick = (now: number) => {
    if (!playing) return;
    const passed = before === undefined ? 0 : (now - before) / 1000;
    before = now;
    const next = Number(time.value) + passed / SECONDS;
    showTime(next > 1.3 ? 0 : next);
    requestAnimationFrame(tick);
  };
  if (on) requestAnimationFrame(tick);
}

/** @param t beyond 1 for a rest at the end */
function showTime(t: number): void {
  time.max = '1.3';
  time.value = String(t);
  const shown = Math.min(1, t);
  time.setAttribute('aria-valuetext', `t = ${shown.toFixed(2)}`);
  find('t').textContent = shown.toFixed(2);
  draw();
}

function prepare(): void {
  find('method').addEventListener('input', changed);
  find('method').addEventListener('submit', (event) => event.preventDefault());
  find('add').addEventListener('click', () => {
    modes = [...modes, [0, 0]];
    showHandles();
    changed();
  });
  find('remove').addEventListener('click', () => {
    modes = modes.slice(0, -1);
    showHandles();
    changed();
  });
  find('play').addEventListener('click', () => play(!playing));
  time.addEventListener('input', () => {
    play(false);
    showTime(Number(time.value));
  });
  handOverDrops(() => false);
  showHandles();
  showTime(1);
  changed();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    picture = undefined;
    draw();
  });
  if (!matchMedia('(prefers-reduced-motion: reduce)').matches) play(true);
}

try {
  prepare();
} catch (error) {
  find('status').replaceChildren(make('span', {}, `The page cannot start: ${messageOf(error)}`));
}
