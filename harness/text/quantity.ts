/** Counts and durations as people write them: `30k`, `1.5M`, `2 min`. */
import { UserError } from './errors.ts';

const suffixes: Record<string, number> = { '': 1, k: 1e3, m: 1e6, g: 1e9 };

/**
 * Parses a whole number such as `300`, `30k`, `1.5M` or `1e5`.
 * @param what how the message names the option, for example `--steps`
 * @throws UserError unless minimum ≤ value ≤ maximum
 */
export function parseCount(text: string | number, what: string, minimum = 1, maximum = 1e10): number {
  const match = /^([+-]?\d+(?:_\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?)\s*([kmg]?)$/i.exec(String(text).trim());
  const value = match ? Number(match[1].replaceAll('_', '')) * suffixes[match[2].toLowerCase()] : Number.NaN;
  const rounded = Math.round(value);
  if (!Number.isFinite(value) || Math.abs(value - rounded) > 1e-6) {
    throw new UserError(`${what} must be a whole number such as 300, 30k or 1.5M, found '${text}'`);
  }
  if (rounded < minimum || rounded > maximum) {
    const most = maximum > LARGEST_SHORT ? String(maximum) : formatCount(maximum);
    throw new UserError(`${what} must lie between ${minimum} and ${most}, found ${text}`);
  }
  return rounded;
}

/** @throws UserError unless it is a number above 0, at most the maximum */
export function parseSeconds(value: string | number, what: string, maximum: number): number {
  const parsed = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN;
  if (parsed > 0 && parsed <= maximum) return parsed;
  throw new UserError(`${what} must be a positive number of seconds, found '${value}'`);
}

/** Larger limits are none that people mean: 2^53 - 1 say. */
const LARGEST_SHORT = 1e12;

/** 30000 → `30k`, 1500000 → `1.5M`; numbers that would lose digits stay as they are. */
export function formatCount(value: number): string {
  for (const [suffix, size] of [
    ['G', 1e9],
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (value >= size && Number.isInteger((value / size) * 100)) return `${value / size}${suffix}`;
  }
  return String(value);
}

/** Seconds in the largest units that matter: `42 s`, `3 min 20 s`, `2 h 05 min`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '-';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
