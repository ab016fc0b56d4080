/**
 * A chart that its reader can question and move in: the values nearest to the pointer or chosen by arrow keys, zoom by
 * wheel, keys and buttons, and dragging. It is drawn anew by the code that drew it at first.
 */
import type { Chart, ChartLine } from '../chart.ts';
import { type ChartView, drawChart, hasTime } from '../draw-chart.ts';
import { type Drawing, type Frame, inlineSvg } from '../drawing.ts';
import { compact, duration, interval, readable, share } from '../numbers.ts';
import type { Series } from '../series.ts';
import { isHidden } from './page-controls.ts';
import { plotOf, toolButton } from './saving.ts';

/** A point of a line, by the line's place in the chart and the point's in the line. */
interface Place {
  readonly line: number;
  readonly point: number;
}

type Range = readonly [low: number, high: number];

/** Farther than this from every point, the pointer means none, px. */
const REACH = 60;
const ZOOM_STEP = 1.4;
/** How far zoom goes. */
const MOST_ZOOM = 2000;
const SVG = 'http://www.w3.org/2000/svg';

let count = 0;

export class ChartFigure {
  readonly chart: Chart;
  readonly #figure: HTMLElement;
  readonly #series: readonly Series[];
  readonly #tip = document.createElement('div');
  readonly #reset: HTMLButtonElement;
  readonly #id = `own-${++count}`;
  /** The plot that was drawn last; none before the first. */
  readonly #frames = new Map<SVGSVGElement, Frame>();
  #view: ChartView = {};
  #chosen: Place | undefined;
  #whole: Readonly<Record<'x' | 'y', Range>> | undefined;
  #drag:
    | { readonly x: number; readonly y: number; readonly zoom: Readonly<Record<'x' | 'y', Range>> }
    | undefined;

