/** Every option of the RFM agents, alone on top of the smoke preset and on every schedule. */
import { afterAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../engine/index.ts';
import { agents, expectUsable } from './options.ts';

const engine = createEngine({ backend: 'wasm' });
afterAll(() => engine.dispose());

describe.each(agents)('%s', (_, factory, cases) => {
  it.each(cases.map((options) => [JSON.stringify(options), options] as const))('%s', async (__, options) => {
    expect.hasAssertions();
    await expectUsable(factory, options, engine);
  });
});
