/** Files that a page is given, and which of them it looks into. */

/** A file by its path below what was dropped, with `/`. */
export interface GivenFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export const EVALUATIONS = 'evaluations.csv';
export const MANIFEST = 'manifest.json';
export const TRAINING = 'training.csv';

/** Whether a file of a folder is looked into. What was dropped by itself always is, but for what file managers add. */
export const isWanted = (path: string): boolean =>
  !path.split('/').some(isAdded) &&
  (!path.includes('/') ||
    [EVALUATIONS, MANIFEST, TRAINING].some((name) => path.endsWith(name)) ||
    isRollout(path));

const isRollout = (path: string): boolean => /(^|\/)rollouts\/[^/]+\.json$/.test(path);

/** What macOS adds to folders and to ZIP files. */
const isAdded = (part: string): boolean =>
  part === '__MACOSX' || part === '.DS_Store' || part.startsWith('._');
