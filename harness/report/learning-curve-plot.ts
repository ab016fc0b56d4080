/** The learning curves of all agents on one task. */
import * as Plot from '@observablehq/plot';
import type { Curve } from './curves.ts';
import { type Drawing, draw } from './drawing.ts';
import { shortName } from './html.ts';
import { compact, readable } from './numbers.ts';
import type { Series } from './series.ts';

/** A published score that is drawn as a line across. */
export interface ReferenceScore {
  readonly task: string;
  readonly agent: string;
  readonly score: number;
}

/** @param size px; the fewer panels there are, the wider each is drawn */
export function learningCurvePlot(
  task: string,
  curves: readonly { readonly series: Series; readonly curve: Curve }[],
  references: readonly ReferenceScore[],
  name: string,
  size: { readonly width: number; readonly height: number },
): Drawing {
  const points = curves.flatMap(({ curve }) => curve.points);
  const values = [
    ...points.flatMap(({ mean, low = mean, high = mean }) => [low, high]),
    ...references.map((r) => r.score),
  ];
  const last = curves.flatMap(({ series, curve }) => {
    const end = curve.points.at(-1);
    return end === undefined
      ? []
      : [`${shortName(series.agent)} ${readable(end.mean)} at step ${compact(end.step)}`];
  });
  return draw(
    {
      name,
      title: `Learning curves on ${shortName(task, 32)}`,
      description: `Mean evaluation return against environment steps, with 95 % bands. Last evaluations: ${last.join('; ')}.`,
      note: fileNote(curves.map(({ curve }) => curve)),
    },
    {
      ...size,
      marginLeft: 52,
      marginRight: 18,
      marginTop: 24,
      marginBottom: 38,
      x: {
        label: 'environment steps',
        labelArrow: 'none',
        labelAnchor: 'center',
        ticks: 5,
        tickFormat: compact,
      },
      y: {
        label: 'evaluation return',
        labelArrow: 'none',
        domain: [Math.min(0, ...values), Math.max(...values, Number.MIN_VALUE)],
        nice: true,
        ticks: 5,
        tickSize: 0,
        tickFormat: (value: number) =>
          Math.abs(value) < 10_000 ? readable(value).replace(/\.0+$/, '') : compact(value),
        grid: true,
      },
      marks: [
        Plot.ruleY([0], { stroke: 'currentColor', strokeOpacity: 0.35 }),
        ...references.flatMap((reference) => referenceMarks(reference)),
        ...curves.map(({ series, curve }) =>
          Plot.areaY(curve.points, {
            x: 'step',
            y1: 'low',
            y2: 'high',
            fill: series.colour,
            fillOpacity: 0.16,
            className: series.className,
          }),
        ),
        ...curves.flatMap(({ series, curve }) => lineMarks(series, curve)),
      ],
    },
  );
}

function fileNote(curves: readonly Curve[]): string | undefined {
  if (curves.some((curve) => curve.interpolated))
    return 'Runs evaluated at different steps are interpolated.';
  if (curves.some((curve) => curve.cut)) return 'Curves cover the steps that all their runs have in common.';
  return undefined;
}

function lineMarks(series: Series, curve: Curve): Plot.Markish[] {
  const { className, colour, dash, symbol } = series;
  return [
    Plot.lineY(curve.points, {
      x: 'step',
      y: 'mean',
      stroke: colour,
      strokeWidth: 1.8,
      strokeDasharray: dash,
      className,
    }),
    Plot.dot(curve.points.slice(-1), { x: 'step', y: 'mean', fill: colour, symbol, r: 3.5, className }),
  ];
}

function referenceMarks({ agent, score }: ReferenceScore): Plot.Markish[] {
  const label = `${shortName(agent)} ${readable(score)}`;
  return [
    Plot.ruleY([score], { stroke: 'var(--faint)', strokeDasharray: '4,3' }),
    Plot.text([label], {
      y: () => score,
      frameAnchor: 'right',
      textAnchor: 'end',
      dy: -6,
      fontSize: 10,
      stroke: 'var(--page)',
      strokeWidth: 3,
      fill: 'currentColor',
    }),
  ];
}
