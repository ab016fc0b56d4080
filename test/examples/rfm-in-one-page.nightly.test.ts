import { afterAll, expect, it } from 'vitest';
import { engine, expectEqual } from './one-page.ts';

afterAll(() => engine.dispose());

it('rfm-in-one-page equals rfm-flow to the bit at laptop', async () => {
  expect.hasAssertions();
  await expectEqual('laptop', 5);
});
