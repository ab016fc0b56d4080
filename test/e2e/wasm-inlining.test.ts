import { afterEach, describe, expect, it, vi } from 'vitest';
import { harness, workplace } from './support/command.ts';

describe('inlining of WebAssembly functions', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each(['humanoid-walk', 'swimmer-swimmer15', 'quadruped-fetch'])('changes no bit of %s', async (task) => {
    const trace = (inlining: string) => {
      vi.stubEnv('RFM_HARNESS_WASM_INLINING', inlining);
      return harness(
        workplace(),
        'trace',
        '--task',
        task,
        '--seed',
        '5',
        '--steps',
        '300',
        '--format',
        'json',
      );
    };
    const plain = await trace('0');
    const inlined = await trace('1');
    expect(plain.code, plain.stderr).toBe(0);
    expect(JSON.parse(plain.stdout)).toMatchObject({ task });
    expect(inlined.stdout === plain.stdout).toBe(true);
  });
});
