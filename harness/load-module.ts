/** Loads a user's TypeScript or JavaScript file without a build step. */
import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { createJiti } from 'jiti';
import { UserError } from './errors.ts';

/** Whether a name on the command line means a file: it has a folder or a script's ending. */
export function isFile(name: string): boolean {
  return /[\\/]/.test(name) || /\.[cm]?[jt]sx?$/.test(name);
}

export function absolutePath(file: string, folder = process.cwd()): string {
  return isAbsolute(file) ? file : resolve(folder, file);
}

/** A module that does not end its loading in this time is taken for broken. */
const LOAD_SECONDS = 60;

/**
 * The default export of a user's file. Inside it, `rfm-harness`, `zod` and `@tensorflow/tfjs-core` mean this
 * package's own instances, wherever the file lies.
 * @throws UserError naming the file: not there, does not parse, throws while loading, no default export
 */
export async function loadDefaultExport(file: string): Promise<unknown> {
  const path = absolutePath(file);
  if (!existsSync(path)) throw new UserError(`cannot find the file ${file}`);
  const jiti = createJiti(import.meta.url, {
    fsCache: false,
    interopDefault: false,
    virtualModules: {
      'rfm-harness': await import('../index.ts'),
      zod: await import('zod'),
      '@tensorflow/tfjs-core': await import('@tensorflow/tfjs-core'),
    },
  });
  let module: Record<string, unknown>;
  try {
    module = await withinSeconds(jiti.import<Record<string, unknown>>(path), LOAD_SECONDS);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const kind =
      error instanceof SyntaxError || /ParseError|SyntaxError|BABEL/.test(`${error}`)
        ? 'does not parse'
        : 'fails to load';
    throw new UserError(`${file} ${kind}: ${firstLine(message)}`, { cause: error });
  }
  const value = module?.default;
  if (value === undefined) throw new UserError(`${file} has no default export`);
  return value;
}

async function withinSeconds<T>(work: Promise<T>, seconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`still loading after ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0].trim();
}
