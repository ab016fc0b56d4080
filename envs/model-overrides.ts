/** Which numbers of a model a reset left different from the compiled model. */
import type { Physics } from './physics.ts';

/** A row of a model array; a height field, which is large, by its digest. */
export type ModelOverride =
  | {
      field: string;
      index: number;
      name: string;
      value: number | number[];
      compiled: number | number[];
    }
  | {
      field: 'hfield_data';
      count: number;
      dtype: 'float32';
      sha256: string;
      min: number;
      max: number;
      sum: number;
      sampleStride: number;
      samples: number[];
    };

const HEIGHT_FIELD_STRIDE = 197;

/** Colours do not count. */
const isColour = (field: string) => field.endsWith('_rgba');

export async function modelOverrides(physics: Physics): Promise<ModelOverride[]> {
  const overrides: ModelOverride[] = [];
  for (const field of physics.modelMemory.changedFields()) {
    if (isColour(field)) continue;
    if (field === 'hfield_data') overrides.push(await heightField(physics.mjModel.hfield_data));
    else overrides.push(...changedRows(physics, field));
  }
  return overrides;
}

function changedRows(physics: Physics, field: string): ModelOverride[] {
  const compiled = physics.modelMemory.compiledArray(field);
  let start = 0;
  return physics.modelRows(field).flatMap((row, index): ModelOverride[] => {
    const cell = (values: ArrayLike<number>) => (values.length === 1 ? values[0] : Array.from(values));
    const [value, before] = [cell(row), cell(compiled.subarray(start, start + row.length))];
    start += row.length;
    if (JSON.stringify(value) === JSON.stringify(before)) return [];
    return [{ field, index, name: physics.rowName(field, index), value, compiled: before }];
  });
}

async function heightField(heights: Float32Array): Promise<ModelOverride> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', Float32Array.from(heights)));
  return {
    field: 'hfield_data',
    count: heights.length,
    dtype: 'float32',
    sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''),
    min: heights.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    max: heights.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
    sum: heights.reduce((a, b) => a + b, 0),
    sampleStride: HEIGHT_FIELD_STRIDE,
    samples: Array.from(heights).filter((_, i) => i % HEIGHT_FIELD_STRIDE === 0),
  };
}
