/** Pictures of the toy comparison: distances against integration steps, and the samples themselves. */
import * as Plot from '@observablehq/plot';
import { type Drawing, draw, standaloneSvg } from '../../harness/report/drawing.ts';
import { seriesOf } from '../../harness/report/series.ts';
import type { Picture } from '../page.ts';
import { type distanceNames, exactName, type ToySamples } from './experiment.ts';
import type { SummaryRow } from './summary.ts';

type DistanceName = (typeof distanceNames)[number];

const labels: Readonly<Record<DistanceName, string>> = {
  sliced_w2: 'sliced Wasserstein-2 distance',
  mmd2: 'squared MMD',
  sinkhorn: 'Sinkhorn divergence',
};
/** Short enough to stand above the axis beside the first panel's name. */
const axisLabels: typeof labels = { ...labels, sliced_w2: 'distance' };
/** The unbiased MMD² of equal distributions is negative half of the time; the axis is logarithmic. */
const smallest: Readonly<Record<DistanceName, number>> = { sliced_w2: 1e-3, mmd2: 1e-4, sinkhorn: 1e-3 };

/** One picture per distance, one panel per target; dashed: two sets of exact draws. */
export function distancePictures(rows: readonly SummaryRow[]): Picture[] {
  const learned = rows.filter((row) => row.method !== exactName);
  const series = seriesOf([...new Set(learned.map((row) => row.method))]);
  const colours = new Map(series.map(({ agent, colour }) => [agent, colour]));
  const legend = series.map(({ agent, colour }) => ({ label: agent, colour }));
  return (Object.keys(labels) as DistanceName[]).map((name) =>
    finished(
      drawDistance(name, rows, (method) => colours.get(method) ?? 'currentColor'),
      legend,
      {
        note: 'bars: 95 % interval over seeds; dashed: between two sets of exact draws',
      },
    ),
  );
}

function drawDistance(
  name: DistanceName,
  rows: readonly SummaryRow[],
  colour: (method: string) => string,
): Drawing {
  const least = smallest[name];
  const values = rows.map((row) => Math.max(Number(row[name]), least));
  // The means make the scale: intervals of few seeds are wide, and may reach below zero.
  const domain = [Math.min(...values) / 1.4, Math.max(...values) * 1.4];
  const within = (value: string | number | undefined) =>
    Math.min(Math.max(Number(value), domain[0]), domain[1]);
  const shown = rows.map((row, i) => ({
    ...row,
    value: values[i],
    low: within(row[`${name}_low`] ?? values[i]),
    high: within(row[`${name}_high`] ?? values[i]),
  }));
  const learned = shown.filter((row) => row.method !== exactName);
  const steps = [...new Set(learned.map((row) => row.steps ?? 1))];
  const targets = [...new Set(rows.map((row) => row.target))];
  const margins = { marginLeft: 56, marginRight: 16, marginTop: 28, marginBottom: 38 };
  return draw(
    {
      name: `toy-${name.replace('_', '-')}`,
      title: `${labels[name]} to exact draws by integration steps`,
      description: `Mean over seeds of the ${labels[name]} between samples and exact draws, by target and method.`,
    },
    {
      ...margins,
      width: margins.marginLeft + margins.marginRight + 215 * targets.length,
      height: 300,
      x: {
        type: 'log',
        label: 'integration steps',
        labelArrow: 'none',
        labelAnchor: 'center',
        ticks: steps,
        tickFormat: 'd',
        domain: [Math.min(...steps) / 1.15, Math.max(...steps) * 1.15],
      },
      y: {
        type: 'log',
        domain,
        label: axisLabels[name],
        labelArrow: 'none',
        grid: true,
        ticks: 5,
        tickFormat: '~g',
      },
      fx: { label: null, domain: targets },
      marks: [
        Plot.ruleY(
          shown.filter((row) => row.method === exactName),
          { fx: 'target', y: 'value', stroke: 'var(--faint)', strokeDasharray: '4,3' },
        ),
        Plot.ruleX(learned, {
          fx: 'target',
          x: 'steps',
          y1: 'low',
          y2: 'high',
          stroke: (row) => colour(row.method),
          strokeOpacity: 0.5,
        }),
        Plot.lineY(learned, {
          fx: 'target',
          x: 'steps',
          y: 'value',
          z: 'method',
          stroke: (row) => colour(row.method),
          strokeWidth: 1.6,
        }),
        Plot.dot(learned, {
          fx: 'target',
          x: 'steps',
          y: 'value',
          r: 2.6,
          fill: (row) => colour(row.method),
        }),
      ],
    },
  );
}

