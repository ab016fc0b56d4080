/**
 * Operations on vectors of 16 elements. Floats keep NaN as IEEE 754 has it; bools are 32-bit 0 and 1.
 * Functions that need a polynomial are in functions.ts.
 */
import type { Kind, Parameters } from '../../kernels/groups.ts';
import type { ElementCode } from './element-code.ts';
import type { Emitter } from './emitter.ts';
import { absolute, bound, DOWN, functions, MASK, NEAREST, negated, UP } from './functions.ts';
import { FIXUP, FLOAT, fixupTable, INT, V, V1, type VectorInstruction, VI } from './instructions.ts';

const ONE_BITS = 1;

function binary(instruction: VectorInstruction): ElementCode {
  return {
    spare: 0,
    emit: ({ asm }, { result, operands: [a, b] }) => asm.vector3(instruction, result, a, b),
  };
}

/** The processor's min and max return the second operand beside a NaN; here either NaN wins. */
function extreme(instruction: VectorInstruction): ElementCode {
  return {
    spare: 1,
    emit: ({ asm }, { result, operands: [a, b] }) => {
      asm.vector3(instruction, result, a, b);
      asm.compareFloat(MASK, a, a, FLOAT.unordered);
      asm.vector2(V1.move, result, a, { mask: MASK });
    },
  };
}

function comparison(predicate: number, kind: 'float' | 'int', swap = false): ElementCode {
  return {
    spare: 0,
    emit: (emitter, { result, operands }) => {
      const { asm } = emitter;
      const [a, b] = swap ? [operands[1], operands[0]] : operands;
      if (kind === 'float') asm.compareFloat(MASK, a, b, predicate);
      else asm.compareInt(MASK, a, b, predicate);
      asm.broadcast(result, emitter.constantBits(ONE_BITS), { mask: MASK, zero: true });
    },
  };
}

function rounding(mode: number): ElementCode {
  return {
    spare: 0,
    emit: ({ asm }, { result, operands: [x] }) => asm.vector2Immediate(VI.round, result, x, mode),
  };
}

const { quietNaN, zero, one } = FIXUP;
const STEP_TABLE = fixupTable([quietNaN, quietNaN, zero, one, zero, one, zero, one]);

const floats: Readonly<Record<string, ElementCode>> = {
  ...functions,
  Add: binary(V.add),
  Sub: binary(V.sub),
  Mul: binary(V.mul),
  Div: binary(V.div),
  Max: extreme(V.max),
  Min: extreme(V.min),
  Less: comparison(FLOAT.less, 'float'),
  LessOrEqual: comparison(FLOAT.lessEqual, 'float'),
  Greater: comparison(FLOAT.less, 'float', true),
  GreaterOrEqual: comparison(FLOAT.lessEqual, 'float', true),
  Equal: comparison(FLOAT.equal, 'float'),
  Floor: rounding(DOWN),
  Ceil: rounding(UP),
  Round: rounding(NEAREST),
  Sqrt: { spare: 0, emit: ({ asm }, { result, operands: [x] }) => asm.vector2(V1.sqrt, result, x) },
  Neg: { spare: 0, emit: (emitter, { result, operands: [x] }) => negated(emitter, result, x) },
  Abs: { spare: 0, emit: (emitter, { result, operands: [x] }) => absolute(emitter, result, x) },
  Relu: {
    spare: 1,
    emit: ({ asm }, { result, operands: [x] }) => {
      asm.zero(result);
      asm.vector3(V.max, result, result, x);
    },
  },
  /** 1 above 0, else 0, and NaN at NaN. */
  Step: {
    spare: 0,
    emit: (emitter, { result, operands: [x] }) => {
      // The instruction reads its destination, so that what was there before must not be waited for.
      if (result !== x) emitter.asm.zero(result);
      emitter.asm.vector3ImmediateBroadcast(VI.fixup, result, x, emitter.constantBits(STEP_TABLE), 0);
    },
  },
  Reciprocal: {
    spare: 1,
    emit: (emitter, { result, operands: [x] }) => {
      emitter.asm.broadcast(result, emitter.constant(1));
      emitter.asm.vector3(V.div, result, result, x);
    },
  },
  Sign: {
    spare: 1,
    emit: (emitter, { result, operands: [x] }) => {
      const { asm } = emitter;
      // x itself at zero and NaN, else 1 with the sign of x.
      asm.vector3Broadcast(V.and, result, x, emitter.constantBits(0x80000000));
      asm.vector3Broadcast(V.or, result, result, emitter.constant(1));
      asm.compareFloat(MASK, x, emitter.constant(0), FLOAT.equal, {}, true);
      asm.vector2(V1.move, result, x, { mask: MASK });
      asm.compareFloat(MASK, x, x, FLOAT.unordered);
      asm.vector2(V1.move, result, x, { mask: MASK });
    },
  },
  IsNaN: {
    spare: 0,
    emit: (emitter, { result, operands: [x] }) => {
      emitter.asm.compareFloat(MASK, x, x, FLOAT.unordered);
      emitter.asm.broadcast(result, emitter.constantBits(ONE_BITS), { mask: MASK, zero: true });
    },
  },
  IsInf: {
    spare: 1,
    emit: (emitter, { result, operands: [x] }) => {
      absolute(emitter, result, x);
      emitter.asm.compareFloat(
        MASK,
        result,
        emitter.constant(Number.POSITIVE_INFINITY),
        FLOAT.equal,
        {},
        true,
      );
      emitter.asm.broadcast(result, emitter.constantBits(ONE_BITS), { mask: MASK, zero: true });
    },
  },
};

