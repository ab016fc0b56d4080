/** What scripts give `compare` and `train`: checked before anything is removed or written, as what is typed is. */
import { z } from 'zod';
import { checkSettings, type Settings } from '../plan/settings.ts';
import { limits } from '../run/job.ts';
import { intervalMethods } from '../statistics/index.ts';
import { UserError } from '../text/errors.ts';
import { present } from '../text/present.ts';

const expecting = (expected: string, holds: (value: unknown) => boolean) =>
  z.custom(holds, { error: `expected ${expected}` }).optional();

const isCount = (value: unknown, maximum: number) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= maximum;
const isRange = (value: unknown) =>
  Array.isArray(value) && value.length === 2 && value.every(Number.isFinite) && value[0] < value[1];
const isSignal = (value: unknown) => typeof (value as AbortSignal | null)?.addEventListener === 'function';

const flag = expecting('true or false', (value) => typeof value === 'boolean');
const text = expecting('a text', (value) => typeof value === 'string');
const call = expecting('a function', (value) => typeof value === 'function');
const seconds = expecting(
  'a positive number of seconds',
  (value) => typeof value === 'number' && value > 0 && value <= limits.seconds,
);
const range = expecting('two numbers [low, high] with low below high', isRange);

/** All but the settings that a `--config` file has too. */
const othersSchema = z.object({
  out: z.string({ error: 'expected a name under results/, or a path' }),
  ...{ resume: flag, extend: flag, force: flag, acceptChanges: flag },
  ...{ checkpointSeconds: seconds, stallSeconds: seconds },
  ...{ onEvent: call, note: call, signal: expecting('an AbortSignal', isSignal) },
  workers: expecting("'auto' or a whole number from 1 to 256", (v) => v === 'auto' || isCount(v, 256)),
  interval: expecting(`one of ${intervalMethods.join(', ')}`, (v) =>
    intervalMethods.some((one) => one === v),
  ),
  resamples: expecting('a whole number from 1 to 1e9', (v) => isCount(v, 1e9)),
  scoreRange: range,
  taskRanges: z.record(z.string(), range, { error: 'expected a range for each task by its name' }).optional(),
  ...{ shard: text, against: text, title: text },
});

/**
 * The settings among the options.
 * @param where what the message begins with
 * @throws UserError for the first value that cannot be, in one line
 */
export function checkOptions(
  where: string,
  options: Readonly<Partial<Record<keyof Settings, unknown>>>,
): Settings {
  const parsed = othersSchema.safeParse(options);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    const value = path.reduce<unknown>((part, key) => (part as Record<PropertyKey, unknown>)[key], options);
    throw new UserError(`${where}: ${path.map(String).join('.')}: ${message}, found ${shown(value)}`);
  }
  const { agents, tasks, seeds, steps, preset, set, sweep, backend, threads } = options;
  const { evaluateEvery, evaluationEpisodes, evaluationStarts, logEvery } = options;
  const asked = {
    ...{ agents, tasks, seeds, steps, preset, set, sweep, backend, threads },
    ...{ evaluateEvery, evaluationEpisodes, evaluationStarts, logEvery },
  };
  return checkSettings(present(asked), where);
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  return value instanceof Object ? `${typeof value}` : String(value);
}
