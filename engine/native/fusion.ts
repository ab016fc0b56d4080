/** Puts element-wise kernels of one shape together, so that a loop computes them in registers. */
import { fits, type Group, type GroupOperand, type GroupOperation, stridesAlong } from './groups.ts';
import { type ElementKernel, type Kernel, readsOf, type Tensor, writesOf } from './kernels.ts';
import type { Storage, View } from './views.ts';

/** Kernels that run as one. */
export interface Step {
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
  /** Essential shape of element-wise kernels. */
  readonly shape?: string;
  readonly dependencies: Set<Node>;
  /** Everything that must have run before. */
  ancestors: Bits;
  merged?: Node;
}

const essentialKey = (shape: readonly number[]) => shape.filter((n) => n !== 1).join();

function final(node: Node): Node {
  let at = node;
  while (at.merged !== undefined) at = at.merged;
  return at;
}

/** @param isResult storages that the caller reads */
export function fuse(kernels: readonly Kernel[], isResult: (storage: Storage) => boolean): Step[] {
  const live = used(kernels, isResult);
  const nodes: Node[] = [];
  const writers = new Map<number, Node[]>();
  const nodeOf = new Map<Kernel, Node>();
  const order = new Map<Kernel, number>(live.map((kernel, i) => [kernel, i]));
  for (const kernel of live) {
    const dependencies = new Set<Node>();
    for (const storage of readsOf(kernel)) {
      for (const writer of writers.get(storage.id) ?? []) dependencies.add(final(writer));
    }
    const shape = kernel.kind === 'element' ? essentialKey(kernel.result.shape) : undefined;
    let node: Node = {
      id: nodes.length,
      kernels: [kernel],
      shape,
      dependencies,
      ancestors: ancestorsOf(dependencies, live.length),
    };
    nodes.push(node);
    nodeOf.set(kernel, node);
    const storage = writesOf(kernel);
    writers.set(storage.id, [...(writers.get(storage.id) ?? []), node]);
    if (kernel.kind !== 'element') continue;
    for (const { origin } of kernel.operands) {
      const producer = origin === undefined ? undefined : nodeOf.get(origin);
      if (producer === undefined) continue;
      const before = final(producer);
      if (before === node || before.shape !== node.shape) continue;
      node = merge(before, node, nodes, order) ?? node;
    }
  }
  return ordered(nodes.filter((node) => node.merged === undefined)).map((node) => step(node, live, isResult));
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
): Node | undefined {
  const between = (a: Node, b: Node) =>
    [...b.dependencies].map(final).some((node) => node !== a && node.ancestors.has(a.id));
  if (between(first, second) || between(second, first)) return undefined;
  const kernels = [...first.kernels, ...second.kernels].filter((kernel) => kernel.kind === 'element');
  kernels.sort((a, b) => (order.get(a) as number) - (order.get(b) as number));
  if (kernels.length > MOST_OPERATIONS || readsOwn(kernels) || !fits(groupOf(kernels, () => true)))
    return undefined;
  first.kernels = kernels;
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

/** Whether one of the kernels reads what another writes other than element by element. */
function readsOwn(kernels: readonly ElementKernel[]): boolean {
  const written = new Set(kernels.map((kernel) => kernel.result.storage));
  const inside = new Set<Kernel>(kernels);
  return kernels.some((kernel) =>
    kernel.operands.some(
      ({ origin, uniform, view }) =>
        uniform === undefined && !(origin !== undefined && inside.has(origin)) && written.has(view.storage),
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

function step(node: Node, all: readonly Kernel[], isResult: (storage: Storage) => boolean): Step {
  const { kernels } = node;
  if (kernels[0].kind !== 'element') return { kernels };
  const inside = new Set(kernels);
  const outside = new Set<number>();
  for (const kernel of all) {
    if (inside.has(kernel)) continue;
    for (const storage of readsOf(kernel)) outside.add(storage.id);
  }
  const elements = kernels as ElementKernel[];
  return { kernels, group: groupOf(elements, (storage) => isResult(storage) || outside.has(storage.id)) };
}

/** The loop of element-wise kernels; `kept` says which storages are read outside. */
function groupOf(kernels: readonly ElementKernel[], kept: (storage: Storage) => boolean): Group {
  const position = new Map<Kernel, number>(kernels.map((kernel, i) => [kernel, i]));
  const shape = kernels[0].result.shape;
  const operations: GroupOperation[] = kernels.map((kernel) => ({
    operation: kernel.operation,
    type: kernel.type,
    resultType: kernel.resultType,
    parameters: kernel.parameters,
    operands: kernel.operands.map((tensor) => operandOf(tensor, kernel, position)),
    store: kept(kernel.result.storage) ? along(kernel.result, kernel.result.shape) : undefined,
  }));
  return { sizes: shape.filter((n) => n !== 1), operations };
}

function operandOf(
  tensor: Tensor,
  kernel: ElementKernel,
  position: ReadonlyMap<Kernel, number>,
): GroupOperand {
  if (tensor.uniform !== undefined) return { bits: bitsOf(tensor) };
  const inner = tensor.origin === undefined ? undefined : position.get(tensor.origin);
  if (inner !== undefined) return { inner };
  return { view: along(tensor.view, kernel.result.shape) };
}

function along(view: View, shape: readonly number[]): View {
  const strides = stridesAlong(view, shape);
  return { ...view, shape: shape.filter((n) => n !== 1), strides };
}

function bitsOf({ type, uniform }: Tensor): number {
  const value = uniform as number;
  return type === 'float32' ? new Uint32Array(Float32Array.of(value).buffer)[0] : value >>> 0;
}
