/** Tensors from attributes alone, which become constants, and batch normalisation. */
import type { Graph, Value } from '../graph.ts';
import { sizeOf } from '../shapes.ts';
import { elementType, type Translations } from '../tfjs-to-graph.ts';

function filled(graph: Graph, shape: readonly number[], value: number, dtype: string) {
  const type = elementType(dtype);
  if (sizeOf(shape) === 0) return graph.constant(type, shape, []);
  return graph.expand(graph.scalar(type, value), shape);
}

export const creationTranslations: Translations = {
  Fill: (graph, _operands, attributes) => {
    const { shape, value, dtype } = attributes as { shape: number[]; value: number; dtype?: string };
    return filled(graph, shape, value, dtype ?? 'float32');
  },
  ZerosLike: (graph, { x }) => filled(graph, x.shape, 0, x.type),
  OnesLike: (graph, { x }) => filled(graph, x.shape, 1, x.type),
  Range: (graph, _operands, attributes) => {
    const { start, stop, step, dtype } = attributes as {
      start: number;
      stop: number;
      step: number;
      dtype?: string;
    };
    const forward = step !== 0 && start < stop === step > 0;
    const count = forward ? Math.abs(Math.ceil((stop - start) / step)) : 0;
    const values = Array.from({ length: count }, (_, i) => start + i * step);
    return graph.constant(elementType(dtype ?? 'float32'), [count], values);
  },
  LinSpace: (graph, _operands, attributes) => {
    const { start, stop, num } = attributes as { start: number; stop: number; num: number };
    const step = num === 1 ? 0 : (stop - start) / (num - 1);
    return graph.constant(
      'float32',
      [num],
      Array.from({ length: num }, (_, i) => start + i * step),
    );
  },
  FusedBatchNorm: (graph, operands, { varianceEpsilon }) => {
    const floats = Object.entries(operands).map(([name, value]) => [name, graph.cast(value, 'float32')]);
    const { x, mean, variance, offset, scale } = Object.fromEntries(floats) as Record<string, Value>;
    const epsilon = graph.scalar('float32', varianceEpsilon as number);
    const deviation = graph.unary('Sqrt', graph.binary('Add', variance, epsilon));
    const centred = graph.binary('Div', graph.binary('Sub', x, mean), deviation);
    const scaled = scale === undefined ? centred : graph.binary('Mul', centred, scale);
    return offset === undefined ? scaled : graph.binary('Add', scaled, offset);
  },
};
