/** Choices for all charts of a section, and the metrics of training, which are drawn when one is chosen. */
import { MANY_LINES } from '../chart.ts';
import { type ChartView, drawChart } from '../draw-chart.ts';
import type { PageData } from '../page-data.ts';
import { ChartFigure, newFigure } from './chart-figure.ts';
import { addSaving, toolBar } from './saving.ts';

/** Boxes above the charts of each section, where they have what these ask for. */
export function addChoices(figures: readonly ChartFigure[], { series }: PageData): void {
  const sections = new Map<HTMLElement, ChartFigure[]>();
  for (const figure of figures) {
    const { section } = figure;
    if (section !== null) sections.set(section, [...(sections.get(section) ?? []), figure]);
  }
  for (const [section, own] of sections) {
    const bar = document.createElement('div');
    bar.className = 'choices';
    const many = series.length >= MANY_LINES;
    const show = (change: Partial<ChartView>): void => {
      for (const figure of own) figure.show(change);
    };
    if (own.every((figure) => figure.hasTime)) {
      bar.append(box('Wall-clock time', false, (time) => show({ time })));
    }
    if (own.some((figure) => figure.hasSeeds)) {
      bar.append(box('Each seed', false, (seeds) => show({ seeds })));
    }
    if (own.some(({ chart }) => chart.lines.length > 1)) {
      bar.append(box('A panel for each agent', many, (panels) => show({ panels })));
    }
    if (bar.childElementCount > 0) section.querySelector('figure')?.closest('section > *')?.before(bar);
  }
}

/** The metric that is chosen, one figure for each task. */
export function drawMetrics(data: PageData): void {
  const select = document.querySelector<HTMLSelectElement>('select[data-metrics]');
  const place = document.querySelector<HTMLElement>('[data-metric-plots]');
  const bar = select?.closest<HTMLElement>('.choices');
  if (select === null || place === null || bar === null || bar === undefined) return;
  bar.hidden = false;
  let figures: ChartFigure[] = [];
  let view: Partial<ChartView> = {};
  const show = (change: Partial<ChartView>): void => {
    view = { ...view, ...change };
    for (const figure of figures) figure.show(change);
  };
  bar.append(
    box('Logarithmic, where all is above 0', false, (logarithmic) => show({ logarithmic, zoom: undefined })),
  );
  select.addEventListener('change', () => {
    place.replaceChildren();
    figures = data.metrics
      .filter(({ y }) => y.label === select.value)
      .map((chart) => {
        const wide = data.series.length >= MANY_LINES && innerWidth > 640; // as style.ts divides pages
        const size = { width: wide ? 540 : 380, height: 250 };
        const figure = newFigure(drawChart(chart, data.series, size, {}, 'metric'), chart.title);
        place.append(figure);
        const tools = toolBar(figure);
        const drawn = new ChartFigure(figure, tools, chart, data.series);
        addSaving(figure, tools, data);
        drawn.show(view);
        return drawn;
      });
  });
}

function box(text: string, checked: boolean, change: (checked: boolean) => void): HTMLElement {
  const label = document.createElement('label');
  const input = document.createElement('input');
  input.type = 'checkbox';
  input.checked = checked;
  input.addEventListener('change', () => change(input.checked));
  label.append(input, text);
  return label;
}
