/** The learning curves of all agents on one task. */
import type { Chart, ChartLine } from './chart.ts';
import type { Curve, CurvePoint, ReferenceScore } from './curves.ts';
import { shortName } from './html.ts';
import { compact, readable } from './numbers.ts';
import type { Series } from './series.ts';

/** One agent's curve with its looks. */
export interface SeriesCurve {
  readonly series: Series;
  readonly curve: Curve;
}

/** @param name of its file */
export function learningCurveChart(
  task: string,
  curves: readonly SeriesCurve[],
  references: readonly ReferenceScore[],
  name: string,
): Chart {
  const last = curves.flatMap(({ series, curve }) => {
    const end = curve.points.at(-1);
    return end === undefined ? [] : [`${series.label} ${readable(end.mean)} at step ${compact(end.step)}`];
  });
  return {
    name,
    title: `Learning curves on ${shortName(task, 32)}`,
    description: `Mean evaluation return against environment steps, with 95 % bands. Last evaluations: ${last.join('; ')}.`,
    note: fileNote(curves.map(({ curve }) => curve)),
    x: { label: 'environment steps', unit: 'steps' },
    y: { label: 'evaluation return', unit: 'return' },
    lines: curves.map(({ series, curve }) => chartLine(series, curve)),
    references: references.map(({ agent, score }) => ({
      label: `${shortName(agent)} ${readable(score)}`,
      value: score,
    })),
  };
}

/** A curve as columns. */
export function chartLine({ index }: Series, { points, runs }: Curve): ChartLine {
  const column = <Value>(of: (point: CurvePoint) => Value) => points.map(of);
  const seconds = points.flatMap((point) => point.seconds ?? []);
  return {
    series: index,
    x: column(({ step }) => step),
    y: column(({ mean }) => mean),
    low: column(({ low = null }) => low),
    high: column(({ high = null }) => high),
    ...(seconds.length === points.length && { seconds }),
    each: Array.from({ length: runs }, (_, run) => column(({ each }) => each[run])),
    runs,
  };
}

function fileNote(curves: readonly Curve[]): string | undefined {
  if (curves.some((curve) => curve.interpolated))
    return 'Runs evaluated at different steps are interpolated.';
  if (curves.some((curve) => curve.cut)) return 'Curves cover the steps that all their runs have in common.';
  return undefined;
}
