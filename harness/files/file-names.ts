/** Names of files and folders for names that may hold anything. */

/**
 * A file name for each name, cleaned of what a file system may refuse. Names that clean to the same, also but for
 * upper and lower case, get a number, so that no file takes another's place; a name that is clean keeps its own.
 * The same names in the same order give the same file names.
 */
export function fileNames(
  names: Iterable<string>,
  clean: (name: string) => string,
): (name: string) => string {
  const taken = new Set<string>();
  const found = new Map<string, string>();
  const distinct = [...new Set(names)];
  const isClean = (name: string) => clean(name) === name;
  for (const name of [...distinct.filter(isClean), ...distinct.filter((name) => !isClean(name))]) {
    const base = clean(name);
    let fileName = base;
    for (let i = 2; taken.has(key(fileName)); i++) fileName = `${base}-${i}`;
    taken.add(key(fileName));
    found.set(name, fileName);
  }
  return (name) => {
    const fileName = found.get(name);
    if (fileName === undefined) throw new RangeError(`'${name}' is none of the names`);
    return fileName;
  };
}

/** What file systems compare: some do not tell upper from lower case, nor the ways to write an accent. */
const key = (fileName: string): string => fileName.normalize('NFC').toLowerCase();
