import { expect, it } from 'vitest';
import { placeOf } from '../../../harness/text/place.ts';

const stackOf = (...frames: string[]) => ({
  stack: ['Error: no', ...frames.map((at) => `    at ${at}`)].join('\n'),
});

it('finds the first line of a user in a stack', () => {
  const error = stackOf(
    'node:internal/process/task_queues:95:5',
    'check (/home/me/lab/node_modules/zod/index.js:3:7)',
    'Agent.update (/home/me/lab/mine.ts:41:13)',
    'async /home/me/lab/other.ts:2:1',
  );
  expect(placeOf(error)).toBe(' (mine.ts:41)');
  expect(placeOf(error, '/home/me/lab/mine.ts')).toBe(' (line 41)');
  expect(placeOf(stackOf('async file:///home/me/other.mjs:2:1'))).toBe(' (other.mjs:2)');
});

it('passes over its own frames, and values that are no errors', () => {
  const own = new URL('../../../harness/run/loop.ts', import.meta.url).href;
  expect(placeOf(stackOf(`run (${own}:3:7)`))).toBe('');
  for (const value of [undefined, null, 'no', {}, { stack: 3 }]) expect(placeOf(value)).toBe('');
  const hostile = {
    get stack() {
      throw new Error('not yours');
    },
  };
  expect(placeOf(hostile)).toBe('');
});
