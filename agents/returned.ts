/** What an agent's methods must return: one rule for the conformance suite and for runs. */

/** What was returned and what should have been, after `act()` or another method's name. */
export interface ReturnFault {
  readonly found: string;
  readonly expected: string;
}

/** Names of agents become folders and CSV fields. */
export const AGENT_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

/** Actions may leave [-1, 1] by float32 rounding alone. */
const ROUNDING = 1e-6;

/** What is wrong with what act() returned; rounding beyond [-1, 1] is put right. @param size of an action */
export function actionsFault(actions: unknown, count: number, size: number): ReturnFault | undefined {
  if (!(actions instanceof Float32Array)) {
    return { found: `returned ${describeValue(actions)}`, expected: 'a Float32Array' };
  }
  const expected = count * size;
  if (actions.length !== expected) {
    return {
      found: `returned ${actions.length} numbers for ${count} observation(s)`,
      expected: `${expected} (count × action size ${size})`,
    };
  }
  for (let i = 0; i < expected; i++) {
    const value = actions[i];
    if (value >= -1 && value <= 1) continue;
    if (value > 1 && value <= 1 + ROUNDING) actions[i] = 1;
    else if (value < -1 && value >= -1 - ROUNDING) actions[i] = -1;
    else {
      const kind = Number.isFinite(value) ? 'an action outside its bounds' : 'a non-finite action';
      return { found: `returned ${kind}: ${value} at index ${i}`, expected: 'finite numbers in [-1, 1]' };
    }
  }
  return undefined;
}

/** The keys of training.csv, whose columns metrics become, and the one name that no object can have as a key of its own. */
const NO_METRICS = ['task', 'agent', 'seed', 'step', '__proto__'];

/** What is wrong with what update() returned. */
export function metricsFault(metrics: unknown): ReturnFault | undefined {
  if (metrics === null || typeof metrics !== 'object') {
    return { found: `returned ${describeValue(metrics)}`, expected: 'an object of named numbers' };
  }
  for (const name of Object.keys(metrics)) {
    if (NO_METRICS.includes(name))
      return { found: `returned a metric called '${name}'`, expected: 'another name for it' };
    const value: unknown = (metrics as Record<string, unknown>)[name];
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      return {
        found: `returned the metric '${name}' = ${describeValue(value)}`,
        expected: 'a finite number',
      };
    }
  }
  return undefined;
}

/** What is wrong with what save() returned. */
export function snapshotFault(snapshot: unknown): ReturnFault | undefined {
  const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
  const { arrays, values } = (snapshot ?? {}) as { arrays?: unknown; values?: unknown };
  if (!isObject(arrays) || !isObject(values)) {
    return { found: `returned ${describeValue(snapshot)}`, expected: 'an object { arrays, values }' };
  }
  for (const [name, array] of Object.entries(arrays)) {
    const { data, shape } = array ?? {};
    const known = data instanceof Float32Array || data instanceof Int32Array || data instanceof Uint8Array;
    if (!known || !Array.isArray(shape) || shape.reduce((a, b) => a * b, 1) !== data.length) {
      const kind = ArrayBuffer.isView(data) && !known ? ` with ${describeValue(data)}` : '';
      return {
        found: `returned the array '${name}' as ${describeValue(array)}${kind}`,
        expected: '{ data: Float32Array | Int32Array | Uint8Array, shape } with matching sizes',
      };
    }
  }
  const odd = notJson(values, 'values', []);
  if (odd === undefined) return undefined;
  return { found: `returned ${odd}`, expected: 'plain JSON: finite numbers, strings, lists, objects' };
}

/** The first value that JSON does not give back, with its path; a key without a value may be left out. */
function notJson(value: unknown, path: string, within: readonly unknown[]): string | undefined {
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean')
    return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${path} = ${value}`;
  if (typeof value !== 'object') return `${path} = ${describeValue(value)}`;
  if (within.includes(value)) return `${path}, which holds itself`;
  const inside = [...within, value];
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const odd = notJson(value[i], `${path}[${i}]`, inside);
      if (odd !== undefined) return odd;
    }
    return undefined;
  }
  if (Object.prototype.toString.call(value) !== '[object Object]') return `${path} = ${describeValue(value)}`;
  for (const [key, item] of Object.entries(value)) {
    const odd = notJson(item, `${path}.${key}`, inside);
    if (odd !== undefined) return odd;
  }
  return undefined;
}

/** A value in a few words, also a hostile one. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value === 'function') return 'a function';
  const name = Object.prototype.toString.call(value).slice(8, -1);
  return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
}
