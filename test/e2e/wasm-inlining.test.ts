import { expect, it } from 'vitest';
import { expectSameTrace } from './support/inlining.ts';

// Two more tasks are in wasm-inlining.nightly.test.ts.
it('inlining of WebAssembly functions changes no bit of humanoid-walk', async () => {
  expect.hasAssertions();
  await expectSameTrace('humanoid-walk');
});
