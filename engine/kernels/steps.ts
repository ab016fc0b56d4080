/** What the steps of a program do, and which of them threads share. */

import { sizeOf } from '../trace/shapes.ts';
import type { ProgramStep } from './fusion.ts';
import type { Group } from './groups.ts';
import type { Kernel } from './kernels.ts';

/** Work below this stays on one thread: handing it out costs more. */
const SHARED_ELEMENTS = 8192;
const SHARED_FLOPS = 1e6;

/** What a step does, with its sizes. */
export function labelOf({ kernels, group }: ProgramStep): string {
  const [first] = kernels;
  if (group !== undefined) {
    const operations = group.operations.map(({ operation }) => operation);
    return `element ${operations.join('+')} [${group.sizes}]`;
  }
  if (first.kind === 'product') {
    const [{ a, b, c }] = first.products;
    return `product ${first.products.length} × [${a.shape}] (${a.strides}) [${b.shape}] (${b.strides}) -> (${c.strides})`;
  }
  if (first.kind === 'call') return `call ${first.symbol} [${first.result.shape}]`;
  if (first.kind === 'reduction') {
    return `reduction ${first.combination} [${first.source.shape}] over ${first.axes}`;
  }
  return `${first.kind} [${first.result.shape}]`;
}

/** Whether threads share a step. */
export function isShared({ kernels, group }: ProgramStep): boolean {
  if (group !== undefined) {
    return sizeOf(group.sizes) * Math.max(1, group.operations.length / 4) >= SHARED_ELEMENTS;
  }
  const [kernel] = kernels;
  if (kernel.kind === 'product') {
    return (
      kernel.products.reduce((sum, { a, c }) => sum + 2 * sizeOf(c.shape) * a.shape[1], 0) >= SHARED_FLOPS
    );
  }
  if (kernel.kind === 'batch')
    return 2 * sizeOf(kernel.result.shape) * kernel.a.shape[kernel.a.shape.length - 1] >= SHARED_FLOPS;
  return (
    kernel.kind === 'reduction' &&
    sizeOf(kernel.result.shape) > 1 &&
    sizeOf(kernel.source.shape) >= SHARED_ELEMENTS
  );
}

/** What writes the code of each kind of kernel; element-wise ones are in groups. */
export type KernelEmitters = {
  readonly [Kind in Exclude<Kernel['kind'], 'element'>]: (kernel: Extract<Kernel, { kind: Kind }>) => void;
} & { readonly group: (group: Group) => void };

/** Writes a step's code. */
export function emitStep({ group, kernels: [kernel] }: ProgramStep, emitters: KernelEmitters): void {
  if (group !== undefined) emitters.group(group);
  else if (kernel.kind === 'element') throw new RangeError('an element-wise kernel without a group');
  else (emitters[kernel.kind] as (kernel: Kernel) => void)(kernel);
}
