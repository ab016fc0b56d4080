/** Every kernel that can be compiled. */
import type { Lowerings } from '../lowering.ts';
import { binaryLowerings } from './binary.ts';
import { creationLowerings } from './creation.ts';
import { gatheringLowerings } from './gathering.ts';
import { matMulLowerings } from './matmul.ts';
import { reductionLowerings } from './reduction.ts';
import { shapeLowerings } from './shape.ts';
import { unaryLowerings } from './unary.ts';

export const lowerings: Lowerings = {
  ...unaryLowerings,
  ...binaryLowerings,
  ...reductionLowerings,
  ...matMulLowerings,
  ...shapeLowerings,
  ...gatheringLowerings,
  ...creationLowerings,
};

/** Kernels that have no place in a compiled function, with what to do instead. */
export const refusals: Readonly<Record<string, string>> = {
  Where:
    'its result has a size that depends on the data; use tf.where(condition, a, b) with all three operands',
  Unique: 'its result has a size that depends on the data',
};
