import { describe, expect, it } from 'vitest';
import { R } from '../../../../engine/codegen/x86/assembler.ts';
import { Avx2Assembler } from '../../../../engine/codegen/x86/avx2-assembler.ts';
import { FLOAT, INT, V, V1, VI } from '../../../../engine/codegen/x86/instructions.ts';

/** Constants are at 0x1000 and following addresses, in the order in which they are asked for; masks at 0x2000. */
function assembler() {
  const known = new Map<string, number>();
  return new Avx2Assembler({
    masks: 0x2000,
    constantWords(words) {
      const at = known.get(words.join()) ?? 0x1000 + 32 * known.size;
      known.set(words.join(), at);
      return { displacement: at };
    },
  });
}

const at = { base: R.rsi, displacement: 0 };
const far = { base: R.r13, index: R.r9, scale: 4, displacement: 0x1234 } as const;
const first = { mask: 1 };
const zeroing = { mask: 1, zero: true };

/** What is written, and the bytes that GNU as 2.40 makes of the same instructions, in Intel's syntax. */
const cases: readonly (readonly [string, (asm: Avx2Assembler) => void, string])[] = [
  ['vaddps ymm1,ymm2,ymm3', (asm) => asm.vector3(V.add, 1, 2, 3), 'c5ec58cb'],
  ['vaddps ymm9,ymm2,ymm11', (asm) => asm.vector3(V.add, 9, 2, 11), 'c4416c58cb'],
  ['vsubps ymm1,ymm12,[rsi]', (asm) => asm.vector3(V.sub, 1, 12, at), 'c59c5c0e'],
  ['vmulps ymm8,ymm15,[r13+r9*4+0x1234]', (asm) => asm.vector3(V.mul, 8, 15, far), 'c4010459848d34120000'],
  [
    'vdivps ymm1,ymm2,[r12-8]',
    (asm) => asm.vector3(V.div, 1, 2, { base: R.r12, displacement: -8 }),
    'c4c16c5e4c24f8',
  ],
  [
    'vminps ymm1,ymm2,[rbp]',
    (asm) => asm.vector3(V.min, 1, 2, { base: R.rbp, displacement: 0 }),
    'c5ec5d4d00',
  ],
  [
    'vmaxps ymm1,ymm2,[rsp+0x40]',
    (asm) => asm.vector3(V.max, 1, 2, { base: R.rsp, displacement: 64 }),
    'c5ec5f4c2440',
  ],
  [
    'vpand ymm1,ymm2,[0x1234]',
    (asm) => asm.vector3(V.and, 1, 2, { displacement: 0x1234 }),
    'c5eddb0c2534120000',
  ],
  [
    'vpor ymm1,ymm2,[rax*4+0x10]',
    (asm) => asm.vector3(V.or, 1, 2, { index: R.rax, scale: 4, displacement: 16 }),
    'c5edeb0c8510000000',
  ],
  ['vpxor ymm10,ymm10,ymm10', (asm) => asm.zero(10), 'c4412defd2'],
  ['vpaddd ymm1,ymm2,ymm3', (asm) => asm.vector3(V.addInt, 1, 2, 3), 'c5edfecb'],
  ['vpsubd ymm1,ymm2,ymm3', (asm) => asm.vector3(V.subInt, 1, 2, 3), 'c5edfacb'],
  ['vpmulld ymm1,ymm2,ymm3', (asm) => asm.vector3(V.mulInt, 1, 2, 3), 'c4e26d40cb'],
  ['vpminsd ymm1,ymm2,ymm13', (asm) => asm.vector3(V.minInt, 1, 2, 13), 'c4c26d39cd'],
  ['vpmaxsd ymm9,ymm10,ymm11', (asm) => asm.vector3(V.maxInt, 9, 10, 11), 'c4422d3dcb'],
  ['vfmadd213ps ymm1,ymm2,ymm3', (asm) => asm.vector3(V.fma213, 1, 2, 3), 'c4e26da8cb'],
  [
    'vfmadd231ps ymm11,ymm12,[r13+r9*4+0x1234]',
    (asm) => asm.vector3(V.fma231, 11, 12, far),
    'c4021db89c8d34120000',
  ],
  [
    'vfnmadd231ps ymm1,ymm2,[0x1234]',
    (asm) => asm.vector3Broadcast(V.fnma231, 1, 2, { displacement: 0x1234 }),
    'c4e26dbc0c2534120000',
  ],
  ['vunpcklps ymm8,ymm0,ymm1', (asm) => asm.vector3(V.unpackLow, 8, 0, 1), 'c57c14c1'],
  ['vunpckhps ymm8,ymm0,ymm1', (asm) => asm.vector3(V.unpackHigh, 8, 0, 1), 'c57c15c1'],
  ['vunpcklpd ymm0,ymm8,ymm10', (asm) => asm.vector3(V.unpackLow64, 0, 8, 10), 'c4c13d14c2'],
  ['vunpckhpd ymm0,ymm8,ymm10', (asm) => asm.vector3(V.unpackHigh64, 0, 8, 10), 'c4c13d15c2'],
  ['vdivpd ymm0,ymm8,ymm10', (asm) => asm.vector3(V.divDouble, 0, 8, 10), 'c4c13d5ec2'],
  ['vmovups ymm3,[rsi]', (asm) => asm.vector2(V1.load, 3, at), 'c5fc101e'],
  ['vmovaps ymm3,ymm7', (asm) => asm.vector2(V1.move, 3, 7), 'c5fc28df'],
  ['vsqrtps ymm3,ymm9', (asm) => asm.vector2(V1.sqrt, 3, 9), 'c4c17c51d9'],
  ['vcvtps2dq ymm3,ymm7', (asm) => asm.vector2(V1.toInt, 3, 7), 'c5fd5bdf'],
  ['vcvttps2dq ymm3,ymm7', (asm) => asm.vector2(V1.truncate, 3, 7), 'c5fe5bdf'],
  ['vcvtdq2ps ymm3,ymm7', (asm) => asm.vector2(V1.toFloat, 3, 7), 'c5fc5bdf'],
  ['vpabsd ymm3,ymm7', (asm) => asm.vector2(V1.absInt, 3, 7), 'c4e27d1edf'],
  ['vcvtdq2pd ymm3,xmm7', (asm) => asm.vector2(V1.intToDouble, 3, 7), 'c5fee6df'],
  ['vcvttpd2dq xmm3,ymm7', (asm) => asm.vector2(V1.truncateDouble, 3, 7), 'c5fde6df'],
  ['vroundps ymm3,ymm7,9', (asm) => asm.vector2Immediate(VI.round, 3, 7, 9), 'c4e37d08df09'],
  ['vroundpd ymm3,ymm7,9', (asm) => asm.vector2Immediate(VI.roundDouble, 3, 7, 9), 'c4e37d09df09'],
  ['vpermilps ymm3,ymm7,0x4e', (asm) => asm.vector2Immediate(VI.permuteInLane, 3, 7, 0x4e), 'c4e37d04df4e'],
  [
    'vperm2f128 ymm3,ymm7,ymm9,0x31',
    (asm) => asm.vector3Immediate(VI.shuffleHalves, 3, 7, 9, 0x31),
    'c4c34506d931',
  ],
  ['vpslld ymm3,ymm9,23', (asm) => asm.shiftLeft(3, 9, 23), 'c4c16572f117'],
  ['vpsrad ymm11,ymm7,1', (asm) => asm.shiftRight(11, 7, 1), 'c5a572e701'],
  ['vextractf128 xmm9,ymm3,1', (asm) => asm.extractHalf(9, 3), 'c4c37d19d901'],
  ['vinsertf128 ymm3,ymm7,xmm9,1', (asm) => asm.insertHalf(3, 7, 9), 'c4c34518d901'],
  ['vbroadcastss ymm3,[r13+r9*4+0x1234]', (asm) => asm.broadcast(3, far), 'c4827d189c8d34120000'],
  ['vmovss xmm9,[rsi]', (asm) => asm.loadScalar(9, at), 'c57a100e'],
  ['vmovss [rsi],xmm9', (asm) => asm.storeScalar(at, 9), 'c57a110e'],
  ['vmovups [rsi],ymm9', (asm) => asm.storeVector(at, 9), 'c57c110e'],
  ['vpmovzxbd ymm9,[rsi]', (asm) => asm.loadBytes(9, at), 'c4627d310e'],
  [
    'vextractf128 xmm14,ymm3,1; vpackusdw xmm14,xmm3,xmm14; vpackuswb xmm14,xmm14,xmm14; vmovlps [rsi],xmm14',
    (asm) => asm.storeBytes(at, 3),
    'c4c37d19de01c442612bf6c4410967f6c5781336',
  ],
  [
    'vmovss xmm3,[rsi]',
    (asm) => {
      asm.setMask(1, 1);
      asm.vector2(V1.load, 3, at, zeroing);
    },
    'c5fa101e',
  ],
  [
    'vmovsd xmm3,[rsi]',
    (asm) => {
      asm.setMask(1, 2);
      asm.vector2(V1.load, 3, at, zeroing);
    },
    'c5fb101e',
  ],
  [
    'vmovups xmm3,[rsi]',
    (asm) => {
      asm.setMask(1, 4);
      asm.vector2(V1.load, 3, at, zeroing);
    },
    'c5f8101e',
  ],
  [
    'vmovups ymm3,[0x1000]; vmaskmovps ymm3,ymm3,[rsi]',
    (asm) => {
      asm.setMask(1, 5);
      asm.vector2(V1.load, 3, at, zeroing);
    },
    'c5fc101c2500100000c4e2652c1e',
  ],
  [
    'vmovss [rsi],xmm3',
    (asm) => {
      asm.setMask(1, 1);
      asm.storeVector(at, 3, first);
    },
    'c5fa111e',
  ],
  [
    'vmovlps [rsi],xmm3; vextractps [rsi+8],xmm3,2',
    (asm) => {
      asm.setMask(1, 3);
      asm.storeVector(at, 3, first);
    },
    'c5f8131ec4e379175e0802',
  ],
  [
    'vmovups [rsi],xmm3; vextractf128 xmm14,ymm3,1; vmovlps [rsi+16],xmm14; vextractps [rsi+24],xmm14,2',
    (asm) => {
      asm.setMask(1, 7);
      asm.storeVector(at, 3, first);
    },
    'c5f8111ec4c37d19de01c578137610c4637917761802',
  ],
  [
    'vmovups ymm14,[0x1000]; vmaskmovps ymm14,ymm14,[rsi]; vaddps ymm14,ymm2,ymm14; vmovups ymm15,[0x1000]; vpand ymm3,ymm15,ymm14',
    (asm) => {
      asm.setMask(1, 3);
      asm.vector3(V.add, 3, 2, at, zeroing);
    },
    'c57c10342500100000c4620d2c36c4416c58f6c57c103c2500100000c4c105dbde',
  ],
  [
    'vblendps ymm3,ymm3,ymm7,0x1f',
    (asm) => {
      asm.setMask(1, 5);
      asm.vector2(V1.move, 3, 7, first);
    },
    'c4e3650cdf1f',
  ],
  [
    'vmovss xmm3,[rsi]; vinsertps xmm3,xmm3,[rsi+12],0x10; vinsertps xmm3,xmm3,[rsi+24],0x20; vinsertps xmm3,xmm3,[rsi+36],0x30; vmovss xmm14,[rsi+48]; vinsertps xmm14,xmm14,[rsi+60],0x10; vinsertf128 ymm3,ymm3,xmm14,1',
    (asm) => {
      asm.setMask(4, 6);
      asm.gather(3, { register: 0, stride: 3 }, R.rsi, 4);
    },
    'c5fa101ec4e361215e0c10c4e361215e1820c4e361215e2430c57a107630c4630921763c10c4c36518de01',
  ],
  [
    'vextractf128 xmm14,ymm3,1; vextractps [rsi],xmm3,0; vextractps [rsi-12],xmm3,1; vextractps [rsi-24],xmm3,2; vextractps [rsi-36],xmm3,3; vextractps [rsi-48],xmm14,0',
    (asm) => {
      asm.setMask(4, 5);
      asm.scatter(3, { register: 0, stride: -3 }, R.rsi, 4);
    },
    'c4c37d19de01c4e379171e00c4e379175ef401c4e379175ee802c4e379175edc03c463791776d000',
  ],
  [
    'vpxor ymm3,ymm3,ymm3; vpinsrb xmm3,xmm3,[rsi],0; vpinsrb xmm3,xmm3,[rsi+1],1; vpmovzxbd ymm3,xmm3',
    (asm) => {
      asm.setMask(1, 2);
      asm.loadBytes(3, at, zeroing);
    },
    'c5e5efdbc4e361201e00c4e361205e0101c4e27d31db',
  ],
  [
    'vextractf128 xmm14,ymm3,1; vpackusdw xmm14,xmm3,xmm14; vpackuswb xmm14,xmm14,xmm14; vpextrb [rsi],xmm14,0; vpextrb [rsi+1],xmm14,1',
    (asm) => {
      asm.setMask(1, 2);
      asm.storeBytes(at, 3, first);
    },
    'c4c37d19de01c442612bf6c4410967f6c46379143600c4637914760101',
  ],
  [
    'vcmpltps ymm15,ymm3,[rsi]; vmovups [0x2040],ymm15; vblendvps ymm4,ymm5,ymm6,ymm15',
    (asm) => {
      asm.compareFloat(2, 3, at, FLOAT.less);
      asm.blend(4, 5, 6, 2);
    },
    'c564c23e01c57c113c2540200000c4e3554ae6f0',
  ],
  [
    'vpcmpgtd ymm15,ymm4,ymm3; vmovups [0x2040],ymm15; vpcmpeqd ymm15,ymm4,ymm5; vmovups [0x2060],ymm15; vmovups ymm15,[0x2040]; vpor ymm15,ymm15,[0x2060]; vmovups [0x2040],ymm15; vpand ymm7,ymm15,[0x1234]',
    (asm) => {
      asm.compareInt(2, 3, 4, INT.less);
      asm.compareInt(3, 4, 5, INT.equal);
      asm.orMasks(2, 2, 3);
      asm.broadcast(7, { displacement: 0x1234 }, { mask: 2, zero: true });
    },
    'c55d66fbc57c113c2540200000c55d76fdc57c113c2560200000c57c103c2540200000c505eb3c2560200000c57c113c2540200000c585db3c2534120000',
  ],
  [
    'vmovups ymm14,[rsi]; vpcmpgtd ymm15,ymm14,ymm3; vpand ymm15,ymm15,[0x2060]; vmovups [0x2040],ymm15',
    (asm) => asm.compareInt(2, 3, at, INT.less, { mask: 3 }),
    'c57c1036c50d66fbc505db3c2560200000c57c113c2540200000',
  ],
  [
    'vpcmpgtd ymm15,ymm3,ymm4; vpxor ymm15,ymm15,[0x1000]; vmovups [0x2040],ymm15',
    (asm) => asm.compareInt(2, 3, 4, INT.lessEqual),
    'c56566fcc505ef3c2500100000c57c113c2540200000',
  ],
  [
    'vpand ymm14,ymm3,ymm4; vpxor ymm15,ymm15,ymm15; vpcmpeqd ymm15,ymm15,ymm14; vpxor ymm15,ymm15,[0x1000]; vmovups [0x2040],ymm15; vmulps ymm14,ymm5,ymm6; vblendvps ymm9,ymm9,ymm14,ymm15',
    (asm) => {
      asm.testBits(2, 3, 4);
      asm.vector3(V.mul, 9, 5, 6, { mask: 2 });
    },
    'c565dbf4c44105efffc4410576fec505ef3c2500100000c57c113c2540200000c55459f6c443354acef0',
  ],
];

describe('AVX2 as the assembler writes it', () => {
  it.each(cases)('%s', (_, write, bytes) => {
    const asm = assembler();
    write(asm);
    expect(Buffer.from(asm.code()).toString('hex')).toBe(bytes);
  });
});
