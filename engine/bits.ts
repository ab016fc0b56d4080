import type { BackendName } from './types.ts';

/**
 * Families of bits: within one, the same inputs give the same bits on every machine where the backend runs. A number
 * goes up when results of an unchanged agent change (CONTRIBUTING.md). Backends without one round as the machine does.
 */
export const families: Readonly<Partial<Record<BackendName, string>>> = {
  native: 'native-1',
  wasm: 'wasm-1',
};
