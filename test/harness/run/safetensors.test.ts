import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../../../harness/run/safetensors.ts';

/** A file put together by hand from the format's description, not by our encoder. */
function handMade(): Uint8Array {
  const header = JSON.stringify({
    __metadata__: { author: 'by hand' },
    weight: { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] },
    steps: { dtype: 'I32', shape: [], data_offsets: [16, 20] },
    flags: { dtype: 'U8', shape: [3], data_offsets: [20, 23] },
  });
  const file = Buffer.alloc(8 + header.length + 23);
  file.writeBigUInt64LE(BigInt(header.length), 0);
  file.write(header, 8);
  const at = 8 + header.length;
  [1, -2.5, 0.5, 3e38].forEach((value, i) => {
    file.writeFloatLE(value, at + 4 * i);
  });
  file.writeInt32LE(-7, at + 16);
  file.set([0, 128, 255], at + 20);
  return file;
}

describe('safetensors', () => {
  it('reads a file made by hand', () => {
    const { arrays, metadata } = decodeSafetensors(handMade());
    expect(metadata).toEqual({ author: 'by hand' });
    expect(arrays.weight).toEqual({
      data: new Float32Array([1, -2.5, 0.5, Math.fround(3e38)]),
      shape: [2, 2],
    });
    expect(arrays.steps).toEqual({ data: new Int32Array([-7]), shape: [] });
    expect(arrays.flags).toEqual({ data: new Uint8Array([0, 128, 255]), shape: [3] });
  });

  it('writes what it reads, bit for bit, with aligned arrays', () => {
    const arrays = {
      flags: { data: new Uint8Array([1, 2, 3]), shape: [3] },
      noise: { data: new Float32Array([Number.NaN, -0, Number.POSITIVE_INFINITY, 1e-45]), shape: [4] },
      empty: { data: new Float32Array(0), shape: [0, 5] },
      'agent/näme': { data: new Int32Array([2 ** 31 - 1, -(2 ** 31)]), shape: [2, 1] },
    };
    const file = Buffer.concat(encodeSafetensors(arrays, { run: '{"a":"é"}' }));
    const headerLength = Number(file.readBigUInt64LE(0));
    expect(headerLength % 8).toBe(0);
    const header = JSON.parse(file.toString('utf8', 8, 8 + headerLength));
    expect(header.noise.data_offsets[0] % 4).toBe(0);
    const back = decodeSafetensors(file);
    expect(back.metadata).toEqual({ run: '{"a":"é"}' });
    for (const [name, { data, shape }] of Object.entries(arrays)) {
      expect(back.arrays[name].shape).toEqual(shape);
      expect(new Uint8Array(back.arrays[name].data.buffer)).toEqual(new Uint8Array(data.buffer));
    }
  });

  it('says what is wrong with a torn file', () => {
    const file = handMade();
    expect(() => decodeSafetensors(file.subarray(0, 5))).toThrow('too short: 5 bytes');
    expect(() => decodeSafetensors(file.subarray(0, 60))).toThrow('the header is cut off');
    expect(() => decodeSafetensors(file.subarray(0, file.length - 4))).toThrow("array 'steps' is cut off");
  });

  it.each([
    ['{"weight": ', 'the header is damaged: it is no JSON'],
    ['null', 'the header is damaged: it lists no arrays'],
    ['[1]', 'the header is damaged: it lists no arrays'],
    ['{"weight": null}', "the header describes no array by 'weight'"],
    [
      '{"weight": {"dtype": "F32", "shape": "2", "data_offsets": [0, 8]}}',
      "the header describes no array by 'weight'",
    ],
    [
      '{"weight": {"dtype": "F32", "shape": [2], "data_offsets": [0, 7]}}',
      "array 'weight' [2] has 7 bytes instead of 8",
    ],
    [
      '{"weight": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}',
      "array 'weight' [2] has 0 bytes instead of 8",
    ],
    [
      '{"weight": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}}',
      "array 'weight' has the type F16; F32, I32 and U8 are read",
    ],
    ['{"__metadata__": {"run": 1}}', "the header's __metadata__ holds something else than texts"],
  ])('says in words what is wrong with the header %s', (header, reason) => {
    const file = Buffer.alloc(8 + header.length + 8);
    file.writeBigUInt64LE(BigInt(header.length), 0);
    file.write(header, 8);
    expect(() => decodeSafetensors(file)).toThrow(reason);
  });
});
