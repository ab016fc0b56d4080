import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadDefaultExport } from '../../../harness/plugins/load-module.ts';
import { keptTransform } from '../../../harness/plugins/transpiled.ts';
import { UserError } from '../../../harness/text/errors.ts';

let cache: string;
let kept: string;
const folder = mkdtempSync(join(tmpdir(), 'plugins-'));
let files = 0;
/** A file that was not loaded in this process before. */
const file = (text: string) => {
  const path = join(folder, `file-${files++}.ts`);
  writeFileSync(path, text);
  return path;
};
const only = () => {
  const names = readdirSync(kept);
  expect(names).toHaveLength(1);
  return join(kept, names[0]);
};

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'cache-'));
  kept = join(cache, 'rfm-harness/transpiled');
  vi.stubEnv('XDG_CACHE_HOME', cache);
});
afterEach(() => void vi.unstubAllEnvs());

describe("users' files as JavaScript", () => {
  it('are kept in a folder of this user alone', async () => {
    expect(await loadDefaultExport(file('const answer: number = 42; export default { answer };'))).toEqual({
      answer: 42,
    });
    expect(statSync(kept).mode & 0o777).toBe(0o700);
    expect(readFileSync(only(), 'utf8')).not.toContain(': number');
  });

  it('are read from there, and transpiled again after a change or when what is kept is torn', () => {
    const transform = (source: string) =>
      keptTransform({ source, filename: '/home/me/file.ts', ts: true }).code;
    const first = transform('export const x = 1 as number;');
    expect(first).toContain('x = 1');
    expect(first).not.toContain('number');
    utimesSync(only(), 1, 1);
    expect(transform('export const x = 1 as number;')).toBe(first);
    expect(statSync(only()).mtimeMs).toBe(1000); // it was not written again
    const whole = readFileSync(only(), 'utf8');
    for (const length of [0, 10, whole.length - 1]) {
      truncateSync(only(), length);
      expect(transform('export const x = 1 as number;')).toBe(first);
      expect(readFileSync(only(), 'utf8')).toBe(whole);
    }
    expect(transform('export const x = 2 as number;')).toContain('x = 2');
    expect(readdirSync(kept)).toHaveLength(2);
  });

  it('load where nothing can be kept, and a file that does not parse fails each time alike', async () => {
    const blocked = file('a file in place of the folder');
    chmodSync(blocked, 0o444);
    vi.stubEnv('XDG_CACHE_HOME', join(blocked, 'below'));
    expect(await loadDefaultExport(file('export default 3 as number;'))).toBe(3);
    vi.stubEnv('XDG_CACHE_HOME', cache);
    const broken = file('export default {');
    for (let i = 0; i < 2; i++) await expect(loadDefaultExport(broken)).rejects.toThrow('does not parse');
  });

  it('are two hundred at most, the newest', async () => {
    await loadDefaultExport(file('export default 4 as number;'));
    for (let i = 0; i < 205; i++) {
      writeFileSync(join(kept, `old-${i}`), '');
      utimesSync(join(kept, `old-${i}`), i, i);
    }
    await loadDefaultExport(file('export default 5 as number;'));
    const names = readdirSync(kept);
    expect(names).toHaveLength(200);
    expect(names.filter((name) => name.startsWith('old-'))).toHaveLength(198);
    expect(names).not.toContain('old-6');
    expect(names).toContain('old-7');
  });

  it('that do not parse are named with the line, also where another file imports them', async () => {
    const broken = file('const a = 1;\nconst b = {\n  x: 1\n  y: 2,\n};\nexport default b;\n');
    const line = `${broken} does not parse: ParseError: Unexpected token, expected "," (line 4)`;
    await expect(loadDefaultExport(broken)).rejects.toThrow(new UserError(line));
    const using = file(`import ${JSON.stringify(broken)};\nexport default {};`);
    await expect(loadDefaultExport(using)).rejects.toThrow(new UserError(`${using} fails to load: ${line}`));
  });

  it('may look at tasks of the package, and are told what rfm-harness does not give them', async () => {
    const derived = file(`
      import { findTask, taskNames } from 'rfm-harness';
      export default { ...findTask('walker-walk'), name: 'walker-mine', known: taskNames().length > 0 };`);
    expect(await loadDefaultExport(derived)).toMatchObject({
      name: 'walker-mine',
      timeLimit: 25,
      known: true,
    });
    const asking = file("import { compare } from 'rfm-harness';\nexport default compare({});");
    await expect(loadDefaultExport(asking)).rejects.toThrow(
      `${asking} fails to load: rfm-harness has no 'compare' for files of agents and tasks (docs/library.md) (line 2)`,
    );
  });
});
