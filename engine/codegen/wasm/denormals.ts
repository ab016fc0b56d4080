/** Where denormal numbers may arise, and how they become zeros: WebAssembly has no instruction that does it. */
import type { Value, Values } from './values.ts';

/** Operations whose result has no denormal number unless an operand has. */
const selecting = new Set([
  'Copy',
  'Where',
  'Max',
  'Min',
  'Relu',
  'Neg',
  'Abs',
  'Sign',
  'Clip',
  'Floor',
  'Ceil',
  'Round',
]);
/** Operations whose result is never denormal. */
const normal = new Set(['Cast', 'Exp', 'Log', 'Sqrt', 'Cos', 'IsNaN', 'IsInf', 'Step']);

/** Whether a result may be denormal though no operand in memory is. */
export function mayBeDenormal(operation: string, operands: readonly boolean[]): boolean {
  if (normal.has(operation)) return false;
  return selecting.has(operation) ? operands.some((operand) => operand) : true;
}

/** Denormal numbers as zeros of their sign. */
export function flushed(v: Values, x: Value): Value {
  const tiny = v.equalIntegers(v.and(x, v.bits(0x7f800000)), v.bits(0));
  return v.without(x, v.and(tiny, v.bits(0x7fffffff)));
}
