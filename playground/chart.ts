/** The learning curve, drawn as SVG. */
import type { CurvePoint } from './messages.ts';

const WIDTH = 720;
const HEIGHT = 320;
const EDGE = { left: 52, right: 16, top: 14, bottom: 40 };
/** Returns of the control tasks lie in [0, 1000]. */
const MOST = 1000;

/** Replaces the content of the chart. @param steps the right end of its axis */
export function drawCurve(svg: SVGSVGElement, curve: readonly CurvePoint[], steps: number): void {
  const x = (step: number) => EDGE.left + (step / steps) * (WIDTH - EDGE.left - EDGE.right);
  const y = (value: number) => HEIGHT - EDGE.bottom - (value / MOST) * (HEIGHT - EDGE.top - EDGE.bottom);
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  const parts: SVGElement[] = [];
  for (let value = 0; value <= MOST; value += 250) {
    parts.push(shape('line', { class: 'rule', x1: x(0), x2: x(steps), y1: y(value), y2: y(value) }));
    parts.push(label(String(value), { x: EDGE.left - 8, y: y(value) + 4, 'text-anchor': 'end' }));
  }
  for (let quarter = 0; quarter <= 4; quarter++) {
    const step = (steps * quarter) / 4;
    const anchor = quarter === 4 ? 'end' : 'middle';
    parts.push(label(step.toLocaleString('en'), { x: x(step), y: HEIGHT - 20, 'text-anchor': anchor }));
  }
  parts.push(label('control steps', { x: x(steps / 2), y: HEIGHT - 4, 'text-anchor': 'middle' }));
  const points = curve.map(({ step, mean }) => [x(step), y(mean)] as const);
  parts.push(shape('polyline', { class: 'curve', points: points.map((point) => point.join(',')).join(' ') }));
  for (const [cx, cy] of points) parts.push(shape('circle', { class: 'point', cx, cy, r: 3.5 }));
  svg.replaceChildren(...parts);
}

function shape(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

function label(text: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const element = shape('text', attributes);
  element.textContent = text;
  return element;
}
