/**
 * The files that a user's file needs from beside it: modules that it imports, models, meshes, tables. Which ones it opens shows
 * only when it runs, and it may run only once its checksum is known to be right. So whatever it names counts.
 */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, extname, isAbsolute, relative, resolve, sep } from 'node:path';

const scripts = ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx'];
const models = ['.xml', '.mjcf', '.urdf'];
/** What may name further files. */
const texts = [...scripts, ...models];
/** What an import may leave out; that of TypeScript may also be written as that of the JavaScript which it becomes. */
const endings = [...scripts, '.json'];

/** What cannot be a path at all, a long sentence say, is no file either. */
const isFile = (path: string) => existsSync(path) && statSync(path).isFile();

/** A file that a user's file names. */
export interface NamedFile {
  /** The real one. */
  readonly path: string;
  /** The same from the folder of the user's file, with slashes. */
  readonly place: string;
}

/** The folders of a model's meshes and textures, in MJCF. */
const assetFolders = /\b(?:mesh|texture|asset)dir\s*=\s*(["'])([^"'\n]+)\1/g;
/** Whether a model leaves the folders of its files out. */
const strips = /\bstrippath\s*=\s*["']true["']/;

/** A file that may name others, with what it says of them. */
interface Naming {
  /** Where they may lie. */
  readonly beside: readonly string[];
  readonly isModel: boolean;
  readonly names: readonly string[];
  readonly assetFolders: readonly string[];
  readonly strips: boolean;
}

/**
 * Each file that stands in quotes in the file as a relative path, and what those name in turn: with the ending of a script left
 * out as imports may, and of a model's assets below the folders that it or a file of its names for them. MuJoCo looks from the
 * folder of the whole model, which is not known here: any folder of a model counts.
 * @returns ordered by place, without the file itself
 */
export function namedFiles(file: string): NamedFile[] {
  const own = realpathSync(file);
  const read = new Map<string, Naming>();
  const found = new Set([own]);
  const tried = new Set<string>();
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const path of found) {
      if (read.has(path) || (path !== own && !texts.includes(extname(path).toLowerCase()))) continue;
      // Beside a link to the user's file, too: a model is looked for there.
      const beside = path === own ? [dirname(path), dirname(resolve(file))] : [dirname(path)];
      read.set(path, namingOf(path, beside));
    }
    for (const path of filesOf([...read.values()], tried)) found.add(path);
  }
  found.delete(own);
  return [...found]
    .map((path) => ({ path, place: relative(dirname(own), path).split(sep).join('/') }))
    .sort((a, b) => (a.place < b.place ? -1 : 1));
}

function namingOf(path: string, beside: readonly string[]): Naming {
  const text = readFileSync(path, 'utf8');
  return {
    beside,
    isModel: models.includes(extname(path).toLowerCase()),
    names: quoted(text),
    assetFolders: Array.from(text.matchAll(assetFolders), ([, , name]) => name),
    strips: strips.test(text),
  };
}

/** The files that are there of those that these name. @param tried what has been looked for, which is added to */
function filesOf(all: readonly Naming[], tried: Set<string>): Set<string> {
  const every = all.flatMap(({ beside }) => beside);
  const ofModels = all.filter(({ isModel }) => isModel).flatMap(({ beside }) => beside);
  const assetNames = new Set(all.flatMap((one) => one.assetFolders));
  const ofAssets = [...assetNames].flatMap((name) =>
    [...new Set(every)].map((folder) => resolve(folder, name)).filter((folder) => existsSync(folder)),
  );
  const isStripped = all.some((one) => one.strips);
  const found = new Set<string>();
  for (const { beside, isModel, names } of all)
    for (const folder of new Set([...beside, ...(isModel ? ofModels : []), ...ofAssets]))
      for (const name of names)
        for (const asked of isStripped ? [name, basename(name)] : [name]) {
          const path = resolve(folder, asked);
          const attempt = `${isImport(asked) ? 'import' : 'file'} ${path}`;
          if (tried.has(attempt)) continue;
          tried.add(attempt);
          const named = meant(path, asked);
          if (named !== undefined) found.add(realpathSync(named));
        }
  return found;
}

/** How messages name a user's file, with what counts as part of it. */
export function fileTitle(file: string): string {
  const places = namedFiles(file).map(({ place }) => place);
  return places.length === 0 ? file : `${file} (with ${places.join(', ')})`;
}

/** Every text between two quotation marks of a line that may be a relative path; marks that end a text may begin another. */
function quoted(text: string): string[] {
  const found = text.matchAll(/(?=(["'`])([^\n\\]{1,300}?)\1)/g);
  return [...new Set(Array.from(found, ([, , name]) => name))].filter(
    (name) => /[a-z]/i.test(name) && !isAbsolute(name),
  );
}

/** Whether an ending may be left out. */
const isImport = (name: string): boolean => /^\.\.?(?:\/|$)/.test(name);

function meant(path: string, name: string): string | undefined {
  if (isFile(path)) return path;
  if (!isImport(name)) return undefined;
  const stems = [path, path.replace(/\.[cm]?jsx?$/, ''), resolve(path, 'index')];
  return stems.flatMap((stem) => endings.map((ending) => `${stem}${ending}`)).find(isFile);
}
