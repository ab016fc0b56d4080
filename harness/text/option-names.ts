/** Options as scripts write them, in messages that name those of the command. */
import { UserError } from './errors.ts';

/**
 * Runs work of the library: what it refuses is said with the names of `options`, `steps` for `--steps`.
 * @param known the options that the caller may give
 */
export async function namingOptions<T>(known: object, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const message = error.message.replaceAll(/(?<![\w-])--([a-z]+(?:-[a-z]+)*)/g, (flag, name: string) => {
      const option = name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
      return Object.hasOwn(known, option) ? option : flag;
    });
    throw message === error.message ? error : new UserError(message, { cause: error });
  }
}
