/** Draws charts of lines: all agents in one frame, or a panel for each with the others grey behind. */
import * as Plot from '@observablehq/plot';
import {
  type Chart,
  type ChartAxis,
  type ChartLine,
  type ChartReference,
  extent,
  MANY_LINES,
  yDomain,
} from './chart.ts';
import { type Drawing, drawParts, labelWidth, type Piece } from './drawing.ts';
import { escapeText } from './html.ts';
import { compact, readable } from './numbers.ts';
import { type Series, shortAgents, symbolPaths } from './series.ts';

/** What a reader has chosen. */
export interface ChartView {
  /** Wall-clock time as the x-axis, where the chart has it. */
  readonly time?: boolean;
  /** The line of every run instead of bands. */
  readonly seeds?: boolean;
  /** A panel for each agent; default from nine agents of the page on. */
  readonly panels?: boolean;
  /** A logarithmic y-axis, where all values are positive. */
  readonly logarithmic?: boolean;
  /** The part that is shown; all of it if absent. */
  readonly zoom?: Readonly<Record<'x' | 'y', readonly [low: number, high: number]>>;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Narrower panels hold no readable axis. */
const PANEL_WIDTH = 165;
const PANEL_SHAPE = 0.72;
const PANEL_TITLE = 18;
/** Room for the labels of the axes around panels. */
const AROUND = { top: 20, bottom: 24 };
const ROW_GAP = 4;
/** A mark every so many points tells stepped lines apart. */
const MARK_EVERY = 20;

/**
 * @param series all agents of the page, to whose places lines refer
 * @param size px; a chart in panels is as high as it needs to be
 * @param id what identifiers within the drawing begin with
 */
export function drawChart(
  chart: Chart,
  series: readonly Series[],
  size: Size,
  view: ChartView = {},
  id = chart.name,
): Drawing {
  return (view.panels ?? series.length >= MANY_LINES)
    ? drawPanels(chart, series, size.width, view, id)
    : drawTogether(chart, series, size, view);
}

/** Whether each line of a chart tells its time. */
export const hasTime = ({ lines }: Chart): boolean =>
  lines.length > 0 && lines.every(({ seconds }) => seconds !== undefined);

function drawTogether(chart: Chart, series: readonly Series[], size: Size, view: ChartView): Drawing {
  const margins = { marginLeft: 52, marginRight: 18, marginTop: 24, marginBottom: 38 };
  const { options } = axes(chart, view, { x: 5, y: 5, labelled: true });
  const marks = marksOf(chart, series, view, 1.8, options.y.domain);
  const { drawing, scales } = drawParts(chart, { ...size, ...margins, ...options, marks });
  return { ...drawing, frame: { ...scales, ...boxOf(margins, size), panels: [{ dx: 0, dy: 0 }] } };
}

/** One frame is drawn; its axes and the grey lines are used again in every panel, with the marks of its agent. */
function drawPanels(
  chart: Chart,
  series: readonly Series[],
  width: number,
  view: ChartView,
  id: string,
): Drawing {
  const columns = Math.max(1, Math.min(chart.lines.length, Math.floor(width / PANEL_WIDTH)));
  const size = { width: Math.floor(width / columns), height: 0 };
  size.height = Math.round(size.width * PANEL_SHAPE);
  const margins = { marginLeft: 40, marginRight: 18, marginTop: PANEL_TITLE + 6, marginBottom: 22 };
  const { options, xLabel } = axes(chart, view, { x: 3, y: 4, labelled: false });
  const marks = marksOf(chart, series, view, 1.6, options.y.domain);
  const { pieces, scales } = drawParts(chart, { ...size, ...margins, ...options, marks });
  const prefix = id.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const [frameId, behindId] = [`${prefix}-frame`, `${prefix}-behind`];
  const common = pieces.filter(({ owner }) => owner === undefined);
  const behind = pieces.filter(({ owner, label }) => owner !== undefined && label === MEAN);
  const text = (all: readonly Piece[]) => all.map(({ svg }) => svg).join('');
  const shared = `<g id="${frameId}">${text(common)}</g><g id="${behindId}" opacity="0.45">${behind.map(({ svg }) => faded(svg)).join('')}</g>`;
  const again = `<use href="#${frameId}"/><use href="#${behindId}"/>`;
  const panels = chart.lines.map((line, i) => ({
    dx: (i % columns) * size.width,
    dy: AROUND.top + Math.floor(i / columns) * (size.height + ROW_GAP),
    series: line.series,
  }));
  const short = shortAgents(series, Math.floor((size.width - margins.marginLeft - 20) / labelWidth('n')));
  const drawn = panels.map(({ dx, dy, series: place }, i) => {
    const { agent, className, symbol, colour } = series[place];
    const name = short(agent);
    const title = `<g class="${className}"><path transform="translate(${margins.marginLeft},4)" d="${symbolPaths[symbol]}" fill="${colour}"/><text x="${margins.marginLeft + 17}" y="14" text-anchor="start" font-weight="600">${escapeText(name)}</text></g>`;
    const own = pieces.filter(({ owner }) => owner === className);
    return `<g transform="translate(${dx},${dy})">${title}${i === 0 ? shared : again}${text(own)}</g>`;
  });
  const height = AROUND.top + Math.ceil(panels.length / columns) * (size.height + ROW_GAP) + AROUND.bottom;
  const labels = `<g aria-label="y-axis label"><text x="2" y="12" text-anchor="start">${escapeText(chart.y.label)}</text></g><g aria-label="x-axis label"><text x="${width / 2}" y="${height - 7}">${escapeText(xLabel)}</text></g>`;
  const { name, title, description, note } = chart;
  return {
    ...{ name, title, description, note, width, height },
    content: `${labels}${drawn.join('')}`,
    labelled: true,
    frame: { ...scales, ...boxOf(margins, size), panels },
  };
}

/** Where the data are within a drawing, px. */
const boxOf = (
  margins: Readonly<Record<'marginLeft' | 'marginRight' | 'marginTop' | 'marginBottom', number>>,
  { width, height }: Size,
) => ({
  left: margins.marginLeft,
  top: margins.marginTop,
  width: width - margins.marginLeft - margins.marginRight,
  height: height - margins.marginTop - margins.marginBottom,
});

const MEAN = 'mean';

/** A line without its colour: all of them are one grey. */
const faded = (svg: string): string =>
  svg.replace(/ stroke="[^"]*"/g, ' stroke="var(--faint)"').replace(/ stroke-dasharray="[^"]*"/g, '');

/** The axes' options, and the whole label of the x-axis. */
function axes(
  chart: Chart,
  view: ChartView,
  { x: xTicks, y: yTicks, labelled }: { readonly x: number; readonly y: number; readonly labelled: boolean },
) {
  const axis = xAxis(chart, view);
  const xDomain = view.zoom?.x ?? axis.domain ?? extent(chart.lines.flatMap((line) => xOf(line, view)));
  const clock = axis.unit === 'seconds' ? clockFor(xDomain) : undefined;
  const xLabel = clock === undefined ? axis.label : `${axis.label} (${clock.unit})`;
  const logarithmic = isLogarithmic(chart, view);
  const options = {
    x: {
      label: labelled ? xLabel : null,
      labelArrow: 'none',
      labelAnchor: 'center',
      domain: xDomain,
      ticks: clock === undefined ? xTicks : clock.ticks(xDomain, xTicks),
      tickFormat: clock === undefined ? formats[axis.unit] : (at: number) => clock.format(at),
    },
    y: {
      label: labelled ? chart.y.label : null,
      labelArrow: 'none',
      type: logarithmic ? 'log' : 'linear',
      domain: view.zoom?.y ?? yDomain(chart, logarithmic),
      nice: view.zoom === undefined && chart.y.domain === undefined,
      ticks: yTicks,
      tickSize: 0,
      tickFormat: logarithmic ? '~g' : formats[chart.y.unit],
      grid: true,
    },
  } satisfies Pick<Plot.PlotOptions, 'x' | 'y'>;
  return { options, xLabel };
}

const xAxis = (chart: Chart, { time }: ChartView): ChartAxis =>
  time && hasTime(chart) ? { label: 'wall-clock time', unit: 'seconds' } : chart.x;

const xOf = (line: ChartLine, { time }: ChartView): readonly number[] => (time && line.seconds) || line.x;

export const isLogarithmic = (chart: Chart, { logarithmic = false }: ChartView): boolean =>
  logarithmic && chart.lines.every(({ y }) => y.every((value) => value > 0));

const withoutZeros = (text: string): string => text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');

/** Ticks of each unit. */
const formats: Readonly<Record<ChartAxis['unit'], (value: number) => string>> = {
  steps: compact,
  seconds: compact,
  return: (value) => (Math.abs(value) < 10_000 ? withoutZeros(readable(value)) : compact(value)),
  share: (value) => withoutZeros(value.toFixed(2)),
  score: (value) => withoutZeros(value.toFixed(2)),
  metric: (value) => {
    const size = Math.abs(value);
    return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(1) : formats.return(value);
  },
};

/** Seconds in the unit that suits a range of them. */
function clockFor([, last]: readonly [number, number]) {
  const [unit, seconds] =
    last >= 7200 ? (['h', 3600] as const) : last >= 120 ? (['min', 60] as const) : (['s', 1] as const);
  return {
    unit,
    format: (at: number) => withoutZeros((at / seconds).toFixed(2)),
    ticks([from, to]: readonly [number, number], count: number): number[] {
      const rough = (to - from) / seconds / count;
      const power = 10 ** Math.floor(Math.log10(rough));
      const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
      const first = Math.ceil(from / seconds / step);
      const last = Math.floor(to / seconds / step);
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step * seconds);
    },
  };
}

