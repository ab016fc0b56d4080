/** ONNX Runtime's package for Node, which is optional: opened when a graph needs it. */
import { BackendUnavailableError } from '../errors.ts';

/** What is used of the package; written out, since it may be absent where this is compiled. */
export interface Runtime {
  readonly Tensor: TensorClass;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
  listSupportedBackends(): readonly { readonly name: string }[];
}

interface TensorClass {
  new (type: 'float32', data: Float32Array, shape: readonly number[]): RuntimeTensor;
  new (type: 'int32', data: Int32Array, shape: readonly number[]): RuntimeTensor;
  new (type: 'bool', data: Uint8Array, shape: readonly number[]): RuntimeTensor;
}

export interface RuntimeTensor {
  readonly dims: readonly number[];
}

export interface Session {
  run(feeds: Record<string, RuntimeTensor>, fetches: Record<string, RuntimeTensor>): Promise<unknown>;
  endProfiling(): void;
  release(): Promise<void>;
}

const PACKAGE = 'onnxruntime-node';

/** @throws BackendUnavailableError if the package is not installed, or its library does not load here */
export async function openRuntime(): Promise<Runtime> {
  try {
    // By way of a name: an optional peer is nothing that a compiler should look for.
    return (await import(PACKAGE)) as Runtime;
  } catch (error) {
    throw new BackendUnavailableError(whyNot(error));
  }
}

/** Without its install script, which fetches libraries for graphics cards, the package has all that a CPU needs. */
const INSTALL = `npm install --ignore-scripts ${PACKAGE}`;

function whyNot(error: unknown): string {
  const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0];
  const absent =
    (error as { code?: unknown } | null)?.code === 'ERR_MODULE_NOT_FOUND' && reason.includes(`'${PACKAGE}'`);
  return absent
    ? `the backend onnx needs the package ${PACKAGE}: ${INSTALL}`
    : `the backend onnx does not start, ${PACKAGE} is broken (${INSTALL} replaces it): ${reason}`;
}