/** result = a / b, rounded to an integer by way of doubles, which hold every quotient; 0 where b is 0. */
function quotient(
  emitter: Emitter,
  result: number,
  a: number,
  b: number,
  [p, q, h]: readonly number[],
  mode: typeof DOWN | 'toZero',
): void {
  const { asm } = emitter;
  const divide = (target: number, left: number, right: number) => {
    asm.vector2(V1.intToDouble, p, left);
    asm.vector2(V1.intToDouble, q, right);
    asm.vector3(V.divDouble, p, p, q);
    if (mode !== 'toZero') asm.vector2Immediate(VI.roundDouble, p, p, mode);
    asm.vector2(V1.truncateDouble, target, p);
  };
  divide(result, a, b);
  asm.vector2Immediate(VI.extractHalf, a, h, 1);
  asm.vector2Immediate(VI.extractHalf, b, q, 1);
  divide(h, h, q);
  asm.vector3Immediate(VI.insertHalf, result, result, h, 1);
  zeroWhereZero(emitter, result, b, p);
}

/** result = 0 where x is 0 */
function zeroWhereZero({ asm }: Emitter, result: number, x: number, spare: number): void {
  asm.zero(spare);
  asm.compareInt(MASK, x, spare, INT.equal);
  asm.vector2(V1.move, result, spare, { mask: MASK });
}

/** No integer is NaN or infinite. */
const never: ElementCode = { spare: 0, emit: ({ asm }, { result }) => asm.zero(result) };

const integers: Readonly<Record<string, ElementCode>> = {
  Div: {
    spare: 3,
    emit: (emitter, { result, operands: [a, b], spare }) => quotient(emitter, result, a, b, spare, 'toZero'),
  },
  Mod: {
    spare: 3,
    emit: (emitter, { result, operands: [a, b], spare }) => {
      quotient(emitter, result, a, b, spare, DOWN);
      emitter.asm.vector3(V.mulInt, result, result, b);
      emitter.asm.vector3(V.subInt, result, a, result);
      zeroWhereZero(emitter, result, b, spare[0]);
    },
  },
  Relu: {
    spare: 1,
    emit: ({ asm }, { result, operands: [x] }) => {
      asm.zero(result);
      asm.vector3(V.maxInt, result, result, x);
    },
  },
  Sign: {
    spare: 1,
    emit: (emitter, { result, operands: [x] }) => {
      emitter.asm.broadcast(result, emitter.constantBits(1));
      emitter.asm.vector3(V.minInt, result, result, x);
      emitter.asm.vector3Broadcast(V.maxInt, result, result, emitter.constantBits(-1 >>> 0));
    },
  },
  IsNaN: never,
  IsInf: never,
  Add: binary(V.addInt),
  Sub: binary(V.subInt),
  Mul: binary(V.mulInt),
  Max: binary(V.maxInt),
  Min: binary(V.minInt),
  BitwiseAnd: binary(V.and),
  Less: comparison(INT.less, 'int'),
  LessOrEqual: comparison(INT.lessEqual, 'int'),
  Greater: comparison(INT.less, 'int', true),
  GreaterOrEqual: comparison(INT.lessEqual, 'int', true),
  Equal: comparison(INT.equal, 'int'),
  Abs: { spare: 0, emit: ({ asm }, { result, operands: [x] }) => asm.vector2(V1.absInt, result, x) },
  Neg: {
    spare: 1,
    emit: ({ asm }, { result, operands: [x] }) => {
      asm.zero(result);
      asm.vector3(V.subInt, result, result, x);
    },
  },
};

const booleans: Readonly<Record<string, ElementCode>> = {
  And: binary(V.and),
  Or: binary(V.or),
  Xor: binary(V.xor),
  Equal: comparison(INT.equal, 'int'),
  Not: {
    spare: 0,
    emit: (emitter, { result, operands: [x] }) =>
      emitter.asm.vector3Broadcast(V.xor, result, x, emitter.constantBits(ONE_BITS)),
  },
};

