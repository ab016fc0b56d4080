/** Trees of arrays to and from the flat, named form that a checkpoint stores. */
import type { NdArray, Tree } from '../engine/types.ts';

/** Names every leaf by its path, `actor/params`, and copies it. */
export function toRecord(tree: Tree<NdArray>, prefix = ''): Record<string, NdArray> {
  const record: Record<string, NdArray> = {};
  for (const [name, value] of Object.entries(tree)) {
    if (isArray(value)) record[prefix + name] = { data: value.data.slice(), shape: [...value.shape] };
    else Object.assign(record, toRecord(value, `${prefix}${name}/`));
  }
  return record;
}

/**
 * A tree of the template's structure with the record's arrays, copied.
 * @throws Error naming the first array that is missing or has another shape
 */
export function fromRecord<T extends Tree<NdArray>>(
  record: Record<string, NdArray>,
  template: T,
  prefix = '',
): T {
  const tree: Record<string, NdArray | Tree<NdArray>> = {};
  for (const [name, value] of Object.entries(template)) {
    if (!isArray(value)) {
      tree[name] = fromRecord(record, value, `${prefix}${name}/`);
      continue;
    }
    const found = record[prefix + name];
    if (found === undefined) throw new Error(`the checkpoint has no array '${prefix}${name}'`);
    if (found.shape.join() !== value.shape.join()) {
      throw new Error(
        `the checkpoint's '${prefix}${name}' has shape [${found.shape}], this agent needs [${value.shape}]`,
      );
    }
    tree[name] = { data: found.data.slice(), shape: [...found.shape] };
  }
  return tree as T;
}

function isArray(value: NdArray | Tree<NdArray>): value is NdArray {
  return ArrayBuffer.isView((value as NdArray).data);
}
