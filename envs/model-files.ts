/**
 * Files of a model for MuJoCo to open, from wherever they come. MuJoCo itself finds out which ones: whatever it looks
 * for in its WebAssembly file system is read when it is looked for, so its own rules hold for includes, `meshdir`,
 * attached models and the rest.
 */
import type { MainModule } from './mujoco.ts';

/** The bytes of a file by its absolute path; undefined if there is none. */
export type ReadFile = (path: string) => Uint8Array | undefined;

/** A file or folder in Emscripten's file system; the package has no types for them. */
interface Node {
  readonly name: string;
  readonly parent: Node & { readonly contents: Record<string, Node> };
  contents: Uint8Array | Record<string, Node>;
  usedBytes: number;
  mtime: number;
  node_ops: object;
  stream_ops: object;
}

type Lookup = (parent: Node, name: string) => Node;

/** Modes of a file and of a folder that anybody may read. */
const FILE = 0o100444;
const FOLDER = 0o40555;
/** ENOENT in Emscripten. */
const NO_SUCH_FILE = 44;

/** Runs `use` while the module's file system has the files that `read` gives. */
export function withFiles<T>({ FS, MEMFS }: MainModule, read: ReadFile, use: () => T): T {
  const made: Node[] = [];
  const none = (): never => {
    throw new FS.ErrnoError(NO_SUCH_FILE);
  };
  /** What is no file may be a folder on the way to one: it can be walked through, but neither opened nor measured. */
  const lookUp: Lookup = (parent, name) => {
    const bytes = read(`${FS.getPath(parent)}/${name}`.replace(/^\/+/, '/'));
    const node: Node = MEMFS.createNode(parent, name, bytes === undefined ? FOLDER : FILE, 0);
    made.push(node);
    if (bytes === undefined) {
      node.node_ops = { ...node.node_ops, getattr: none };
      node.stream_ops = { ...node.stream_ops, open: none };
    } else {
      node.contents = bytes;
      node.usedBytes = bytes.length;
      node.mtime = contentTime(bytes);
    }
    return node;
  };
  // All folders in memory share these operations.
  const { node: operations } = MEMFS.ops_table.dir as { node: { lookup: Lookup } };
  const { lookup } = operations;
  operations.lookup = lookUp;
  try {
    return use();
  } finally {
    operations.lookup = lookup;
    for (const node of made.reverse()) {
      FS.destroyNode(node);
      delete node.parent.contents[node.name];
    }
  }
}

/**
 * A time of last change that stands for the content, in ms: MuJoCo keeps compiled meshes and textures for the next
 * model with the same path and the same time in seconds.
 */
function contentTime(bytes: Uint8Array): number {
  let [high, low] = [0x9e3779b9 ^ bytes.length, 0x85ebca6b];
  for (const byte of bytes) {
    high = Math.imul(high ^ byte, 0x01000193);
    low = Math.imul(low ^ byte, 0x5bd1e995) ^ (low >>> 15);
  }
  return ((high >>> 12) * 2 ** 22 + (low >>> 10)) * 1000;
}
