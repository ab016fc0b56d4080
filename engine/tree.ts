/** Trees: nested plain objects (or arrays) whose leaves are tensors or host arrays. */
import type { NdArray } from './types.ts';

/** How to find a tree's leaves again, in order. */
export interface Leaf {
  /** `actor/params`; '' for a tree that is one leaf. */
  readonly path: string;
  readonly keys: readonly string[];
}

export function isNdArray(value: unknown): value is NdArray {
  return typeof value === 'object' && value !== null && ArrayBuffer.isView((value as NdArray).data);
}

/** Leaves in the order of their keys; entries that are undefined are left out. */
export function leavesOf<T>(
  tree: unknown,
  isLeaf: (value: unknown) => value is T,
): { leaf: Leaf; value: T }[] {
  const found: { leaf: Leaf; value: T }[] = [];
  const visit = (value: unknown, keys: readonly string[]) => {
    if (value === undefined) return;
    if (isLeaf(value)) {
      found.push({ leaf: { path: keys.join('/'), keys }, value });
      return;
    }
    if (typeof value !== 'object' || value === null) {
      throw new TypeError(`'${keys.join('/')}' is ${String(value)}, neither an array nor an object of them`);
    }
    for (const key of Object.keys(value)) visit((value as Record<string, unknown>)[key], [...keys, key]);
  };
  visit(tree, []);
  return found;
}

/** A tree of host arrays that nothing can be put into or taken out of; the arrays' numbers may be written. */
export function frozen<T>(tree: T): T {
  if (typeof tree !== 'object' || tree === null || ArrayBuffer.isView(tree)) return tree;
  for (const value of Object.values(tree)) frozen(value);
  return Object.freeze(tree);
}

/** The tree with these leaves, in the order in which `leavesOf` gave them; nested objects. */
export function treeOf(leaves: readonly Leaf[], values: readonly unknown[]): unknown {
  if (leaves.length === 1 && leaves[0].keys.length === 0) return values[0];
  const root: Record<string, unknown> = {};
  leaves.forEach(({ keys }, i) => {
    let node = root;
    for (const key of keys.slice(0, -1)) {
      node[key] ??= {};
      node = node[key] as Record<string, unknown>;
    }
    node[keys[keys.length - 1]] = values[i];
  });
  return root;
}
