/** Environments of one process share MuJoCo's memory, 2 GB of WebAssembly's: who makes several may find it full. */
import { ModelError } from './errors.ts';

/**
 * Makes environments one after the other.
 * @param make is given 0, 1, ..., count - 1
 * @throws what `make` throws, once those that were made are disposed of; where there was no room, with how many there was for
 */
export async function makeSeveral<E extends { dispose(): void }>(
  count: number,
  make: (index: number) => Promise<E>,
): Promise<E[]> {
  const made: E[] = [];
  try {
    while (made.length < count) made.push(await make(made.length));
    return made;
  } catch (error) {
    for (const environment of made) environment.dispose();
    throw withRoom(error, count === 1 ? '' : `there was room for ${made.length} of these ${count}; `);
  }
}

/** The error, or, where memory is full, one that says whose it is. */
function withRoom(error: unknown, found: string): unknown {
  if (!(error instanceof ModelError) || !/could not allocate/i.test(error.message)) return error;
  const { message } = error;
  return new ModelError(
    `${message} (all environments of a process share 2 GB: ${found}dispose() those no longer needed)`,
    { cause: error },
  );
}
