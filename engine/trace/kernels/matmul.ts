/** Matrix products. */
import { einsumShape, inPairs, parseEinsum } from '../einsum.ts';
import { type Graph, MICROSOFT, type Value } from '../graph.ts';
import { broadcastShapes, sizeOf } from '../shapes.ts';
import type { Translations } from '../tfjs-to-graph.ts';

/** a · b on the last two axes, each transposed if asked; the axes before broadcast. */
export function matMul(graph: Graph, a: Value, b: Value, transposeA: boolean, transposeB: boolean): Value {
  const [aRows, aColumns] = lastTwo(a, transposeA);
  const [bRows, bColumns] = lastTwo(b, transposeB);
  if (aColumns !== bRows) {
    throw new RangeError(
      `matMul: inner dimensions ${aColumns} and ${bRows} differ ([${a.shape}], [${b.shape}])`,
    );
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, aRows, bColumns];
  const type = 'float32';
  if (aColumns === 0) return graph.constant(type, shape, new Float32Array(sizeOf(shape)));
  if (!transposeA && !transposeB) {
    if (b.shape.length === 2 || sizeOf(b.shape.slice(0, -2)) === 1) return flattened(graph, a, b, shape);
    return graph.node('MatMul', [a, b], { type, shape });
  }
  if (batch.length === 0 || (sizeOf(a.shape.slice(0, -2)) === 1 && sizeOf(b.shape.slice(0, -2)) === 1)) {
    const [left, right] = [a, b].map((x) => graph.reshape(x, x.shape.slice(-2)));
    const flags = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
    return graph.reshape(graph.node('Gemm', [left, right], { type, shape: [aRows, bColumns] }, flags), shape);
  }
  const flags = { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 };
  return graph.node('FusedMatMul', [a, b], { type, shape }, flags, MICROSOFT);
}

/** One matrix on the right: the rows of all the left ones make one product. */
function flattened(graph: Graph, a: Value, b: Value, shape: readonly number[]): Value {
  const [rows, inner] = [sizeOf(a.shape.slice(0, -1)), a.shape[a.shape.length - 1]];
  const columns = b.shape[b.shape.length - 1];
  const left = graph.reshape(a, [rows, inner]);
  const right = graph.reshape(b, [inner, columns]);
  return graph.reshape(
    graph.node('MatMul', [left, right], { type: 'float32', shape: [rows, columns] }),
    shape,
  );
}

function lastTwo(x: Value, transpose: boolean): [rows: number, columns: number] {
  const [rows, columns] = x.shape.slice(-2);
  return transpose ? [columns, rows] : [rows, columns];
}

const activations: Readonly<Record<string, string>> = {
  relu: 'Relu',
  sigmoid: 'Sigmoid',
  elu: 'Elu',
};

function einsum(graph: Graph, equation: string, values: readonly Value[]): Value {
  const shape = einsumShape(
    equation,
    values.map((value) => value.shape),
  );
  // Sums over nothing.
  if (values.some((value) => sizeOf(value.shape) === 0)) {
    return graph.constant('float32', shape, new Float32Array(sizeOf(shape)));
  }
  return graph.node('Einsum', values, { type: 'float32', shape }, { equation: equation.replace(/\s/g, '') });
}

export const matMulTranslations: Translations = {
  BatchMatMul: (graph, { a, b }, attributes) => {
    const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean };
    return matMul(graph, graph.cast(a, 'float32'), graph.cast(b, 'float32'), transposeA, transposeB);
  },
  _FusedMatMul: (graph, { a, b, bias }, attributes) => {
    const { transposeA, transposeB, activation } = attributes as {
      transposeA: boolean;
      transposeB: boolean;
      activation?: string;
    };
    const [left, right] = [a, b].map((x) => graph.cast(x, 'float32'));
    let product = matMul(graph, left, right, transposeA, transposeB);
    if (bias !== undefined) product = graph.binary('Add', product, graph.cast(bias, 'float32'));
    if (activation === undefined || activation === 'linear') return product;
    const operation = activations[activation];
    if (operation === undefined) throw new RangeError(`matMul: no fused activation '${activation}'`);
    return graph.unary(operation, product);
  },
  Einsum: (graph, operands, attributes) => {
    const { equation } = attributes as { equation: string };
    const values = Object.values(operands).map((x) => graph.cast(x, 'float32'));
    const shapes = values.map((value) => value.shape);
    einsumShape(equation, shapes); // wrong equations are told as they were written
    const parts = parseEinsum(equation, shapes);
    if (values.length < 3) return einsum(graph, equation, values);
    const [first, ...others] = values;
    const pairs = inPairs(parts);
    return others.reduce((product, value, i) => einsum(graph, pairs[i], [product, value]), first);
  },
};
