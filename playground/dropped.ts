/** The files of a drop or of a file picker. */
import { type GivenFile, isWanted } from './given-files.ts';

interface FoundFile {
  readonly path: string;
  readonly file: File;
}

/** Makes the whole page take files, instead of leaving it for them. */
export function takeDrops(take: (files: Promise<readonly GivenFile[]>) => void): void {
  const over = (event: DragEvent, is: boolean): void => {
    if (event.dataTransfer?.types.includes('Files') !== true) return;
    event.preventDefault();
    document.body.classList.toggle('over', is);
  };
  addEventListener('dragover', (event) => over(event, true));
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) over(event, false);
  });
  addEventListener('drop', (event) => {
    over(event, false);
    const { dataTransfer } = event;
    if (dataTransfer === null || dataTransfer.items.length === 0) return;
    // Items are there until the handler returns.
    const found = [...dataTransfer.items].map((item) => {
      const entry = item.webkitGetAsEntry();
      const file = item.getAsFile();
      return entry !== null ? filesBelow(entry) : file === null ? [] : [{ path: file.name, file }];
    });
    take(Promise.all(found).then((all) => read(all.flat())));
  });
}

/** Those that were chosen in a field, in a folder or one by one. */
export const chosenFiles = (files: readonly File[]): Promise<GivenFile[]> =>
  read(files.map((file) => ({ path: file.webkitRelativePath || file.name, file })));

const read = (found: readonly FoundFile[]): Promise<GivenFile[]> =>
  Promise.all(
    found
      .filter(({ path }) => isWanted(path))
      .map(async ({ path, file }) => ({ path, bytes: new Uint8Array(await file.arrayBuffer()) })),
  );

async function filesBelow(entry: FileSystemEntry): Promise<FoundFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => {
      (entry as FileSystemFileEntry).file(resolve, reject);
    });
    return [{ path: entry.fullPath.replace(/^\//, ''), file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: FoundFile[] = [];
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject); // some at a time, and none at the end
    });
    if (entries.length === 0) return found;
    for (const below of await Promise.all(entries.map(filesBelow))) found.push(...below);
  }
}
