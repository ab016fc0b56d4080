/** What the page does. Everything but training metrics is readable without it. */
import type { PageData } from '../page-data.ts';
import { ChartFigure } from './chart-figure.ts';
import { addChoices, drawMetrics } from './choices.ts';
import { chooseScheme, openFoldsToPrint, sortTables, watchLegends } from './page-controls.ts';
import { addSaving, addTableSaving, toolBar } from './saving.ts';

chooseScheme();
watchLegends();
sortTables();
openFoldsToPrint();
addTableSaving();
readData().then((data) => {
  const charts = new Map(data.charts.map((chart) => [chart.name, chart]));
  const figures = [...document.querySelectorAll<HTMLElement>('figure[data-name]')].flatMap((figure) => {
    const bar = toolBar(figure);
    const chart = charts.get(figure.dataset.name ?? '');
    const interactive = chart === undefined ? [] : [new ChartFigure(figure, bar, chart, data.series)];
    addSaving(figure, bar, data);
    return interactive;
  });
  addChoices(figures, data);
  drawMetrics(data);
});

/** What the page keeps: JSON, or the same as gzip in base64. */
async function readData(): Promise<PageData> {
  const element = document.getElementById('data') as HTMLScriptElement;
  const text = element.textContent ?? '';
  if (element.type === 'application/json') return JSON.parse(text);
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return await new Response(stream).json();
}
