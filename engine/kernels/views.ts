/** Tensors as views of memory: shape, strides and offset in elements of four bytes. */

/** A piece of memory that kernels write. Bools are 32-bit integers 0 and 1 inside a program. */
export interface Storage {
  readonly id: number;
  readonly elements: number;
  /** The caller's array: its slot in the table. Otherwise memory of the program's own. */
  readonly slot?: number;
  /** Values known when the program is built. */
  readonly constant?: Float32Array | Int32Array;
}

export interface View {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** The first axis stands for the rows selected for a member of an ensemble, in their order: see row-loops.ts. */
  readonly selectedRows?: boolean;
}

export function contiguousStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

export function wholeView(storage: Storage, shape: readonly number[]): View {
  return { storage, offset: 0, shape, strides: contiguousStrides(shape) };
}

/** The same elements in another shape, or undefined where that needs a copy. */
export function reshapeView(view: View, shape: readonly number[]): View | undefined {
  // Axes that follow each other in memory are one.
  const groups: { n: number; stride: number }[] = [];
  view.shape.forEach((n, i) => {
    if (n === 1) return;
    const outer = groups[groups.length - 1];
    const stride = view.strides[i];
    if (outer !== undefined && outer.stride === stride * n) {
      outer.n *= n;
      outer.stride = stride;
    } else groups.push({ n, stride });
  });
  const strides = new Array<number>(shape.length).fill(0);
  let left = 1;
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] === 1) continue;
    if (left === 1) {
      const group = groups.pop();
      if (group === undefined) return undefined;
      left = group.n;
      stride = group.stride;
    }
    if (left % shape[i] !== 0) return undefined;
    strides[i] = stride;
    left /= shape[i];
    stride *= shape[i];
  }
  return { ...view, shape, strides };
}

/** Elements from `begin` on along an axis. */
export function sliceView(view: View, axis: number, begin: number, length: number, step = 1): View {
  return {
    storage: view.storage,
    offset: view.offset + begin * view.strides[axis],
    shape: view.shape.map((n, i) => (i === axis ? length : n)),
    strides: view.strides.map((stride, i) => (i === axis ? stride * step : stride)),
  };
}

export function transposeView(view: View, permutation: readonly number[]): View {
  return {
    ...view,
    shape: permutation.map((axis) => view.shape[axis]),
    strides: permutation.map((axis) => view.strides[axis]),
  };
}

/** Repeats along axes of length 1, and in front. */
export function expandView(view: View, shape: readonly number[]): View {
  const missing = shape.length - view.shape.length;
  const strides = shape.map((n, i) =>
    i < missing || (view.shape[i - missing] === 1 && n !== 1) ? 0 : view.strides[i - missing],
  );
  return { ...view, shape, strides };
}
