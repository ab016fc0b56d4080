/** Every kernel that can be compiled. */
import type { Translations } from '../tfjs-to-graph.ts';
import { binaryTranslations } from './binary.ts';
import { creationTranslations } from './creation.ts';
import { gatheringTranslations } from './gathering.ts';
import { matMulTranslations } from './matmul.ts';
import { reductionTranslations } from './reduction.ts';
import { shapeTranslations } from './shape.ts';
import { unaryTranslations } from './unary.ts';

export const translations: Translations = {
  ...unaryTranslations,
  ...binaryTranslations,
  ...reductionTranslations,
  ...matMulTranslations,
  ...shapeTranslations,
  ...gatheringTranslations,
  ...creationTranslations,
};

/** Kernels that have no place in a compiled function, with what to do instead. */
export const refusals: Readonly<Record<string, string>> = {
  Where:
    'its result has a size that depends on the data; use tf.where(condition, a, b) with all three operands',
  Unique: 'its result has a size that depends on the data',
};
