/** What can go wrong while a function is traced; each error names the function's line. */

/** An operation that the compiler has no translation for. */
export class UnsupportedOperationError extends Error {
  override readonly name = 'UnsupportedOperationError';
  constructor(operation: string, advice = 'use other operations, or run it with the backend eager') {
    super(`'${operation}' cannot be compiled${callerLine()}: ${advice}`);
  }
}

/** The function asked for a tensor's numbers, which do not exist while it is traced. */
export class DataDependentReadError extends Error {
  override readonly name = 'DataDependentReadError';
  constructor() {
    super(
      `a compiled function reads a tensor's values (data, dataSync, array, print ...)${callerLine()}: they are ` +
        'known only when it runs; return the tensor, or choose with tf.where',
    );
  }
}

/** A tensor from another tracing was used, or one outlived its own. */
export class ForeignTensorError extends Error {
  override readonly name = 'ForeignTensorError';
  constructor() {
    super(
      `a compiled function uses a tensor that another compiled function made${callerLine()}: ` +
        'pass it in as an input, and keep no tensors between calls',
    );
  }
}

/** A tensor whose memory has been given back. */
export class DisposedTensorError extends Error {
  override readonly name = 'DisposedTensorError';
  constructor() {
    super(
      `a compiled function uses a tensor that has been disposed of${callerLine()}: ` +
        'return from tf.tidy what is used after it',
    );
  }
}

/** Shapes or types that an operation does not take. */
export class OperandError extends Error {
  override readonly name = 'OperandError';
  constructor(operation: string, problem: string, place = callerLine()) {
    super(`'${operation}': ${problem}${place}`);
  }
}

/** A function whose gradient is asked for and has none. */
export class MissingGradientError extends Error {
  override readonly name = 'MissingGradientError';
  constructor(operation: string, advice: string, derivative = 'gradient') {
    super(`'${operation}' has no ${derivative}${callerLine()}: ${advice}`);
  }
}

/**
 * An error of TensorFlow.js's own checks as an OperandError with the function's line; other errors as they are.
 * @param error with its stack, as long as Error.stackTraceLimit was when it was thrown
 */
export function withLine(error: unknown): unknown {
  if (!(error instanceof Error) || error.constructor !== Error) return error;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s*at /.test(line));
  if (!frames[0]?.includes('@tensorflow')) return error;
  const operation = frames
    .map((frame) => /^\s*at (?:\w+\.)?([A-Za-z]\w*)_ \(/.exec(frame)?.[1])
    .find(Boolean);
  return new OperandError(operation ?? 'TensorFlow.js', error.message, userLine(error.stack ?? ''));
}

const machinery =
  /@tensorflow|[\\/]engine[\\/](trace|backends|optimiser|parameters|gradients|codegen|onnx)|[\\/]agents[\\/]host\.ts|^\s*at (?:async )?node:/;

/** The folder of the package as built, which has lost the names of its files. */
const built = /^(.*\/dist\/)(?:chunks|engine)\//.exec(import.meta.url)?.[1];

/**
 * ` at file:line:column` of the innermost stack frame outside TensorFlow.js and the engine, if there is one; of the package as built
 * no frame counts.
 */
export function callerLine(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 60;
  const stack = new Error().stack ?? '';
  Error.stackTraceLimit = limit;
  return userLine(stack);
}

/** Of a stack. */
function userLine(stack: string): string {
  for (const line of stack.split('\n').slice(1)) {
    if (machinery.test(line) || (built !== undefined && line.includes(built))) continue;
    const place = /\(?((?:file:\/\/)?[^()\s]+:\d+:\d+)\)?$/.exec(line.trim());
    if (place !== null && !place[1].startsWith('node:')) return ` at ${place[1].replace('file://', '')}`;
  }
  return '';
}
