/** AVX-512: vectors of 16, masks of their own, 32 registers. */
import { Avx512Assembler } from './avx512-assembler.ts';
import { type InstructionSet, LOOP_REGISTERS } from './instruction-set.ts';
import { VI } from './instructions.ts';

const REGISTERS = 32;
const TILE_ROWS = 12;

export const avx512: InstructionSet = {
  target: {
    lanes: 16,
    // A mask costs less than a second number.
    shortestVector: 2,
    rowPadding: TILE_ROWS,
    loopRegisters: LOOP_REGISTERS.length,
  },
  registers: REGISTERS,
  freeRegisters: REGISTERS,
  constantCopies: 1,
  maskBytes: 0,
  hasScatter: true,
  multipliesByMemory: true,
  tileRows: (vectors) => (vectors <= 2 ? TILE_ROWS : vectors === 3 ? 8 : vectors === 4 ? 6 : 3),
  tileVectors: (rows) => (rows > 8 ? 2 : rows > 5 ? 3 : rows > 3 ? 4 : 8),
  // A panel has 32 columns: few passes over rows. Blocks of 256 KiB left updates as fast (0.99 to 1.01 of the time).
  blockBytes: Number.POSITIVE_INFINITY,
  firstSum: (sums) => REGISTERS - sums,
  laneExchanges: [
    [VI.shuffleLanes, 0x4e],
    [VI.shuffleLanes, 0xb1],
  ],
  assembler: () => new Avx512Assembler(),
};
