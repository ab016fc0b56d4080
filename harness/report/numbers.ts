/** Numbers as a reader wants them; the CSVs have them in full. */

const MINUS = '−';

/** One decimal from 100 on, two from 10 on, else three: 734.2, 12.34, 0.734. */
export function readable(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  const digits = size >= 100 ? 1 : size >= 10 ? 2 : 3;
  return signed(value.toFixed(digits));
}

/** A normalised score or a share: three decimals. */
export const share = (value: number): string => (Number.isFinite(value) ? signed(value.toFixed(3)) : '–');

/** `[low, high]` with one kind of number; a dash where there is no interval. */
export function interval(
  low: number | undefined,
  high: number | undefined,
  format: (value: number) => string = readable,
): string {
  if (low === undefined || high === undefined || !(low <= high)) return '–';
  return `[${format(low)}, ${format(high)}]`;
}

/** Steps: 500, 20k, 1.5M. */
export function compact(count: number): string {
  if (Math.abs(count) >= 1e6) return `${trim(count / 1e6)}M`;
  if (Math.abs(count) >= 1e3) return `${trim(count / 1e3)}k`;
  return trim(count);
}

/** Whole numbers with groups of three, and what stands before a decimal point: 100 000 with thin spaces. */
export const grouped = (number: number): string =>
  signed(String(number)).replace(/\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, '\u202f'));

/** Seconds as 45 s, 12 min, 3 h 20 min. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

const trim = (value: number): string => String(Number(value.toPrecision(3)));
const signed = (text: string): string =>
  Number(text) === 0 ? text.replace('-', '') : text.replace('-', MINUS);
