/** Finds the operation that made the first NaN or infinity. */
import * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../errors.ts';
import { callerLine } from '../trace/errors.ts';

/** An operation gave a value that is not finite. */
export class NonFiniteError extends EngineError {
  override readonly name = 'NonFiniteError';
}

type Kernel = (params: { kernelName: string; inputs: Record<string, tf.Tensor | undefined> }) => unknown;

/**
 * Runs `body` and throws at the first operation whose result is not finite although all its operands are,
 * naming it, its operands' shapes and ranges, and the line of the function.
 */
export function checkingNumerics<T>(body: () => T): T {
  const engine = tf.engine() as unknown as { runKernelFunc: Kernel };
  const original = engine.runKernelFunc;
  engine.runKernelFunc = function (this: unknown, params) {
    const result = original.call(this, params);
    if (params.kernelName !== undefined) check(params.kernelName, params.inputs, result);
    return result;
  };
  try {
    return body();
  } finally {
    engine.runKernelFunc = original;
  }
}

function check(name: string, inputs: Record<string, tf.Tensor | undefined>, result: unknown): void {
  for (const output of Array.isArray(result) ? result : [result]) {
    if (!(output instanceof tf.Tensor) || output.dtype !== 'float32') continue;
    const bad = output.dataSync().findIndex((x) => !Number.isFinite(x));
    if (bad < 0) continue;
    const operands = Object.entries(inputs).flatMap(([key, x]) =>
      x instanceof tf.Tensor ? [describe(key, x)] : [],
    );
    throw new NonFiniteError(
      `'${name}' gives ${output.dataSync()[bad]} at element ${bad} of [${output.shape}]${callerLine()}; ` +
        `operands: ${operands.join(', ')}`,
    );
  }
}

function describe(name: string, x: tf.Tensor): string {
  const data = x.dataSync();
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of data) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return `${name} [${x.shape}] from ${low} to ${high}`;
}