const copy: ElementCode = {
  spare: 0,
  emit: ({ asm }, { result, operands: [x] }) => {
    if (result !== x) asm.vector2(V1.move, result, x);
  },
};

/** Elements of the second operand where the first is not 0, else of the third. */
const select: ElementCode = {
  spare: 0,
  emit: ({ asm }, { result, operands: [condition, a, b] }) => {
    asm.testBits(MASK, condition, condition);
    asm.vector3(V.blend, result, b, a, { mask: MASK });
  },
};

const numberToBool: ElementCode = {
  spare: 0,
  emit: (emitter, { result, operands: [x] }) => {
    emitter.asm.testBits(MASK, x, x);
    emitter.asm.broadcast(result, emitter.constantBits(ONE_BITS), { mask: MASK, zero: true });
  },
};

/** Towards zero; 0 at NaN, and the nearest number where 32 bits do not hold the result. */
const floatToInt: ElementCode = {
  spare: 1,
  emit: (emitter, { result, operands: [x], spare: [other] }) => {
    const { asm } = emitter;
    // The processor gives the least number for all that it cannot convert.
    asm.vector2(V1.truncate, result, x);
    asm.broadcast(other, emitter.constant(2 ** 31));
    asm.compareFloat(MASK, other, x, FLOAT.lessEqual);
    asm.broadcast(result, emitter.constantBits(2 ** 31 - 1), { mask: MASK });
    asm.zero(other);
    asm.compareFloat(MASK, x, x, FLOAT.unordered);
    asm.vector2(V1.move, result, other, { mask: MASK });
  },
};

function cast(from: Kind, to: Kind): ElementCode | undefined {
  const isFloat = (kind: Kind) => kind === 'float32';
  if (isFloat(from) && isFloat(to)) return copy;
  if (isFloat(to)) {
    return { spare: 0, emit: ({ asm }, { result, operands: [x] }) => asm.vector2(V1.toFloat, result, x) };
  }
  if (isFloat(from) && to === 'bool') {
    return {
      spare: 0,
      emit: (emitter, { result, operands: [x] }) => {
        emitter.asm.compareFloat(MASK, x, emitter.constant(0), FLOAT_NOT_EQUAL, {}, true);
        emitter.asm.broadcast(result, emitter.constantBits(ONE_BITS), { mask: MASK, zero: true });
      },
    };
  }
  if (isFloat(from)) return floatToInt;
  return to === 'bool' && from !== 'bool' ? numberToBool : copy;
}

const FLOAT_NOT_EQUAL = 4;

/** Operations that take parameters. */
function withParameters(operation: string, parameters: Parameters): ElementCode | undefined {
  switch (operation) {
    case 'Clip':
      return {
        spare: 1,
        emit: (emitter, { result, operands: [x], spare: [bounded] }) => {
          bound(emitter, V.max, bounded, x, parameters.low);
          emitter.asm.broadcast(result, emitter.constant(parameters.high));
          emitter.asm.vector3(V.min, result, result, bounded);
        },
      };
    case 'LeakyRelu':
      return {
        spare: 1,
        emit: (emitter, { result, operands: [x] }) => {
          const { asm } = emitter;
          asm.vector2(V1.move, result, x);
          asm.compareFloat(MASK, x, emitter.constant(0), FLOAT.less, {}, true);
          asm.vector3Broadcast(V.mul, result, x, emitter.constant(parameters.alpha), { mask: MASK });
        },
      };
    default:
      return undefined;
  }
}

function clipInteger({ low, high }: Parameters): ElementCode {
  return {
    spare: 1,
    emit: (emitter, { result, operands: [x] }) => {
      emitter.asm.broadcast(result, emitter.constantBits(low >>> 0));
      emitter.asm.vector3(V.maxInt, result, result, x);
      emitter.asm.vector3Broadcast(V.minInt, result, result, emitter.constantBits(high >>> 0));
    },
  };
}

/** The code of an operation on operands of a type, or undefined if there is none. */
export function elementCode(
  operation: string,
  type: Kind,
  resultType: Kind,
  parameters: Parameters,
): ElementCode | undefined {
  if (operation === 'Copy') return copy;
  if (operation === 'Cast') return cast(type, resultType);
  if (operation === 'Where') return select;
  const table = type === 'float32' ? floats : type === 'bool' ? booleans : integers;
  if (type !== 'float32') return operation === 'Clip' ? clipInteger(parameters) : table[operation];
  return withParameters(operation, parameters) ?? table[operation];
}
