/** Loops of kernels that work along axes: over the other axes, and over those that are reduced. */
import type { ArgExtremumKernel, ReductionKernel, ScanKernel, TopKernel } from './kernels.ts';
import { type Access, type Nest, simplify } from './nests.ts';
import type { PlaceOf } from './places.ts';
import type { Target } from './target.ts';
import type { View } from './views.ts';

const without = <T>(list: readonly T[], axis: number): T[] => list.filter((_, i) => i !== axis);

const accessOf = ({ storage, offset }: View, placeOf: PlaceOf, strides: readonly number[]): Access => ({
  place: placeOf(storage, offset),
  strides,
});

/** Over the axes other than the kernel's: the source, then the result. */
export function acrossAxis({ source, result, axis }: ScanKernel | ArgExtremumKernel, placeOf: PlaceOf): Nest {
  return {
    sizes: without(source.shape, axis),
    accesses: [
      accessOf(source, placeOf, without(source.strides, axis)),
      { ...accessOf(result, placeOf, without(result.strides, axis)), store: true },
    ],
  };
}

/** Over the axes before the last: the source, values and indices. */
export function acrossRows({ source, result }: TopKernel, placeOf: PlaceOf): Nest {
  const rows = result.strides.slice(1, -1);
  const indices = { ...result, offset: result.offset + result.strides[0] };
  return {
    sizes: source.shape.slice(0, -1),
    accesses: [
      accessOf(source, placeOf, source.strides.slice(0, -1)),
      { ...accessOf(result, placeOf, rows), store: true },
      { ...accessOf(indices, placeOf, rows), store: true },
    ],
  };
}

/** An axis that is reduced. */
export interface ReducedAxis {
  readonly size: number;
  readonly stride: number;
}

interface ReductionLoops {
  /** Over the axes that stay: the source, then the result. */
  readonly nest: Nest;
  /** Axes that go, merged, the one with stride 1 innermost. */
  readonly axes: readonly ReducedAxis[];
  /** Whether vectors lie along the innermost axis that goes. */
  readonly along: boolean;
  /** Whether vectors are neighbouring places of the result. */
  readonly across: boolean;
}

/** @param reduced the axes that go, in the order in which they are combined */
export function reductionLoops(
  { source, result }: ReductionKernel,
  reduced: readonly number[],
  placeOf: PlaceOf,
  { shortestVector }: Target,
): ReductionLoops {
  const kept = [...source.shape.keys()].filter((axis) => !reduced.includes(axis));
  const [from, to] = [source, result].map((view) =>
    accessOf(
      view,
      placeOf,
      kept.map((axis) => view.strides[axis]),
    ),
  );
  const nest = { sizes: kept.map((axis) => source.shape[axis]), accesses: [from, { ...to, store: true }] };
  const merged = simplify({
    sizes: reduced.map((axis) => source.shape[axis]),
    accesses: [{ place: from.place, strides: reduced.map((axis) => source.strides[axis]) }],
  });
  const axes = merged.sizes.map((size, i) => ({ size, stride: merged.accesses[0].strides[i] }));
  const inner = axes[axes.length - 1];
  const along = inner !== undefined && inner.stride === 1 && inner.size >= shortestVector;
  const lanes = simplify(nest);
  const last = lanes.sizes.length - 1;
  const across = last >= 0 && !along && lanes.accesses.every(({ strides }) => strides[last] === 1);
  return { nest, axes, along, across };
}
