/** Where MJCF and the files that it names come from, and how they become a compiled model. */
import { ModelError, TaskError } from './errors.ts';
import { withFiles } from './model-files.ts';
import type { MjModel, MuJoCo } from './mujoco.ts';
import { named } from './named-value.ts';

/**
 * Reads a file of a model, as text or as bytes: `read('cheetah.xml')`. Files are named relative to the folder of the
 * task. Throws if there is none.
 */
export interface ModelSource {
  (file: string): string | Uint8Array;
  /**
   * Absolute path of that folder, parted by `/`. Where it is given, `..` and absolute paths in a model leave the
   * folder, and such a file is asked for by its absolute path; else only files below the folder can be reached.
   */
  readonly folder?: string;
}

/** Reads a text file of a model, for a description that builds its MJCF from it. */
export type ModelReader = (file: string) => string;

/** MJCF, and where it would be if it were a file: what it names is looked for from there. */
export interface ModelText {
  readonly xml: string;
  /** Relative to the folder of the task. */
  readonly path: string;
  /** Built by the description: what is not in the path's folder is looked for in the folder of the task. */
  readonly built?: boolean;
}

/** Stands for a folder that has no path. */
const NOWHERE = '/model';

/**
 * The MJCF of a description. Text of a file stays in the folder of that file; text that is built from files belongs
 * to the folder of the first.
 * @throws TaskError if it is no text
 */
export function describedModel(describe: (asset: ModelReader) => unknown, source: ModelSource): ModelText {
  const texts: ModelText[] = [];
  const mjcf = describe((path) => {
    const found = source(path);
    const xml =
      typeof found === 'string' ? found : new TextDecoder('utf-8', { ignoreBOM: true }).decode(found);
    texts.push({ xml, path });
    return xml;
  });
  if (typeof mjcf !== 'string') throw new TaskError(`the model must be MJCF text, found ${named(mjcf)}`);
  const file = texts.find(({ xml }) => xml === mjcf);
  return file ?? { xml: mjcf, path: `${folderOf(texts[0]?.path ?? '')}the built model.xml`, built: true };
}

/** Compiles MJCF; files that it names come from the source. The caller deletes the model. @throws ModelError */
export function compileModel(mujoco: MuJoCo, model: ModelText, source: ModelSource): MjModel {
  const folder = source.folder ?? NOWHERE;
  const main = absolute(folder, model.path);
  const ownFolder = folderOf(model.path);
  /** Why there is no such file, by its name; folders on the way to files are among them. */
  const missing = new Map<string, unknown>();
  const attempt = (file: string): Uint8Array | undefined => {
    try {
      return bytesOf(source(file));
    } catch (error) {
      missing.delete(file);
      missing.set(file, error);
      return undefined;
    }
  };
  const read = (file: string): Uint8Array | undefined => {
    if (file === main) return bytesOf(model.xml);
    if (!file.startsWith(`${folder}/`)) return source.folder === undefined ? undefined : attempt(file);
    const name = file.slice(folder.length + 1);
    const found = attempt(name);
    if (found !== undefined || !model.built || ownFolder === '' || !name.startsWith(ownFolder)) return found;
    return attempt(name.slice(ownFolder.length));
  };
  try {
    return withFiles(mujoco.module, read, () =>
      mujoco.guardedRecursion(() => mujoco.module.MjModel.from_xml_path(main)),
    );
  } catch (error) {
    if ((error as { userFacing?: unknown } | null)?.userFacing === true) throw error;
    const message = compilerMessage(error).replaceAll(`${folder}/`, '');
    const [, name] = /Error opening file '([^']*)'/.exec(message) ?? [];
    const reason = name === undefined ? undefined : reasonFor(name, missing);
    throw new ModelError(`${message}${reason instanceof Error ? `; ${reason.message}` : ''}`, {
      cause: error,
    });
  }
}

/** The last reason that a file of this name was given, whatever folder it was looked for in. */
function reasonFor(name: string, reasons: ReadonlyMap<string, unknown>): unknown {
  const found = [...reasons].reverse();
  const [, file] = /([^/]*)$/.exec(name) ?? [];
  const [, reason] =
    found.find(([path]) => `/${path}`.endsWith(`/${name}`)) ??
    found.find(([path]) => `/${path}`.endsWith(`/${file}`)) ??
    found[0] ??
    [];
  return reason;
}

const bytesOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content;

/** With its last `/`; '' for a file without one. */
const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);

/** An absolute path without `.` and `..`. */
function absolute(folder: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${folder}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** MuJoCo's own words on one line, its line numbers kept. */
export function compilerMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .replace(/^MuJoCo Error:\s*/, '')
    .replace(/^Loading error:\s*/, '')
    .trim()
    .replace(/\s*\n\s*/g, '; ');
}
