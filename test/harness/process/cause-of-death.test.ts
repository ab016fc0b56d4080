import { describe, expect, it } from 'vitest';
import { causeOfDeath } from '../../../harness/process/cause-of-death.ts';

describe('why a process ended', () => {
  it.each([
    [
      'SIGSEGV',
      '',
      'its process crashed (SIGSEGV); if it does again, --backend wasm computes with other code',
    ],
    ['SIGILL', '', 'its process crashed (SIGILL); if it does again, --backend wasm computes with other code'],
    ['SIGKILL', '', 'its process was killed (SIGKILL; perhaps the machine ran out of memory)'],
    ['SIGABRT', '', 'its process was ended by SIGABRT'],
    [
      'SIGABRT',
      'FATAL ERROR: Reached heap limit: JavaScript heap out of memory',
      'its process ran out of memory',
    ],
  ] as const)('%s after %j', (signal, log, cause) => {
    expect(causeOfDeath(null, signal, log)).toBe(cause);
  });

  it('by itself', () => {
    expect(causeOfDeath(3, null, '')).toBe('its process ended by itself with exit code 3');
  });
});
