/** Typed arrays as base64 text, for states that must survive JSON bit for bit (also NaN and -0). */

type NumericArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array;

/** Base64 of the array's bytes (little endian on every platform WebAssembly runs on). */
export function encodeArray(values: NumericArray): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let binary = '';
  for (let start = 0; start < bytes.length; start += 8192) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(binary);
}

function decodeBytes(text: string): ArrayBuffer {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes.buffer;
}

export const decodeFloat64 = (text: string): Float64Array => new Float64Array(decodeBytes(text));
export const decodeUint32 = (text: string): Uint32Array => new Uint32Array(decodeBytes(text));
export const decodeUint8 = (text: string): Uint8Array => new Uint8Array(decodeBytes(text));
