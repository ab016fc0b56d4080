/** Files that share a process find it with denormal numbers: what opens ONNX Runtime is listed in vitest.config.ts. */
import { afterAll, expect } from 'vitest';

afterAll(() => {
  const least = Number('2.2250738585072014e-308');
  expect(least / 2, 'a denormal number: does this file open ONNX Runtime?').not.toBe(0);
});
