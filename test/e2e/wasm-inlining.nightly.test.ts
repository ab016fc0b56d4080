import { expect, it } from 'vitest';
import { expectSameTrace } from './support/inlining.ts';

it.each(['swimmer-swimmer15', 'quadruped-fetch'])(
  'inlining of WebAssembly functions changes no bit of %s',
  async (task) => {
    expect.hasAssertions();
    await expectSameTrace(task);
  },
);
