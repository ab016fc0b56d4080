/** Charts of lines as data: what is drawn here, and again in the reader's browser. */

/** What an axis measures. */
export interface ChartAxis {
  readonly label: string;
  /** How its numbers are written. */
  readonly unit: 'steps' | 'seconds' | 'return' | 'share' | 'score' | 'metric';
  /** Its ends; those of the data if it has none. */
  readonly domain?: readonly [low: number, high: number];
  /** What the data reach, where not all of them are kept. */
  readonly range?: readonly [low: number, high: number];
}

/** The line of one agent: columns of equal length, ascending in `x`. */
export interface ChartLine {
  /** The agent's place among the series of the page. */
  readonly series: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Ends of the 95 % interval; empty without any, null where there is none. */
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
  /** Seconds since the runs began, their mean at each point; absent where not all of them tell. */
  readonly seconds?: readonly number[];
  /** The value of each run at each point, run by run. */
  readonly each?: readonly (readonly number[])[];
  /** Runs that every point is made from. */
  readonly runs: number;
}

/** A published score that is drawn as a line across. */
export interface ChartReference {
  readonly label: string;
  readonly value: number;
}

export interface Chart {
  /** The name of its file, without ending. */
  readonly name: string;
  readonly title: string;
  /** What there is to see, for those who cannot. */
  readonly description: string;
  readonly note?: string;
  readonly x: ChartAxis;
  readonly y: ChartAxis;
  readonly lines: readonly ChartLine[];
  readonly references?: readonly ChartReference[];
  /** Lines are steps that hold until the next point. */
  readonly stepped?: boolean;
}

/** From so many lines on, each has a panel of its own. */
export const MANY_LINES = 9;

/**
 * The range of lines and runs; bands count as far as a quarter of it beyond either end, since those of few runs are so
 * wide that they would flatten the lines. They are cut at the frame.
 */
export function yDomain(
  { lines, references = [], y }: Chart,
  logarithmic: boolean,
): readonly [number, number] {
  if (y.domain !== undefined) return y.domain;
  if (y.range !== undefined && !logarithmic) return y.range;
  const values = [
    ...lines.flatMap((line) => [...line.y, ...(line.each ?? []).flat()]),
    ...references.map(({ value }) => value),
  ].filter((value) => Number.isFinite(value) && (!logarithmic || value > 0));
  if (values.length === 0) return [0, 1];
  const [low, high] = extent(values);
  if (logarithmic) return [low, high];
  const reach = (high - low) / 4;
  const bands = lines.flatMap((line) => [...line.low, ...line.high]).filter((end) => end !== null);
  const least = Math.min(low, Math.max(low - reach, Math.min(low, ...bands)));
  const most = Math.max(high, Math.min(high + reach, Math.max(high, ...bands)));
  if (y.unit === 'metric') return least < most ? [least, most] : [least - 1, most + 1];
  return [Math.min(0, least), Math.max(most, Number.MIN_VALUE)];
}

/** The least and the greatest; 0 and 1 of nothing. */
export function extent(values: readonly number[]): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}

/** Five significant digits: more than a picture shows. */
const short = (value: number | null): number | null =>
  value === null || !Number.isFinite(value) ? null : Number(value.toPrecision(5));

/** The chart as it is kept in the page, with shorter numbers. @param seeds whether with the line of every run */
export function shortened(chart: Chart, seeds: boolean): Chart {
  const numbers = (column: readonly (number | null)[]) => column.map(short) as number[];
  return {
    ...chart,
    y: { ...chart.y, range: yDomain(chart, false) },
    lines: chart.lines.map(({ seconds, each, ...line }) => ({
      ...line,
      x: line.x.map((x) => Number(x.toPrecision(8))),
      y: numbers(line.y),
      low: numbers(line.low),
      high: numbers(line.high),
      ...(seconds && { seconds: numbers(seconds) }),
      ...(seeds && each && { each: each.map(numbers) }),
    })),
  };
}
