/** The backend that is used where none is named. */

import type { BackendName } from './backends/records.ts';
import { whyUnavailable } from './codegen/x86/memory.ts';

/** `native` where this machine runs it (Linux on x86-64 with AVX2), else `wasm`. */
export function defaultBackend(): BackendName {
  return whyUnavailable() === undefined ? 'native' : 'wasm';
}
