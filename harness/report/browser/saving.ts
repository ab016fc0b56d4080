/** Plots and tables leave the page: as SVG, PNG, through the printer as PDF, as text. */
import { type Drawing, legendEntry, standaloneSvg } from '../drawing.ts';
import type { PageData } from '../page-data.ts';
import { isHidden } from './page-controls.ts';

/** Pixels of a PNG for each of the plot. */
const SCALE = 2;

/** A small button. @param label what it does, for those who do not see what it belongs to */
export function toolButton(text: string, label: string, click: () => void): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = text;
  button.setAttribute('aria-label', label);
  button.title = label;
  button.addEventListener('click', click);
  return button;
}

/** The bar of a figure's tools. */
export function toolBar(figure: HTMLElement): HTMLElement {
  const bar = document.createElement('div');
  bar.className = 'tools';
  figure.querySelector('figcaption')?.after(bar);
  return bar;
}

/** Buttons that save a figure's plot. */
export function addSaving(figure: HTMLElement, bar: HTMLElement, data: PageData): void {
  const name = figure.dataset.name ?? 'plot';
  bar.append(
    toolButton('SVG', 'Save this plot as SVG', () =>
      save(`${name}.svg`, 'image/svg+xml', fileOf(figure, data)),
    ),
    toolButton('PNG', 'Save this plot as PNG', () => savePng(`${name}.png`, fileOf(figure, data))),
    toolButton(
      'PDF',
      'Print this plot alone, on a page of its size: the printer “Save as PDF” keeps its lines and text',
      () => printAlone(fileOf(figure, data)),
    ),
  );
}

/** The plot that is seen: one of those for wide and for narrow pages. */
export function plotOf(figure: HTMLElement): SVGSVGElement | undefined {
  const plots = [...figure.querySelectorAll<SVGSVGElement>('svg.plot')];
  return plots.find((plot) => plot.getBoundingClientRect().width > 0) ?? plots[0];
}

/** The plot as it is seen, in a file of its own; agents that are hidden are not in it. */
function fileOf(figure: HTMLElement, { series, caution }: PageData): string {
  const plot = plotOf(figure)?.cloneNode(true) as SVGSVGElement;
  plot.querySelector('.pointer')?.remove();
  const shown = series.filter(({ index }) => !isHidden(index));
  for (const { index, className } of series) {
    if (isHidden(index)) for (const mark of plot.querySelectorAll(`.${className}`)) mark.remove();
  }
  const serializer = new XMLSerializer();
  const drawing: Drawing = {
    name: figure.dataset.name ?? '',
    title: figure.dataset.title ?? '',
    description: plot.getAttribute('aria-label') ?? '',
    width: plot.viewBox.baseVal.width,
    height: plot.viewBox.baseVal.height,
    content: [...plot.childNodes]
      .map((child) => serializer.serializeToString(child))
      .join('')
      .replaceAll(' xmlns="http://www.w3.org/2000/svg"', ''),
  };
  const note = [caution, figure.dataset.note].filter((line) => line !== undefined).join(' ');
  const labelled = figure.dataset.labelled !== undefined;
  return standaloneSvg(drawing, labelled ? [] : shown.map(legendEntry), note || undefined);
}

/** Offers text or bytes as a file. */
export function save(name: string, type: string, content: string | Blob): void {
  const link = document.createElement('a');
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

async function savePng(name: string, svg: string): Promise<void> {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await picture.decode();
  const canvas = document.createElement('canvas');
  canvas.width = picture.naturalWidth * SCALE;
  canvas.height = picture.naturalHeight * SCALE;
  canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((png) => {
    if (png !== null) save(name, 'image/png', png);
  }, 'image/png');
}

/** Prints one plot on a page of its size; browsers write it as PDF, with lines and text, not pixels. */
function printAlone(svg: string): void {
  const sheet = document.createElement('div');
  sheet.className = 'sheet';
  sheet.innerHTML = svg.slice(svg.indexOf('<svg')); // made and escaped by us
  const plot = sheet.firstElementChild;
  // Made by a script: a page whose policy refuses style elements takes it too.
  const style = new CSSStyleSheet();
  style.replaceSync(
    `@page{size:${plot?.getAttribute('width')}px ${plot?.getAttribute('height')}px;margin:0}`,
  );
  document.body.append(sheet);
  document.adoptedStyleSheets.push(style);
  const clear = (): void => {
    sheet.remove();
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== style);
  };
  addEventListener('afterprint', clear, { once: true });
  print();
}

/** Buttons that copy and save the texts of tables. */
export function addTableSaving(): void {
  for (const text of document.querySelectorAll<HTMLElement>('pre[data-file]')) {
    const bar = document.createElement('div');
    bar.className = 'tools';
    text.before(bar);
    const file = text.dataset.file ?? '';
    const content = text.textContent ?? '';
    const copy = toolButton('Copy', `Copy ${file}`, async () => {
      try {
        await navigator.clipboard.writeText(content);
        copy.textContent = 'Copied';
      } catch {
        getSelection()?.selectAllChildren(text);
        copy.textContent = 'Selected';
      }
    });
    bar.append(
      copy,
      toolButton('Save', `Save ${file}`, () => save(file, 'text/plain', content)),
    );
  }
}