/** Points of a panel: enough to see a shape, few enough for a small file. */
const shownPoints = 800;

/** One picture per target: exact draws and each method's samples, one row of panels per number of steps. */
export function samplePictures(samples: readonly ToySamples[], steps: readonly number[]): Picture[] {
  return [...new Set(samples.map(({ target }) => target))].map((target) =>
    finished(
      drawSamples(
        target,
        samples.filter((each) => each.target === target),
        steps,
      ),
      [],
    ),
  );
}

function drawSamples(target: string, samples: readonly ToySamples[], steps: readonly number[]): Drawing {
  const exact = samples.find(({ method }) => method === exactName)?.points ?? [];
  const reach = 1.1 * Math.max(...exact.flat().map(Math.abs));
  const methods = [...new Set(samples.map(({ method }) => method))];
  const rowOf = (n: number) => `${n} steps`;
  const points = samples.flatMap((each) => {
    const rows = each.steps === undefined ? steps : steps.filter((n) => n === each.steps);
    return rows.flatMap((n) =>
      each.points
        .slice(0, shownPoints)
        .filter(([x, y]) => Math.abs(x) < reach && Math.abs(y) < reach)
        .map(([x, y]) => ({ x, y, method: each.method, row: rowOf(n) })),
    );
  });
  const panel = 168;
  const margins = { marginLeft: 64, marginRight: 12, marginTop: 28, marginBottom: 12 };
  return draw(
    {
      name: `toy-samples-${target.replace(/[^A-Za-z0-9_-]+/g, '-')}`,
      title: `Samples of ${target}`,
      description: `Exact draws and samples of each method by ${steps.join(' and ')} integration steps, first seed.`,
    },
    {
      ...margins,
      width: margins.marginLeft + margins.marginRight + panel * methods.length,
      height: margins.marginTop + margins.marginBottom + panel * steps.length,
      x: { axis: null, domain: [-reach, reach] },
      y: { axis: null, domain: [-reach, reach] },
      fx: { label: null, axis: 'top', domain: methods, padding: 0.06 },
      fy: { label: null, axis: 'left', domain: steps.map(rowOf), padding: 0.06 },
      marks: [
        Plot.frame({ stroke: 'var(--faint)', strokeOpacity: 0.5 }),
        Plot.dot(points, { fx: 'method', fy: 'row', x: 'x', y: 'y', render: asOnePath }),
      ],
    },
  );
}

/** All points of a panel as one path of strokes without length: a tenth of the circles' text. */
const asOnePath: Plot.RenderFunction = (index, _scales, values, _dimensions, context) => {
  const [x, y] = [values.x ?? [], values.y ?? []];
  const path = context.document.createElementNS('http://www.w3.org/2000/svg', 'path');
  const at = (value: number) => value.toFixed(1);
  path.setAttribute('d', [...index].map((i) => `M${at(x[i])},${at(y[i])}h0`).join(''));
  path.setAttribute('stroke', 'var(--accent)');
  path.setAttribute('stroke-width', '1.7');
  path.setAttribute('stroke-linecap', 'round');
  path.setAttribute('stroke-opacity', '0.6');
  path.setAttribute('fill', 'none');
  return path;
};

function finished(
  drawing: Drawing,
  legend: readonly { label: string; colour: string }[],
  { note }: { note?: string } = {},
): Picture {
  return {
    fileName: `${drawing.name}.svg`,
    title: drawing.title,
    svg: standaloneSvg(drawing, legend, note),
  };
}
