/** Numbers as the bits and bytes that they are in memory. */

/** The bits of a number as a 32-bit float. */
export const floatBits = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0];

/** The bytes of an array; no copy. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
