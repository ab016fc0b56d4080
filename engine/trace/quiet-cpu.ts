/** TensorFlow.js's JavaScript backend without the advertisement it prints on first use. */
import '@tensorflow/tfjs-backend-cpu';
import { findBackend, type KernelBackend } from '@tensorflow/tfjs-core';

export function quietCpu(): KernelBackend {
  const cpu = findBackend('cpu') as (KernelBackend & { firstUse: boolean }) | null;
  if (cpu === null) throw new Error("TensorFlow.js's 'cpu' backend is not there");
  cpu.firstUse = false;
  return cpu;
}
