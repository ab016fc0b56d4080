/** Alone in its process, since another engine there is what other tests must not have. */
import { expect, it } from 'vitest';
import { openNative } from '../../../../engine/codegen/x86/memory.ts';
import { absent, title } from '../support.ts';

it.skipIf(absent !== undefined)(
  title('a second copy of the engine in one process has machine code too'),
  async () => {
    openNative();
    const memory = '../../../../engine/codegen/x86/memory.ts';
    const copy = (await import(
      `${memory}?second`
    )) as typeof import('../../../../engine/codegen/x86/memory.ts');
    expect(copy.openNative).not.toBe(openNative);
    expect(copy.whyUnavailable()).toBeUndefined();
  },
);
