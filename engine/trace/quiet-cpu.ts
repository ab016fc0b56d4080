/** TensorFlow.js's JavaScript backend with our kernels, without the advertisement it prints on first use. */
import '@tensorflow/tfjs-backend-cpu';
import { findBackend, type KernelBackend } from '@tensorflow/tfjs-core';
import { replaceCpuKernels } from './cpu-kernels.ts';

export function quietCpu(): KernelBackend {
  const cpu = findBackend('cpu') as (KernelBackend & { firstUse: boolean }) | null;
  if (cpu === null) throw new Error("TensorFlow.js's 'cpu' backend is not there");
  cpu.firstUse = false;
  replaceCpuKernels();
  return cpu;
}
