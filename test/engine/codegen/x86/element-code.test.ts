import { describe, expect, it } from 'vitest';
import { avx2 } from '../../../../engine/codegen/x86/avx2.ts';
import { avx512 } from '../../../../engine/codegen/x86/avx512.ts';
import { elementCode } from '../../../../engine/codegen/x86/element-code.ts';
import { Emitter } from '../../../../engine/codegen/x86/emitter.ts';
import { elementFunction } from '../../../../engine/kernels/elements.ts';
import type { Kind } from '../../../../engine/kernels/groups.ts';

/** The operations that graphs have, by the type of their operands, as ONNX names most of them. */
const operations: Readonly<Record<'float32' | 'int32' | 'bool', readonly string[]>> = {
  float32: [
    ...['Erf', 'Elu', 'Selu', 'Exp', 'Log', 'Sigmoid', 'Tanh', 'Atanh', 'Sin', 'Cos', 'Gelu', 'Add', 'Sub'],
    ...['Mul', 'Div', 'Max', 'Min', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'Equal', 'Floor'],
    ...['Ceil', 'Round', 'Sqrt', 'Neg', 'Abs', 'Relu', 'Step', 'Reciprocal', 'Sign', 'IsNaN', 'IsInf'],
    ...['Copy', 'Where', 'Clip', 'LeakyRelu'],
  ],
  int32: [
    ...['Add', 'Sub', 'Mul', 'FloorDiv', 'Mod', 'Max', 'Min', 'BitwiseAnd', 'Less', 'LessOrEqual', 'Greater'],
    ...['GreaterOrEqual', 'Equal', 'Abs', 'Neg', 'Sign', 'Relu', 'IsNaN', 'IsInf', 'Copy', 'Where', 'Clip'],
  ],
  bool: ['And', 'Or', 'Xor', 'Equal', 'Not', 'Copy', 'Where'],
};
const kinds = Object.keys(operations) as (keyof typeof operations)[];
const parameters = { low: -1, high: 2, alpha: 0.25 };

/** Bytes of an operation's code with its operands and its own registers side by side. */
function codeOf(operation: string, type: Kind, resultType: Kind, set = avx512) {
  const code = elementCode(set, operation, type, resultType, parameters);
  const emitter = new Emitter(set, { table: 0, constants: 0x1000, outside: 0, scratch: [0] }, 1);
  const registers = Array.from({ length: code.registers }, (_, i) => 3 + i);
  code.emit(emitter, [0, 1, 2], registers);
  return { code, bytes: emitter.asm.code().slice() };
}

/** Instructions in their EVEX encoding: prefix 62, three bytes, the opcode; here all that there are. */
const count = (bytes: Uint8Array) => bytes.reduce((sum, byte) => sum + (byte === 0x62 ? 1 : 0), 0);

describe('element-wise operations in machine code', () => {
  it.each(kinds.flatMap((type) => operations[type].map((name) => [name, type] as const)))(
    '%s of %s has code that leaves registers for a loop',
    (name, type) => {
      const { code, bytes } = codeOf(name, type, type);
      expect(bytes.length).toBeGreaterThan(0);
      // Beside at most three operands, of 14 or 32.
      for (const { registers } of [code, codeOf(name, type, type, avx2).code]) {
        expect(registers).toBeLessThanOrEqual(8);
      }
    },
  );

  it.each(kinds.flatMap((from) => kinds.map((to) => [from, to] as const)))(
    'a cast from %s to %s',
    (from, to) => {
      for (const set of [avx512, avx2]) {
        expect(codeOf('Cast', from, to, set).bytes.length).toBeGreaterThan(0);
      }
    },
  );

  it('exp is 14 operations and three numbers to begin with', () => {
    const bounds = { numbers: 2, operations: 2 };
    const exponent = 2; // a product, rounded
    const rest = 2; // less ln 2 times it, in two parts
    const polynomial = { numbers: 1, operations: 7 }; // Cephes's six coefficients, then 1 and 1
    const scaling = 1;
    const numbers = bounds.numbers + polynomial.numbers;
    const all = numbers + bounds.operations + exponent + rest + polynomial.operations + scaling;
    expect(count(codeOf('Exp', 'float32', 'float32').bytes)).toBe(all);
  });

  it('numbers are read by the instruction that needs them where there is such a form', () => {
    expect(count(codeOf('Abs', 'float32', 'float32').bytes)).toBe(1);
    expect(count(codeOf('Sign', 'int32', 'int32').bytes)).toBe(2);
    expect(count(codeOf('Where', 'float32', 'float32').bytes)).toBe(2);
  });

  it('an operation that no graph has throws', () => {
    expect(elementFunction('Sine', 'float32', 'float32', {})).toBeUndefined();
    expect(() => elementCode(avx512, 'Sine', 'float32', 'float32', {})).toThrow('no code for Sine');
  });
});
