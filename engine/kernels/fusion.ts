/** Puts element-wise kernels of one shape together, so that a loop computes them in registers. */

import { floatBits } from '../bits.ts';
import {
  type Group,
  type GroupOperand,
  type GroupOperation,
  rowStridesAlong,
  stridesAlong,
} from './groups.ts';
import { type ElementKernel, type Kernel, readsOf, type Tensor, writesOf } from './kernels.ts';
import type { Target } from './target.ts';
import type { Storage, View } from './views.ts';

/** Kernels that run as one. */
export interface ProgramStep {
  readonly kernels: readonly Kernel[];
  /** Of element-wise kernels: the loop. */
  readonly group?: Group;
}

/** Results of more operations than this do not stay in registers. */
const MOST_OPERATIONS = 64;

/** Sets of small numbers. */
class Bits {
  #words: Uint32Array;
  constructor(size: number) {
    this.#words = new Uint32Array(Math.ceil(size / 32));
  }
  has(i: number): boolean {
    return (this.#words[i >> 5] & (1 << (i & 31))) !== 0;
  }
  add(i: number): void {
    this.#words[i >> 5] |= 1 << (i & 31);
  }
  addAll(other: Bits): void {
    for (let i = 0; i < this.#words.length; i++) this.#words[i] |= other.#words[i];
  }
}

interface Node {
  readonly id: number;
  kernels: Kernel[];
  /** Of element-wise kernels. */
  readonly loop?: LoopNeeds;
  readonly dependencies: Set<Node>;
  /** Everything that must have run before. */
  ancestors: Bits;
  merged?: Node;
}

/** What kernels need of a loop, and of each other. */
interface LoopNeeds {
  /** Of every result, without axes of length 1. */
  readonly shape: string;
  readonly axes: number;
  readonly written: Set<number>;
  /** Arrays of the caller, and ways of walking through memory: registers of a loop. */
  readonly slots: Set<number>;
  readonly patterns: Set<string>;
}

function final(node: Node): Node {
  let at = node;
  while (at.merged !== undefined) at = at.merged;
  return at;
}

/** @param isResult storages that the caller reads */
export function fuse(
  kernels: readonly Kernel[],
  isResult: (storage: Storage) => boolean,
  target: Target,
): ProgramStep[] {
  const live = used(kernels, isResult);
  const nodes: Node[] = [];
  const writers = new Map<number, Node[]>();
  const readers = new Map<number, Kernel[]>();
  const nodeOf = new Map<Kernel, Node>();
  const order = new Map<Kernel, number>(live.map((kernel, i) => [kernel, i]));
  for (const kernel of live) {
    const dependencies = new Set<Node>();
    for (const storage of readsOf(kernel)) {
      for (const writer of writers.get(storage.id) ?? []) dependencies.add(final(writer));
      push(readers, storage.id, kernel);
    }
    let node: Node = {
      id: nodes.length,
      kernels: [kernel],
      loop: kernel.kind === 'element' ? loopNeeds(kernel) : undefined,
      dependencies,
      ancestors: ancestorsOf(dependencies, live.length),
    };
    nodes.push(node);
    nodeOf.set(kernel, node);
    push(writers, writesOf(kernel).id, node);
    if (kernel.kind !== 'element') continue;
    for (const { origin } of kernel.operands) {
      const producer = origin === undefined ? undefined : nodeOf.get(origin);
      if (producer === undefined) continue;
      const before = final(producer);
      if (before !== node) node = merge(before, node, nodes, order, target.loopRegisters) ?? node;
    }
  }
  const isRead = (node: Node) => (storage: Storage) =>
    isResult(storage) ||
    (readers.get(storage.id) ?? []).some((kernel) => final(nodeOf.get(kernel) as Node) !== node);
  return ordered(nodes.filter((node) => node.merged === undefined)).map((node) => ({
    kernels: node.kernels,
    group: node.loop === undefined ? undefined : groupOf(node.kernels as ElementKernel[], isRead(node)),
  }));
}

function push<Key, Item>(lists: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function loopNeeds({ operands, result, selection }: ElementKernel): LoopNeeds {
  const views = [...operands.filter((x) => x.uniform === undefined).map((x) => x.view), result];
  const sizes = result.shape.filter((n) => n !== 1);
  const patterns = views.map((view) =>
    selection === undefined
      ? stridesAlong(view, result.shape).join()
      : `${rowStridesAlong(view, result.shape)} ${view.selectedRows}`,
  );
  return {
    shape: selection === undefined ? sizes.join() : `${sizes} of ${selection.storage.id} ${selection.index}`,
    axes: selection === undefined ? sizes.length : 3,
    written: new Set([result.storage.id]),
    slots: new Set(views.flatMap(({ storage }) => storage.slot ?? [])),
    patterns: new Set(patterns.filter((pattern) => /[1-9]/.test(pattern))),
  };
}

/** Kernels whose results something reads. */
function used(kernels: readonly Kernel[], isResult: (storage: Storage) => boolean): Kernel[] {
  const read = new Set<number>();
  const kept: Kernel[] = [];
  for (let i = kernels.length - 1; i >= 0; i--) {
    const kernel = kernels[i];
    const storage = writesOf(kernel);
    if (!isResult(storage) && !read.has(storage.id)) continue;
    for (const source of readsOf(kernel)) read.add(source.id);
    kept.push(kernel);
  }
  return kept.reverse();
}

function ancestorsOf(dependencies: ReadonlySet<Node>, size: number): Bits {
  const bits = new Bits(size);
  for (const node of dependencies) {
    bits.add(node.id);
    bits.addAll(node.ancestors);
  }
  return bits;
}

/** Both nodes as one, unless something between them must run after the first and before the second. */
function merge(
  first: Node,
  second: Node,
  nodes: readonly Node[],
  order: ReadonlyMap<Kernel, number>,
  most: number,
): Node | undefined {
  const [a, b] = [first.loop, second.loop];
  if (a === undefined || b === undefined || a.shape !== b.shape) return undefined;
  if (first.kernels.length + second.kernels.length > MOST_OPERATIONS) return undefined;
  const registers = a.axes + union(a.slots, b.slots) + union(a.patterns, b.patterns);
  if (registers > most) return undefined;
  const between = (one: Node, other: Node) =>
    [...other.dependencies].map(final).some((node) => node !== one && node.ancestors.has(one.id));
  if (between(first, second) || between(second, first)) return undefined;
  if (readsOther(first, second) || readsOther(second, first)) return undefined;
  const place = (kernel: Kernel) => order.get(kernel) as number;
  first.kernels = [...first.kernels, ...second.kernels].sort((x, y) => place(x) - place(y));
  for (const set of ['written', 'slots', 'patterns'] as const) {
    for (const item of b[set]) (a[set] as Set<unknown>).add(item);
  }
  for (const node of second.dependencies) {
    const other = final(node);
    if (other !== first) first.dependencies.add(other);
  }
  second.merged = first;
  first.dependencies.delete(second);
  first.ancestors = ancestorsOf(new Set([...first.dependencies].map(final)), order.size);
  // Whatever comes after one of them comes after both.
  for (const node of nodes) {
    if (node.merged !== undefined || node === first) continue;
    if (!node.ancestors.has(first.id) && !node.ancestors.has(second.id)) continue;
    node.ancestors.add(first.id);
    node.ancestors.addAll(first.ancestors);
  }
  return first;
}

function union(a: ReadonlySet<unknown>, b: ReadonlySet<unknown>): number {
  let count = a.size;
  for (const item of b) if (!a.has(item)) count++;
  return count;
}

/** Whether a kernel of one node reads what the other writes other than element by element. */
function readsOther(one: Node, other: Node): boolean {
  const inside = new Set<Kernel>(other.kernels);
  const written = other.loop?.written;
  return (one.kernels as ElementKernel[]).some(({ operands }) =>
    operands.some(
      ({ origin, uniform, view }) =>
        uniform === undefined &&
        written?.has(view.storage.id) === true &&
        !(origin !== undefined && inside.has(origin)),
    ),
  );
}

/** Every node after what it depends on; otherwise in the order of the graph. */
function ordered(nodes: readonly Node[]): Node[] {
  const done = new Set<Node>();
  const result: Node[] = [];
  const visit = (node: Node) => {
    if (done.has(node)) return;
    done.add(node);
    const before = new Set([...node.dependencies].map(final));
    for (const other of [...before].sort((a, b) => a.id - b.id)) if (other !== node) visit(other);
    result.push(node);
  };
  for (const node of nodes) visit(node);
  return result;
}

/** The loop of element-wise kernels; `kept` says which storages are read outside. */
function groupOf(kernels: readonly ElementKernel[], kept: (storage: Storage) => boolean): Group {
  const position = new Map<Kernel, number>(kernels.map((kernel, i) => [kernel, i]));
  const { selection, result } = kernels[0];
  const sizes = result.shape.filter((n) => n !== 1);
  const operations: GroupOperation[] = kernels.map((kernel) => ({
    operation: kernel.operation,
    type: kernel.type,
    resultType: kernel.resultType,
    parameters: kernel.parameters,
    operands: kernel.operands.map((tensor) => operandOf(tensor, kernel, position)),
    store: kept(kernel.result.storage) ? along(kernel.result, kernel) : undefined,
  }));
  if (selection === undefined) return { sizes, operations };
  const [rows, ...rest] = result.shape;
  return { sizes: [rows, rest.reduce((product, n) => product * n, 1)], operations, selection };
}

function operandOf(
  tensor: Tensor,
  kernel: ElementKernel,
  position: ReadonlyMap<Kernel, number>,
): GroupOperand {
  if (tensor.uniform !== undefined) return { bits: bitsOf(tensor) };
  const inner = tensor.origin === undefined ? undefined : position.get(tensor.origin);
  if (inner !== undefined) return { inner };
  return { view: along(tensor.view, kernel) };
}

/** A view with the axes of a kernel's loop. */
function along(view: View, { result: { shape }, selection }: ElementKernel): View {
  if (selection !== undefined) {
    const strides = rowStridesAlong(view, shape);
    return { ...view, shape: [shape[0], 1], strides };
  }
  return { ...view, shape: shape.filter((n) => n !== 1), strides: stridesAlong(view, shape) };
}

function bitsOf({ type, uniform }: Tensor): number {
  const value = uniform as number;
  return type === 'float32' ? floatBits(value) : value >>> 0;
}
