/** A traced function as steps with their memory: what a code generator starts from. */
import type { TracedFunction } from '../trace/trace.ts';
import { fuse, type ProgramStep } from './fusion.ts';
import { lower } from './lowering.ts';
import { planMemory } from './memory-plan.ts';
import { FLOAT_BYTES, type PlaceOf } from './places.ts';
import type { Target } from './target.ts';

export interface Plan {
  readonly steps: readonly ProgramStep[];
  /** Arrays of the caller: inputs, then outputs. */
  readonly slots: number;
  /** Memory of all tensors that are not the caller's. */
  readonly bytes: number;
  /** Where tensors are if their memory begins at an address. */
  placesFrom(address: number): PlaceOf;
  /** Numbers that the memory holds before the first run, and their bytes from its beginning. */
  readonly constants: readonly {
    readonly at: number;
    readonly data: Float32Array | Int32Array | Uint32Array;
  }[];
}

export function planProgram(traced: TracedFunction, target: Target): Plan {
  const { kernels, storages } = lower(traced, target);
  const steps = fuse(kernels, (storage) => storage.slot !== undefined, target);
  const { offsets, bytes } = planMemory(steps, storages);
  return {
    steps,
    slots: traced.inputs.length + traced.outputs.length,
    bytes,
    placesFrom:
      (address) =>
      ({ slot, id }, offset) => {
        if (slot !== undefined) return { slot, offset: FLOAT_BYTES * offset };
        const at = offsets.get(id);
        if (at === undefined) throw new RangeError('a tensor without memory');
        return { offset: address + at + FLOAT_BYTES * offset };
      },
    constants: storages.flatMap(({ id, constant }) => {
      const at = offsets.get(id);
      return constant === undefined || at === undefined ? [] : [{ at, data: constant }];
    }),
  };
}
