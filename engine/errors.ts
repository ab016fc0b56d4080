/** What the engine cannot do, for reasons that lie with its caller or the installation. */
export class EngineError extends Error {
  override readonly name: string = 'EngineError';
}

/** Thrown for what a code generator does not support; the graph falls back to another backend. */
export class UnsupportedOperation extends EngineError {
  override readonly name = 'UnsupportedOperation';
}

/** An index that is computed when a function runs is negative, or at least as large as its axis is long. */
export class IndexOutOfRangeError extends EngineError {
  override readonly name = 'IndexOutOfRangeError';
  constructor(compiled: string) {
    super(`'${compiled}': an index is out of range, in gather, gatherND, scatterND or tensorScatterUpdate`);
  }
}

/** A backend that was asked for and is not there. */
export class BackendUnavailableError extends EngineError {
  /** Shown to the user without a stack trace. */
  readonly userFacing = true;
  override readonly name = 'BackendUnavailableError';
}
