/** Operations on every element. */
import type { Graph, Value } from '../graph.ts';
import { elementType, type Translation, type Translations } from '../tfjs-to-graph.ts';

/** Kernels that one ONNX operation computes. */
const direct = (operation: string): Translation => {
  return (graph, { x }) => graph.unary(operation, x);
};

/** Kernels that ONNX has for float32 alone; TensorFlow.js gives float32 for int32 too. */
const floating = (operation: string): Translation => {
  return (graph, { x }) => graph.unary(operation, graph.cast(x, 'float32'));
};

/** What no whole number is; ONNX Runtime asks floats alone. */
function among(graph: Graph, operation: 'IsNaN' | 'IsInf', x: Value): Value {
  if (x.type === 'float32') return graph.unary(operation, x, 'bool');
  const whole = graph.cast(x, 'int32');
  return graph.unary('Not', graph.binary('Equal', whole, whole, 'bool'));
}

const number = (graph: Graph, value: number) => graph.scalar('float32', value);

/** log(1 + x) without loss for small x: with u = 1 + x rounded, log(u) · x / (u - 1) (Kahan). */
function log1p(graph: Graph, x: Value): Value {
  const one = number(graph, 1);
  const u = graph.binary('Add', x, one);
  const ratio = graph.binary('Div', x, graph.binary('Sub', u, one));
  const scaled = graph.binary('Mul', graph.unary('Log', u), ratio);
  const finite = graph.binary('Less', u, number(graph, Number.POSITIVE_INFINITY), 'bool');
  const large = graph.where(finite, scaled, u); // ∞ · ∞/∞ would be NaN
  return graph.where(graph.binary('Equal', u, one, 'bool'), x, large);
}

/**
 * log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)), in vectorised operations: ONNX Runtime's own Softplus takes the
 * C library's exp and log1p one element at a time, 8 times as long.
 */
function softplus(graph: Graph, x: Value): Value {
  const small = graph.unary('Exp', graph.unary('Neg', graph.unary('Abs', x)));
  const one = number(graph, 1);
  const u = graph.binary('Add', small, one);
  // log1p of a number in (0, 1]: what rounding 1 + small lost is put back, divided by the derivative.
  const lost = graph.binary('Sub', small, graph.binary('Sub', u, one));
  const logarithm = graph.binary('Add', graph.unary('Log', u), graph.binary('Div', lost, u));
  return graph.binary('Add', graph.unary('Relu', x), logarithm);
}

/** exp(x) - 1 without loss for small x: with u = exp(x) rounded, (u - 1) · x / log(u) (Kahan). */
function expm1(graph: Graph, x: Value): Value {
  const one = number(graph, 1);
  const u = graph.unary('Exp', x);
  const difference = graph.binary('Sub', u, one);
  const ratio = graph.binary('Div', x, graph.unary('Log', u));
  const small = graph.where(graph.binary('Equal', u, one, 'bool'), x, graph.binary('Mul', difference, ratio));
  const near = graph.binary('Less', graph.unary('Abs', x), one, 'bool');
  return graph.where(near, small, difference);
}

/** Bounds of Clip are operands; x keeps its type, and integers have bounds of their own. */
function clip(graph: Graph, x: Value, low: number, high: number): Value {
  const fitting = (bound: number) =>
    x.type === 'float32' ? bound : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(bound)));
  const bounds = [low, high].map((bound) => graph.scalar(x.type, fitting(bound)));
  return graph.node('Clip', [x, ...bounds], { type: x.type, shape: x.shape });
}

export const unaryTranslations: Translations = {
  Abs: direct('Abs'),
  Acos: floating('Acos'),
  Acosh: floating('Acosh'),
  Asin: floating('Asin'),
  Asinh: floating('Asinh'),
  Atan: floating('Atan'),
  Atanh: floating('Atanh'),
  Ceil: floating('Ceil'),
  Cos: floating('Cos'),
  Cosh: floating('Cosh'),
  Elu: floating('Elu'),
  Erf: floating('Erf'),
  Exp: floating('Exp'),
  Floor: floating('Floor'),
  Log: floating('Log'),
  Neg: direct('Neg'),
  Relu: direct('Relu'),
  Reciprocal: floating('Reciprocal'),
  Round: floating('Round'),
  Sigmoid: floating('Sigmoid'),
  Sign: direct('Sign'),
  Sin: floating('Sin'),
  Sinh: floating('Sinh'),
  Softplus: (graph, { x }) => softplus(graph, graph.cast(x, 'float32')),
  Sqrt: floating('Sqrt'),
  Tan: floating('Tan'),
  Tanh: floating('Tanh'),
  Selu: floating('Selu'),
  Expm1: (graph, { x }) => expm1(graph, graph.cast(x, 'float32')),
  Log1p: (graph, { x }) => log1p(graph, graph.cast(x, 'float32')),
  Rsqrt: (graph, { x }) => graph.unary('Reciprocal', graph.unary('Sqrt', graph.cast(x, 'float32'))),
  Square: (graph, { x }) => graph.binary('Mul', x, x),
  Relu6: (graph, { x }) => clip(graph, x, 0, 6),
  ClipByValue: (graph, { x }, attributes) => {
    const { clipValueMin, clipValueMax } = attributes as { clipValueMin: number; clipValueMax: number };
    return clip(graph, x, clipValueMin, clipValueMax);
  },
  LeakyRelu: (graph, { x }, { alpha }) =>
    graph.node(
      'LeakyRelu',
      [graph.cast(x, 'float32')],
      { type: 'float32', shape: x.shape },
      { alpha: { float: alpha as number } },
    ),
  Prelu: (graph, operands) => {
    const [x, alpha] = [operands.x, operands.alpha].map((value) => graph.cast(value, 'float32'));
    const negative = graph.binary('Mul', x, alpha);
    return graph.where(graph.binary('Less', x, number(graph, 0), 'bool'), negative, x);
  },
  EluGrad: (graph, { dy, y }) => {
    const one = number(graph, 1);
    const slope = graph.binary('Min', graph.binary('Add', y, one), one); // y + 1 below 0, else 1
    return graph.binary('Mul', dy, slope);
  },
  Step: (graph, { x }, { alpha }) => {
    const isFloat = x.type === 'float32';
    if (isFloat && alpha === 0) return graph.unary('Step', x);
    const positive = graph.binary('Greater', x, graph.scalar(x.type, 0), 'bool');
    if (alpha === 0) return graph.cast(positive, x.type);
    const step = graph.where(positive, graph.scalar(x.type, 1), graph.scalar(x.type, alpha as number));
    return isFloat ? graph.where(graph.unary('IsNaN', x, 'bool'), x, step) : step;
  },
  IsNan: (graph, { x }) => among(graph, 'IsNaN', x),
  IsInf: (graph, { x }) => among(graph, 'IsInf', x),
  IsFinite: (graph, { x }) =>
    graph.unary('Not', graph.binary('Or', among(graph, 'IsInf', x), among(graph, 'IsNaN', x), 'bool')),
  LogicalNot: (graph, { x }) => graph.unary('Not', graph.cast(x, 'bool')),
  Identity: (_graph, { x }) => x,
  Cast: (graph, { x }, { dtype }) => {
    const type = elementType(dtype as string);
    if (type !== 'bool' || x.type === 'bool') return graph.cast(x, type);
    return graph.unary('Not', graph.binary('Equal', x, graph.scalar(x.type, 0), 'bool'));
  },
};