  constructor(figure: HTMLElement, bar: HTMLElement, chart: Chart, series: readonly Series[]) {
    this.chart = chart;
    this.#figure = figure;
    this.#series = series;
    this.#tip.className = 'tip';
    this.#tip.setAttribute('role', 'status');
    this.#tip.hidden = true;
    figure.append(this.#tip);
    this.#reset = toolButton('Reset', 'Reset: show the whole plot', () => this.show({ zoom: undefined }));
    this.#reset.disabled = true;
    bar.append(
      toolButton('+', 'Zoom in', () => this.#zoomAt(ZOOM_STEP)),
      toolButton('−', 'Zoom out', () => this.#zoomAt(1 / ZOOM_STEP)),
      this.#reset,
    );
    for (const plot of figure.querySelectorAll<SVGSVGElement>('svg.plot')) this.#watch(plot);
  }

  /** Draws the chart anew with other choices. */
  show(change: Partial<ChartView>): void {
    const axis = (change.time ?? this.#view.time) !== this.#view.time;
    this.#view = { ...this.#view, ...(axis && { zoom: undefined }), ...change };
    this.#frames.clear();
    this.#whole = axis || change.logarithmic !== undefined ? undefined : this.#whole;
    for (const plot of this.#figure.querySelectorAll<SVGSVGElement>('svg.plot')) this.#draw(plot);
    this.#reset.disabled = this.#view.zoom === undefined;
    this.#point(undefined);
  }

  #draw(plot: SVGSVGElement): Frame | undefined {
    plot.dataset.height ??= plot.getAttribute('height') ?? '';
    const size = { width: Number(plot.getAttribute('width')), height: Number(plot.dataset.height) };
    const id = `${this.#id}-${plot.classList.contains('narrow') ? 'narrow' : 'wide'}`;
    const drawing = drawChart(this.chart, this.#series, size, this.#view, id);
    plot.innerHTML = drawing.content; // made and escaped by us
    plot.setAttribute('viewBox', `0 0 ${drawing.width} ${drawing.height}`);
    plot.setAttribute('height', String(drawing.height));
    this.#figure.toggleAttribute('data-labelled', drawing.labelled ?? false);
    const { frame } = drawing;
    if (frame !== undefined) {
      this.#frames.set(plot, frame);
      if (this.#view.zoom === undefined) this.#whole ??= { x: rangeOf(frame, 'x'), y: rangeOf(frame, 'y') };
    }
    return frame;
  }

  /** Where the data of the plot are; it is drawn here once, since the one of the page does not tell. */
  #frame(plot: SVGSVGElement): Frame | undefined {
    return this.#frames.get(plot) ?? this.#draw(plot);
  }

  #watch(plot: SVGSVGElement): void {
    plot.setAttribute('tabindex', '0');
    plot.setAttribute(
      'aria-roledescription',
      'chart: arrow keys go through its points, + and − zoom, 0 shows all',
    );
    plot.addEventListener('pointermove', (event) => this.#move(plot, event));
    plot.addEventListener('pointerleave', () => this.#point(undefined));
    plot.addEventListener('pointerdown', (event) => {
      // A finger that taps moves no pointer.
      if (event.pointerType !== 'mouse') this.#move(plot, event);
      this.#grab(plot, event);
    });
    for (const name of ['pointerup', 'pointercancel'] as const) {
      plot.addEventListener(name, () => {
        this.#drag = undefined;
      });
    }
    plot.addEventListener('dblclick', () => this.show({ zoom: undefined }));
    plot.addEventListener('keydown', (event) => this.#key(plot, event));
    plot.addEventListener('blur', () => this.#point(undefined));
    plot.addEventListener('wheel', (event) => this.#wheel(plot, event), { passive: false });
  }

  /** The wheel zooms in a plot that has the focus, or with Ctrl as pinching sends it; else the page scrolls. */
  #wheel(plot: SVGSVGElement, event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== plot) return;
    event.preventDefault();
    const frame = this.#frame(plot);
    if (frame === undefined) return;
    const { x, y } = inData(frame, inPlot(plot, event));
    this.#zoomAt(ZOOM_STEP ** (-Math.sign(event.deltaY) / 2), { x, y });
  }

  #grab(plot: SVGSVGElement, event: PointerEvent): void {
    const { zoom } = this.#view;
    if (zoom === undefined || event.button !== 0) return;
    plot.setPointerCapture(event.pointerId);
    this.#drag = { ...inPlot(plot, event), zoom };
    this.#point(undefined);
  }

  #move(plot: SVGSVGElement, event: PointerEvent): void {
    const frame = this.#frame(plot);
    if (frame === undefined) return;
    const at = inPlot(plot, event);
    if (this.#drag === undefined) this.#point(this.#nearest(frame, at), plot);
    else {
      const { x, y, zoom } = this.#drag;
      this.#pan(zoom, (x - at.x) / frame.width, (at.y - y) / frame.height);
    }
  }

  /** @param along by how much of what is seen, to the right and upwards */
  #pan(zoom: Readonly<Record<'x' | 'y', Range>>, along: number, up: number): void {
    const whole = this.#whole;
    if (whole === undefined) return;
    this.show({ zoom: { x: shifted(zoom.x, along, whole.x), y: shifted(zoom.y, up, whole.y) } });
  }

  /** @param at what stays in its place, in the units of the data; the middle if absent */
  #zoomAt(factor: number, at?: { readonly x: number; readonly y: number }): void {
    const plot = plotOf(this.#figure);
    const frame = plot && this.#frame(plot);
    const whole = this.#whole;
    if (frame === undefined || whole === undefined || this.#view.logarithmic) return;
    const now = this.#view.zoom ?? whole;
    const scaled = (axis: 'x' | 'y'): Range => {
      const [low, high] = now[axis];
      const middle = at?.[axis] ?? (low + high) / 2;
      return shifted([middle - (middle - low) / factor, middle + (high - middle) / factor], 0, whole[axis]);
    };
    const zoom = { x: scaled('x'), y: scaled('y') };
    const depth = (whole.x[1] - whole.x[0]) / (zoom.x[1] - zoom.x[0]);
    if (depth > MOST_ZOOM) return;
    this.show({ zoom: depth <= 1.001 ? undefined : zoom });
  }

  #key(plot: SVGSVGElement, event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { zoom } = this.#view;
    const along = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const up = { ArrowDown: -1, ArrowUp: 1 }[event.key];
    if (event.key === '+' || event.key === '=') this.#zoomAt(ZOOM_STEP);
    else if (event.key === '-') this.#zoomAt(1 / ZOOM_STEP);
    else if (event.key === '0') this.show({ zoom: undefined });
    else if (event.key === 'Escape') this.#point(undefined);
    else if (event.shiftKey && zoom !== undefined && (along ?? up) !== undefined)
      this.#pan(zoom, (along ?? 0) / 5, (up ?? 0) / 5);
    else if (along !== undefined) this.#step(plot, along, 0);
    else if (up !== undefined) this.#step(plot, 0, -up);
    else return;
    event.preventDefault();
  }

  /** Goes to another point of the line, or to the same x on another line. */
  #step(plot: SVGSVGElement, along: number, lines: number): void {
    const shown = this.chart.lines.flatMap((line, i) =>
      isHidden(line.series) || line.x.length === 0 ? [] : [i],
    );
    if (shown.length === 0) return;
    const from = this.#chosen;
    const at = from === undefined ? -1 : shown.indexOf(from.line);
    if (from === undefined || at < 0) {
      this.#point({ line: shown[0], point: this.chart.lines[shown[0]].x.length - 1 }, plot);
      return;
    }
    const line = shown[(at + lines + shown.length) % shown.length];
    const { x } = this.chart.lines[line];
    const before = this.chart.lines[from.line].x[from.point];
    const point = lines === 0 ? from.point + along : nearestIn(x, before);
    this.#point({ line, point: Math.max(0, Math.min(x.length - 1, point)) }, plot);
  }

  /** The point nearest to a place of the plot; in panels, of the panel's agent. */
  #nearest(frame: Frame, { x, y }: { readonly x: number; readonly y: number }): Place | undefined {
    const panel = panelAt(frame, x, y);
    let best: Place | undefined;
    let least = REACH;
    for (const [i, line] of this.chart.lines.entries()) {
      if (isHidden(line.series) || (panel?.series ?? line.series) !== line.series) continue;
      const columns = xOf(line, this.#view);
      for (let point = 0; point < columns.length; point++) {
        const dx = frame.x.apply(columns[point]) + (panel?.dx ?? 0) - x;
        const dy = frame.y.apply(line.y[point]) + (panel?.dy ?? 0) - y;
        const distance = Math.hypot(dx, panel?.series === undefined ? dy : dy / 4);
        if (distance < least) [best, least] = [{ line: i, point }, distance];
      }
    }
    return best;
  }

  /** Marks a point, and says what it is. */
  #point(place: Place | undefined, plot?: SVGSVGElement): void {
    this.#figure.querySelector('.pointer')?.remove();
    this.#chosen = place;
    const frame = plot && this.#frame(plot);
    this.#tip.hidden = place === undefined || frame === undefined;
    if (place === undefined || plot === undefined || frame === undefined) return;
    const line = this.chart.lines[place.line];
    const look = this.#series[line.series];
    const panel = frame.panels.find(({ series }) => series === undefined || series === line.series);
    const cx = frame.x.apply(xOf(line, this.#view)[place.point]) + (panel?.dx ?? 0);
    const cy = frame.y.apply(line.y[place.point]) + (panel?.dy ?? 0);
    const top = frame.top + (panel?.dy ?? 0);
    const mark = document.createElementNS(SVG, 'g');
    mark.setAttribute('class', 'pointer');
    mark.innerHTML = `<line x1="${cx}" x2="${cx}" y1="${top}" y2="${top + frame.height}"/><circle cx="${cx}" cy="${cy}" r="5" stroke="${look.colour}"/>`;
    plot.append(mark);
    this.#tip.replaceChildren(...this.#lines(line, place.point, look));
    const scale = plot.getBoundingClientRect().width / plot.viewBox.baseVal.width;
    const room = this.#figure.clientWidth - this.#tip.offsetWidth - 4;
    const left = plot.getBoundingClientRect().left - this.#figure.getBoundingClientRect().left + cx * scale;
    const beside = left + 14 > room ? left - this.#tip.offsetWidth - 14 : left + 14;
    const above = plot.getBoundingClientRect().top - this.#figure.getBoundingClientRect().top + cy * scale;
    this.#tip.style.left = `${Math.max(4, Math.min(room, beside))}px`;
    this.#tip.style.top = `${Math.max(4, above - this.#tip.offsetHeight - 10)}px`;
  }

  /** What the tip says. */
  #lines(line: ChartLine, point: number, look: Series): HTMLElement[] {
    const { x, y } = this.chart;
    const format = {
      share,
      score: share,
      return: readable,
      metric: metricText,
      steps: compact,
      seconds: duration,
    }[y.unit];
    const [low, high] = [line.low[point] ?? undefined, line.high[point] ?? undefined];
    const name = document.createElement('strong');
    name.textContent = look.agent;
    name.style.borderColor = look.colour;
    const at =
      x.unit === 'steps'
        ? `step ${line.x[point].toLocaleString('en')}`
        : `${x.label} ${share(line.x[point])}`;
    const time = line.seconds && `${duration(line.seconds[point])} since the runs began`;
    const value = `${format(line.y[point])} ${interval(low, high, format)}`;
    const runs = `${line.runs} run${line.runs === 1 ? '' : 's'}`;
    return [name, ...[value, at, ...(time === undefined ? [] : [time]), runs].map(textLine)];
  }

  get section(): HTMLElement | null {
    return this.#figure.closest('section');
  }

  get hasTime(): boolean {
    return hasTime(this.chart);
  }

  get hasSeeds(): boolean {
    return this.chart.lines.some(({ each }) => each !== undefined);
  }
}

const metricText = (value: number): string => {
  const size = Math.abs(value);
  return size !== 0 && (size < 0.01 || size >= 1e6) ? value.toExponential(2) : readable(value);
};

function textLine(text: string): HTMLElement {
  const line = document.createElement('div');
  line.textContent = text;
  return line;
}

const xOf = (line: ChartLine, { time }: ChartView): readonly number[] => (time && line.seconds) || line.x;

function rangeOf(frame: Frame, axis: 'x' | 'y'): Range {
  const domain = (frame[axis].domain ?? [0, 1]) as readonly number[];
  return [domain[0], domain[domain.length - 1]];
}

/** A range moved along by a share of itself, and kept within all there is. */
function shifted([low, high]: Range, along: number, [least, most]: Range): Range {
  const size = Math.min(high - low, most - least);
  const from = Math.max(least, Math.min(most - size, low + along * (high - low)));
  return [from, from + size];
}

function nearestIn(ascending: readonly number[], value: number): number {
  let best = 0;
  for (let i = 1; i < ascending.length; i++) {
    if (Math.abs(ascending[i] - value) < Math.abs(ascending[best] - value)) best = i;
  }
  return best;
}

/** Where an event was, in the plot's own units. */
function inPlot(plot: SVGSVGElement, event: MouseEvent): { x: number; y: number } {
  const box = plot.getBoundingClientRect();
  const scale = plot.viewBox.baseVal.width / box.width;
  return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
}

/** The panel that holds a place, with its margins. */
function panelAt(frame: Frame, x: number, y: number): Frame['panels'][number] | undefined {
  const { left, top, width, height } = frame;
  return (
    frame.panels.find(({ dx, dy }) => {
      return x >= dx && x <= dx + left + width + 8 && y >= dy && y <= dy + top + height + 20;
    }) ?? frame.panels[0]
  );
}

function inData(frame: Frame, { x, y }: { readonly x: number; readonly y: number }) {
  const panel = panelAt(frame, x, y);
  const invert = (axis: 'x' | 'y', at: number): number => Number(frame[axis].invert?.(at));
  return { x: invert('x', x - (panel?.dx ?? 0)), y: invert('y', y - (panel?.dy ?? 0)) };
}

/** A figure that is not in the page yet. @param drawing what it shows at first */
export function newFigure(drawing: Drawing, caption: string): HTMLElement {
  const figure = document.createElement('figure');
  figure.dataset.name = drawing.name;
  figure.dataset.title = drawing.title;
  figure.toggleAttribute('data-labelled', drawing.labelled ?? false);
  const title = document.createElement('figcaption');
  title.textContent = caption;
  const plot = document.createElement('template');
  plot.innerHTML = inlineSvg(drawing); // made and escaped by us
  figure.append(title, plot.content);
  return figure;
}
