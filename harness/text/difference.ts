/** Where two records of settings differ, as a sentence. */

/** The first setting in which two values differ, as `agents.0.config.eta`; undefined if they are the same. */
export function firstDifference(a: unknown, b: unknown, path = ''): string | undefined {
  if (Object.is(a, b)) return undefined;
  const composite = (value: unknown): value is Record<string, unknown> =>
    value !== null && typeof value === 'object';
  if (!composite(a) || !composite(b)) return path || 'the settings';
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const difference = firstDifference(a[key], b[key], path === '' ? key : `${path}.${key}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/**
 * The first difference as JSON would have it, with both values if they are short: `'steps' differs (300 there,
 * 600 asked)`. Undefined if there is none.
 */
export function describeDifference(there: unknown, asked: unknown): string | undefined {
  const [before, now] = [there, asked].map((value): unknown => JSON.parse(JSON.stringify(value)));
  const path = firstDifference(before, now);
  if (path === undefined) return undefined;
  const [a, b] = [before, now].map((value) => valueAt(value, path));
  const isShort = (value: unknown) =>
    typeof value === 'number' || (typeof value === 'string' && value.length <= 40);
  return `'${path}' differs${isShort(a) && isShort(b) ? ` (${a} there, ${b} asked)` : ''}`;
}

function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], value);
}
