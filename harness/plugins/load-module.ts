/** Loads a user's TypeScript or JavaScript file without a build step. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { awaitAnswer } from '../process/awaited.ts';
import { shareOfSecond } from '../process/share.ts';
import { UserError } from '../text/errors.ts';
import { placeOf } from '../text/place.ts';
import { messageOf, printableLine } from '../text/printable.ts';

/** Whether a name on the command line means a file: it has a folder or a script's ending. */
export function isFile(name: string): boolean {
  return /[\\/]/.test(name) || /\.[cm]?[jt]sx?$/.test(name);
}

export function absolutePath(file: string, folder = process.cwd()): string {
  return isAbsolute(file) ? file : resolve(folder, file);
}

/** @throws UserError if it is not there */
export function findFile(file: string): string {
  const path = absolutePath(file);
  if (!existsSync(path)) throw new UserError(`cannot find the file ${file}`);
  if (statSync(path).isDirectory()) throw new UserError(`${file} is a folder; expected a file`);
  return path;
}

let isKeptOut = false;

/**
 * From now on, or until told otherwise, this process loads no user's file: it holds a plan, computes tables or
 * writes results, and a file may change whatever JavaScript has, `Math.sqrt` say.
 */
export function keepFilesOut(keepOut = true): void {
  isKeptOut = keepOut;
}

/** A module that does not end its loading in this time is taken for broken. */
const LOAD_SECONDS = 25;

/**
 * The default export of a user's file (of a link, the file that it leads to: its imports lie beside that), or what a CommonJS file has as `module.exports`. Inside it, `rfm-harness`, `zod` and `@tensorflow/tfjs-core` mean this
 * package's own instances, wherever the file lies.
 * @throws UserError naming the file: not there, does not parse, throws while loading, no default export
 */
export async function loadDefaultExport(file: string): Promise<unknown> {
  if (isKeptOut) throw new Error(`${file} must not be loaded in this process`);
  const path = realpathSync(findFile(file));
  const { transpilingJiti } = await import('./transpiled.ts');
  const jiti = transpilingJiti(path, {
    fsCache: false, // keeps a file in a folder that others may write to, or fails with a full disk
    interopDefault: false,
    virtualModules: {
      'rfm-harness': await import('./authoring.ts'),
      zod: await import('zod'),
      '@tensorflow/tfjs-core': await import('@tensorflow/tfjs-core'),
    },
  });
  let module: unknown;
  try {
    module = await awaitAnswer(`loading ${file}`, () => withinSeconds(jiti.import(path), LOAD_SECONDS));
  } catch (error) {
    throw new UserError(loadingFault(file, error), { cause: error });
  }
  const value = defaultOf(module);
  if (value === undefined) throw new UserError(`${file} has no default export`);
  return value;
}

/** What kept a file from loading, with the line; a faulty file that it imports is named. */
function loadingFault(file: string, error: unknown): string {
  const own = realpathSync(findFile(file));
  const message = messageOf(error);
  const what = firstLine(message);
  const [, path, line] = UNPARSED.exec(message) ?? [];
  if (path === undefined) return `${file} fails to load: ${notExported(what) ?? what}${placeOf(error, own)}`;
  const fault = `does not parse: ${what}${line === '0' ? '' : ` (line ${line})`}`;
  return path === own ? `${file} ${fault}` : `${file} fails to load: ${printableLine(path)} ${fault}`;
}

/** What JavaScript says of a function that `rfm-harness` does not give to a user's file, in other words. */
function notExported(message: string): string | undefined {
  const [, name] = /^\(0 , _rfmHarness\d*\.(\w+)\) is not a/.exec(message) ?? [];
  return name && `rfm-harness has no '${name}' for files of agents and tasks (docs/library.md)`;
}

/** Where a text is no TypeScript or JavaScript, as jiti says below its message. */
const UNPARSED = /\n\s*((?:\/|[A-Z]:[\\/])[^\n]*):(\d+):\d+\s*$/;

function defaultOf(module: unknown): unknown {
  if (module === null || module === undefined) return undefined;
  if (typeof module !== 'object' && typeof module !== 'function') return module; // `module.exports = 1`
  if ('default' in module) {
    const { default: value } = module;
    // What TypeScript compiles to CommonJS has its default export one level below what another file imports.
    const isCompiled = value instanceof Object && '__esModule' in value && 'default' in value;
    return isCompiled ? value.default : value;
  }
  const isEsModule = '__esModule' in module || Object.prototype.toString.call(module) === '[object Module]';
  return isEsModule || (typeof module === 'object' && Object.keys(module).length === 0) ? undefined : module;
}

async function withinSeconds<T>(work: Promise<T>, seconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    let passed = 0;
    timer = setInterval(() => {
      passed += shareOfSecond();
      if (passed >= seconds) reject(new Error(`still loading after ${seconds} s`));
    }, 1000);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearInterval(timer);
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0].trim();
}
