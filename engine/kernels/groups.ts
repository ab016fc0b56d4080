/** Element-wise operations on one shape that one loop computes, their results in registers. */
import type { Access } from './nests.ts';
import type { Place, PlaceOf } from './places.ts';
import type { Storage, View } from './views.ts';

export type Kind = 'float32' | 'int32' | 'bool' | 'int64';

/** Parameters of an operation beside its operands. */
export type Parameters = Readonly<Record<string, number>>;

/** What an operation reads: another one's result in the group, a tensor spread to the shape, or a number. */
export type GroupOperand = { readonly inner: number } | { readonly view: View } | { readonly bits: number };

export interface GroupOperation {
  readonly operation: string;
  /** Of the operands; of the second for Where. */
  readonly type: Kind;
  readonly resultType: Kind;
  readonly parameters: Parameters;
  readonly operands: readonly GroupOperand[];
  /** Where the result goes, if anything outside reads it. */
  readonly store?: View;
}

export interface Group {
  /** Without axes of length 1; every view has its strides along these axes. */
  readonly sizes: readonly number[];
  readonly operations: readonly GroupOperation[];
  /** The first axis is rows of this choice; then `sizes` has two axes, the second perhaps of length 1. */
  readonly selection?: RowSelection;
}

/** Rows selected for one member of an ensemble: where their number and their indices are in a storage. */
export interface RowSelection {
  readonly storage: Storage;
  readonly count: number;
  readonly index: number;
}

/** A view's strides along the axes of `shape` that are longer than 1, spread where it is shorter. */
export function stridesAlong(view: View, shape: readonly number[]): number[] {
  const missing = shape.length - view.shape.length;
  const strides: number[] = [];
  shape.forEach((n, i) => {
    if (n === 1) return;
    const own = i - missing;
    strides.push(own < 0 || view.shape[own] === 1 ? 0 : view.strides[own]);
  });
  return strides;
}

/** A view's strides along rows and along the one other axis of `shape` that is longer than 1. */
export function rowStridesAlong(view: View, shape: readonly number[]): [number, number] {
  const missing = shape.length - view.shape.length;
  const along = (axis: number) => {
    const own = axis - missing;
    return own < 0 || (view.shape[own] === 1 && shape[axis] !== 1) ? 0 : view.strides[own];
  };
  const inner = shape.findIndex((n, axis) => axis > 0 && n !== 1);
  return [along(0), inner < 0 ? 0 : along(inner)];
}

/** What a group's loop reads and writes. */
interface Walk {
  readonly accesses: readonly (Access & RowAccess)[];
  /** Index of an access by its view's storage, offset and strides. */
  indexOf(view: View): number;
}

/** An access of a loop over selected rows. */
export interface RowAccess {
  readonly place: Place;
  /** In elements. */
  readonly rowStride: number;
  readonly stride: number;
  /** Row i is the one at index i of the selected rows. */
  readonly indirect: boolean;
}

export function walk(group: Group, placeOf: PlaceOf): Walk {
  const accesses: (Access & RowAccess)[] = [];
  const known = new Map<string, number>();
  const key = ({ storage, offset, strides, selectedRows }: View) =>
    `${storage.id}:${offset}:${strides}:${selectedRows}`;
  const add = (view: View, isStore: boolean) => {
    const found = known.get(key(view));
    if (found !== undefined) {
      if (isStore) accesses[found] = { ...accesses[found], store: true };
      return;
    }
    known.set(key(view), accesses.length);
    const { storage, offset, strides, selectedRows: indirect = false } = view;
    const [rowStride, stride] = strides;
    accesses.push({ place: placeOf(storage, offset), strides, store: isStore, rowStride, stride, indirect });
  };
  for (const { operands, store } of group.operations) {
    for (const operand of operands) if ('view' in operand) add(operand.view, false);
    if (store !== undefined) add(store, true);
  }
  return { accesses, indexOf: (view) => known.get(key(view)) as number };
}

/** Where a selection's numbers are. */
export interface SelectedRows {
  /** Addresses of the number of rows, and of their indices: 32-bit integers of the program's own. */
  readonly count: number;
  readonly index: number;
}

export function selectedRowsOf({ storage, count, index }: RowSelection, placeOf: PlaceOf): SelectedRows {
  return { count: placeOf(storage, count).offset, index: placeOf(storage, index).offset };
}
