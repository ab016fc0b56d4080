/** Whether a backend can run on this machine, asked before an agent is made with it. */
import { openNative } from './codegen/avx512/memory.ts';
import { openRuntime } from './onnx/runtime.ts';
import type { BackendName } from './types.ts';

/** @throws BackendUnavailableError with what is missing */
export async function checkBackend(name: BackendName): Promise<void> {
  if (name === 'native') openNative();
  if (name === 'onnx') await openRuntime();
}
