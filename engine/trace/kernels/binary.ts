/** Operations on pairs of elements, with broadcasting; comparisons; selection. */
import type { ElementType, Graph, Value } from '../graph.ts';
import type { Translation, Translations } from '../tfjs-to-graph.ts';

const arithmetic = (operation: string): Translation => {
  return (graph, { a, b }) => numeric(graph, a, b, (left, right) => graph.binary(operation, left, right));
};

const comparison = (operation: string): Translation => {
  return (graph, { a, b }) =>
    numeric(graph, a, b, (left, right) => graph.binary(operation, left, right, 'bool'));
};

const logical = (operation: string): Translation => {
  return (graph, { a, b }) => graph.binary(operation, graph.cast(a, 'bool'), graph.cast(b, 'bool'), 'bool');
};

/** ONNX has no arithmetic on bools and wants both operands of one type. */
function numeric(graph: Graph, a: Value, b: Value, combine: (a: Value, b: Value) => Value): Value {
  const type: ElementType = a.type === 'float32' || b.type === 'float32' ? 'float32' : 'int32';
  return combine(graph.cast(a, type), graph.cast(b, type));
}

/** ⌊a / b⌋, an integer for floats too, as TensorFlow.js has it. */
function floorDivision(graph: Graph, a: Value, b: Value): Value {
  if (a.type !== 'float32') return graph.binary('FloorDiv', a, b);
  return graph.cast(graph.unary('Floor', graph.binary('Div', a, b)), 'int32');
}

/** The remainder with the divisor's sign. */
function modulo(graph: Graph, a: Value, b: Value): Value {
  const remainder = (x: Value) => {
    const shape = graph.binary('Add', x, b).shape;
    return graph.node('Mod', [x, b], { type: x.type, shape }, { fmod: x.type === 'float32' ? 1 : 0 });
  };
  if (a.type !== 'float32') return remainder(a);
  const rest = remainder(a);
  const zero = graph.scalar('float32', 0);
  const signs = [a, b].map((value) => graph.binary('Less', value, zero, 'bool'));
  const differ = graph.binary('Xor', signs[0], signs[1], 'bool');
  return graph.where(differ, remainder(graph.binary('Add', rest, b)), rest);
}

export const binaryTranslations: Translations = {
  Add: arithmetic('Add'),
  Sub: arithmetic('Sub'),
  Multiply: arithmetic('Mul'),
  RealDiv: (graph, { a, b }) => graph.binary('Div', graph.cast(a, 'float32'), graph.cast(b, 'float32')),
  Maximum: arithmetic('Max'),
  Minimum: arithmetic('Min'),
  Pow: arithmetic('Pow'),
  SquaredDifference: (graph, { a, b }) =>
    numeric(graph, a, b, (left, right) => {
      const difference = graph.binary('Sub', left, right);
      return graph.binary('Mul', difference, difference);
    }),
  FloorDiv: (graph, { a, b }) => numeric(graph, a, b, (left, right) => floorDivision(graph, left, right)),
  Mod: (graph, { a, b }) => numeric(graph, a, b, (left, right) => modulo(graph, left, right)),
  Atan2: (graph, { a, b }) => graph.binary('Atan2', graph.cast(a, 'float32'), graph.cast(b, 'float32')),
  BitwiseAnd: (graph, { a, b }) => graph.binary('BitwiseAnd', a, b),
  Equal: comparison('Equal'),
  NotEqual: (graph, { a, b }) =>
    graph.unary(
      'Not',
      numeric(graph, a, b, (left, right) => graph.binary('Equal', left, right, 'bool')),
    ),
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  LogicalAnd: logical('And'),
  LogicalOr: logical('Or'),
  LogicalXor: logical('Xor'),
  AddN: (graph, operands) => Object.values(operands).reduce((sum, x) => graph.binary('Add', sum, x)),
  Select: (graph, { condition, t, e }) => {
    // A condition of rank 1 chooses whole rows.
    const rows = condition.shape.length === 1 && t.shape.length > 1;
    const shape = rows ? [condition.shape[0], ...t.shape.slice(1).map(() => 1)] : condition.shape;
    const choice = graph.reshape(graph.cast(condition, 'bool'), shape);
    if (t.type !== e.type) return numeric(graph, t, e, (yes, no) => graph.where(choice, yes, no));
    if (t.type !== 'bool') return graph.where(choice, t, e);
    return graph.cast(graph.where(choice, graph.cast(t, 'int32'), graph.cast(e, 'int32')), 'bool');
  },
};
