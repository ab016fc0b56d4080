/** The instruction sets that programs are written for. */
import { avx2 } from './avx2.ts';
import { avx512 } from './avx512.ts';
import type { InstructionSet } from './instruction-set.ts';
import type { InstructionSetName } from './memory.ts';

export const instructionSets: Readonly<Record<InstructionSetName, InstructionSet>> = { avx512, avx2 };
