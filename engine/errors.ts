/** What the engine cannot do, for reasons that lie with its caller or the installation. */
export class EngineError extends Error {
  override readonly name: string = 'EngineError';
}

/** A backend that was asked for and is not there. */
export class BackendUnavailableError extends EngineError {
  /** Shown to the user without a stack trace. */
  readonly userFacing = true;
  override readonly name = 'BackendUnavailableError';
}
