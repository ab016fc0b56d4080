/** Named float32 arrays in one file: a line of JSON {path: shape}, then the numbers of each in turn. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { NdArray } from '../../engine/types.ts';

export function writeArrays(file: string, arrays: Readonly<Record<string, NdArray>>): void {
  const shapes = Object.fromEntries(Object.entries(arrays).map(([path, { shape }]) => [path, shape]));
  const parts = Object.values(arrays).map(({ data }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  );
  writeFileSync(file, Buffer.concat([Buffer.from(`${JSON.stringify(shapes)}\n`), ...parts]));
}

export function readArrays(file: string): Record<string, Float32Array> {
  const bytes = readFileSync(file);
  const end = bytes.indexOf(10) + 1;
  const shapes = JSON.parse(bytes.subarray(0, end).toString()) as Record<string, number[]>;
  let at = end;
  const arrays: Record<string, Float32Array> = {};
  for (const [path, shape] of Object.entries(shapes)) {
    const size = shape.reduce((product, n) => product * n, 1);
    arrays[path] = new Float32Array(
      bytes.buffer.slice(bytes.byteOffset + at, bytes.byteOffset + at + 4 * size),
    );
    at += 4 * size;
  }
  return arrays;
}
