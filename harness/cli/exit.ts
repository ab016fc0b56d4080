/** How a command ends. */

/** 0 done, 1 a run failed, 2 wrong use, 130 interrupted. */
export const exitCodes = { done: 0, failed: 1, wrongUse: 2, interrupted: 130 } as const;

/** Ends a command with an exit code and nothing more to say. */
export class Exit extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}
