/** Compares a compiled model with its recorded table, number by number. */
import type { Value } from './compiled-table.ts';

/** Where the tables say how they were made, not what the model contains. */
const PROVENANCE = ['note', 'domain', 'tasks', 'mujoco', 'dm_control'];

/** The tables have ten significant digits; below this, a number is rounding of an exact zero. */
const ZERO = 1e-15;
const RELATIVE = 1e-6;

/**
 * Every difference between a compiled model and its recorded table, one line each: `path: found ≠ expected`.
 * Numbers agree within a relative 1e-6; everything else must be identical; nothing may be extra or missing.
 */
export function tableDifferences(actual: Record<string, Value>, recorded: Record<string, Value>): string[] {
  const expected = Object.fromEntries(Object.entries(recorded).filter(([key]) => !PROVENANCE.includes(key)));
  const lines: string[] = [];
  compare(actual, expected, '', lines);
  return lines;
}

function compare(
  actual: Value | undefined,
  expected: Value | undefined,
  path: string,
  lines: string[],
): void {
  if (isRows(actual) && isRows(expected)) {
    compareRows(actual, expected, path, lines);
  } else if (isRecord(actual) && isRecord(expected)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      compare(actual[key], expected[key], path === '' ? key : `${path}.${key}`, lines);
    }
  } else if (!equal(actual, expected)) {
    lines.push(`${path}: ${JSON.stringify(actual)} ≠ ${JSON.stringify(expected)}`);
  }
}

/** Rows are matched by their place; a row is called by its name, so that a shifted table reads clearly. */
function compareRows(
  actual: Record<string, Value>[],
  expected: Record<string, Value>[],
  path: string,
  lines: string[],
): void {
  for (let i = 0; i < Math.max(actual.length, expected.length); i++) {
    const label = `${path}[${i} ${String(expected[i]?.name ?? actual[i]?.name ?? '')}]`;
    if (actual[i] === undefined) lines.push(`${label}: missing`);
    else if (expected[i] === undefined) lines.push(`${label}: not in the table`);
    else compare(actual[i], expected[i], label, lines);
  }
}

function equal(actual: Value | undefined, expected: Value | undefined): boolean {
  if (Array.isArray(actual) && Array.isArray(expected)) {
    return actual.length === expected.length && actual.every((value, i) => equal(value, expected[i]));
  }
  if (typeof actual === 'number' && typeof expected === 'number') {
    return Math.abs(actual - expected) <= Math.max(ZERO, RELATIVE * Math.abs(expected));
  }
  return actual === expected;
}

function isRecord(value: Value | undefined): value is Record<string, Value> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRows(value: Value | undefined): value is Record<string, Value>[] {
  return Array.isArray(value) && value.every(isRecord);
}
