/** A value of a user's in a few words, for messages. */
export function named(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value === 'function') return 'a function';
  const name = Object.prototype.toString.call(value).slice(8, -1);
  return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
}