function marksOf(
  chart: Chart,
  series: readonly Series[],
  view: ChartView,
  strokeWidth: number,
  [low, high]: readonly [number, number],
): Plot.Markish[] {
  const clip = view.zoom !== undefined;
  const curve = chart.stepped ? 'step-after' : 'linear';
  const look = (line: ChartLine) => series[line.series];
  const within = (column: readonly (number | null)[]) =>
    clip ? column : column.map((value) => value && Math.min(high, Math.max(low, value)));
  const each = view.seeds ? chart.lines.filter((line) => line.each !== undefined) : [];
  const bands = chart.lines.filter((line) => line.low.length > 0 && !each.includes(line));
  const path = (line: ChartLine, y: readonly number[]) =>
    [
      y,
      { x: xOf(line, view), y, curve, clip, stroke: look(line).colour, className: look(line).className },
    ] as const;
  return [
    Plot.ruleY(low <= 0 && high >= 0 ? [0] : [], { stroke: 'currentColor', strokeOpacity: 0.35, clip }),
    ...(chart.references ?? []).flatMap((reference) => referenceMarks(reference, clip)),
    ...bands.map((line) =>
      Plot.areaY(line.x, {
        x: xOf(line, view),
        y1: within(line.low),
        y2: within(line.high),
        curve,
        clip,
        fill: look(line).colour,
        fillOpacity: 0.15,
        className: look(line).className,
      }),
    ),
    ...each.flatMap((line) =>
      (line.each ?? []).map((run) => {
        const [data, options] = path(line, run);
        return Plot.lineY(data, { ...options, strokeWidth: 1, strokeOpacity: 0.6 });
      }),
    ),
    ...chart.lines.flatMap((line) => {
      const { colour, className, dash, symbol } = look(line);
      const [data, options] = path(line, line.y);
      const marked = line.y.flatMap((_, i) =>
        chart.stepped ? (i % MARK_EVERY === MARK_EVERY / 2 ? [i] : []) : i === line.y.length - 1 ? [i] : [],
      );
      return [
        Plot.lineY(data, { ...options, strokeWidth, strokeDasharray: dash, ariaDescription: MEAN }),
        Plot.dot(marked, {
          x: (i: number) => xOf(line, view)[i],
          y: (i: number) => line.y[i],
          fill: colour,
          symbol,
          r: 3.5,
          clip,
          className,
        }),
      ];
    }),
  ];
}

function referenceMarks({ label, value }: ChartReference, clip: boolean): Plot.Markish[] {
  return [
    Plot.ruleY([value], { stroke: 'var(--faint)', strokeDasharray: '4,3', clip }),
    Plot.text([label], {
      y: () => value,
      frameAnchor: 'right',
      textAnchor: 'end',
      dy: -6,
      fontSize: 10,
      stroke: 'var(--page)',
      strokeWidth: 3,
      fill: 'currentColor',
      clip,
    }),
  ];
}
