/**
 * The safetensors layout (huggingface.co/docs/safetensors): 8 bytes little-endian header length, a JSON header
 * { name: { dtype, shape, data_offsets }, "__metadata__": { key: string } }, then the raw little-endian
 * arrays. Python's `safetensors` package reads such files as they are.
 */
import { z } from 'zod';
import type { NdArray } from '../../engine/types.ts';

const arrayTypes = { F32: Float32Array, I32: Int32Array, U8: Uint8Array } as const;

const dtypeOf = (data: NdArray['data']): keyof typeof arrayTypes =>
  data instanceof Float32Array ? 'F32' : data instanceof Int32Array ? 'I32' : 'U8';

const size = z.number().int().nonnegative();
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
});
const metadataSchema = z.record(z.string(), z.string()).optional();

/** The file as consecutive parts, so that large arrays are not copied. */
export function encodeSafetensors(
  arrays: Readonly<Record<string, NdArray>>,
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const parts: Uint8Array[] = [];
  let offset = 0;
  // Four-byte types first, so that every array stays aligned behind the padded header.
  const names = Object.keys(arrays).sort();
  const bytesFirst = (name: string) => (arrays[name].data instanceof Uint8Array ? 1 : 0);
  names.sort((a, b) => bytesFirst(a) - bytesFirst(b));
  for (const name of names) {
    const { data, shape } = arrays[name];
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    header[name] = { dtype: dtypeOf(data), shape, data_offsets: [offset, offset + bytes.length] };
    parts.push(bytes);
    offset += bytes.length;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  padded.set(json);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);
  return [length, padded, ...parts];
}

/** @throws Error that says what is wrong with the file */
export function decodeSafetensors(file: Uint8Array): {
  arrays: Record<string, NdArray>;
  metadata: Record<string, string>;
} {
  if (file.length < 8) throw new Error(`too short: ${file.length} bytes`);
  const headerLength = readLength(file);
  if (headerLength > file.length - 8) throw new Error('the header is cut off');
  const header = parseHeader(file.subarray(8, 8 + headerLength));
  const body = file.subarray(8 + headerLength);
  const arrays: Record<string, NdArray> = {};
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const entry = entrySchema.safeParse(value);
    if (!entry.success) throw new Error(`the header describes no array by '${name}'`);
    const { dtype, shape, data_offsets: range } = entry.data;
    if (range[1] > body.length) throw new Error(`array '${name}' is cut off`);
    const copy = new Uint8Array(body.subarray(range[0], range[1])).buffer;
    const ArrayType = arrayType(dtype, name);
    const expected = shape.reduce((a, b) => a * b, 1) * ArrayType.BYTES_PER_ELEMENT;
    if (copy.byteLength !== expected) {
      throw new Error(`array '${name}' [${shape}] has ${copy.byteLength} bytes instead of ${expected}`);
    }
    arrays[name] = { data: new ArrayType(copy), shape };
  }
  return { arrays, metadata: parseMetadata(header) };
}

/** Length of the header, from the first 8 bytes of a file. */
const readLength = (start: Uint8Array): number =>
  Number(new DataView(start.buffer, start.byteOffset).getBigUint64(0, true));

/** The longest header that is read; those of checkpoints hold all rows of a run. */
const LONGEST_HEADER = 2 ** 28;

/**
 * The texts in the header of a file, without its arrays.
 * @param read gives bytes of the file; fewer where it ends
 * @throws Error as decodeSafetensors does
 */
export function readSafetensorsMetadata(
  read: (from: number, length: number) => Uint8Array,
): Record<string, string> {
  const start = read(0, 8);
  const size = start.length < 8 ? 0 : readLength(start);
  if (size > LONGEST_HEADER) throw new Error('the header is cut off');
  return parseMetadata(parseHeader(read(8, size)));
}

function parseMetadata(header: Record<string, unknown>): Record<string, string> {
  const metadata = metadataSchema.safeParse(header.__metadata__);
  if (!metadata.success) throw new Error("the header's __metadata__ holds something else than texts");
  return metadata.data ?? {};
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new Error('the header is damaged: it is no JSON', { cause });
  }
  if (typeof header === 'object' && header !== null && !Array.isArray(header))
    return header as Record<string, unknown>;
  throw new Error('the header is damaged: it lists no arrays');
}

function arrayType(dtype: string, name: string) {
  if (Object.hasOwn(arrayTypes, dtype)) return arrayTypes[dtype as keyof typeof arrayTypes];
  throw new Error(`array '${name}' has the type ${dtype}; F32, I32 and U8 are read`);
}
