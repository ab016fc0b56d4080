import { expect, test } from 'vitest';
import { messageOf, printable, printableLine } from '../../../harness/text/printable.ts';

test('control characters are shown, not obeyed; line ends and tabs stay', () => {
  expect(printable('a\u001b[2Jb\u0007\tc\r\nd\u009b\u007f é λ')).toBe(
    'a\\x1b[2Jb\\x07\tc\\x0d\nd\\x9b\\x7f é λ',
  );
  expect(printableLine('  one\r\n  two\n\nthree ')).toBe('one two three');
});

test('a line ends where it grows too long', () => {
  const line = printableLine('\u0007x'.repeat(50_000));
  expect(line.length).toBeLessThan(2100);
  expect(line).toMatch(/^(\\x07x)+.*… \(100000 characters in all\)$/);
  expect(printableLine('y'.repeat(2000))).toHaveLength(2000);
  const titled = `agent 'x' (/home/x.ts): update() threw: ${printableLine('z'.repeat(100_000))}`;
  expect(printableLine(titled)).toBe(titled); // cut once
});

test('whatever is thrown has words', () => {
  const trap = new Proxy({}, { get: () => expect.fail('looked at') });
  const thrown = [new Error('no'), 'text', undefined, Symbol('s'), Object.create(null), trap];
  expect(thrown.map(messageOf)).toEqual([
    'no',
    'text',
    'undefined',
    'Symbol(s)',
    'something that cannot be printed',
    'something that cannot be printed',
  ]);
});
