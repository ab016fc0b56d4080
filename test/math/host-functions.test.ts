import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostFunctions, ownFunctions } from '../../engine/trace/folding.ts';

const { resolve } = createRequire(import.meta.url);
const open =
  /Math\.(?:a?sinh?|a?cosh?|a?tanh?|atan2|cbrt|exp|expm1|hypot|log|log10|log1p|log2|pow)\b|[\w)] \*\* [\w(]/;

/** Code without comments, nor the map of its source. */
const codeOf = (file: string) =>
  readFileSync(file, 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');

describe('functions of the host', () => {
  it("are never folded from TensorFlow.js's kernels", () => {
    const folder = join(dirname(resolve('@tensorflow/tfjs-backend-cpu/package.json')), 'dist/kernels');
    const files = readdirSync(folder).filter((file) => file.endsWith('.js'));
    const code = new Map(files.map((file) => [`./${file.slice(0, -3)}`, codeOf(join(folder, file))]));
    const found = new Set<string>();
    const reaches = (name: string, seen = new Set<string>()): boolean => {
      const text = code.get(name);
      if (text === undefined || seen.has(name)) return false;
      seen.add(name);
      if (open.test(text)) return true;
      return [...text.matchAll(/from '([^']+)'/g)].some(([, next]) => reaches(next, seen));
    };
    for (const [name, text] of code) {
      const kernel = /kernelName: (\w+)/.exec(text)?.[1];
      if (kernel !== undefined && reaches(name)) found.add(kernel);
    }
    expect(found).toContain('Exp');
    found.delete('TopK'); // replaced by the engine's
    expect([...found].filter((name) => !(name in ownFunctions || hostFunctions.has(name)))).toEqual([]);
  });

  it('do not come into MuJoCo, whose module brings its own', async () => {
    const folder = dirname(resolve('@mujoco/mujoco/mujoco.wasm'));
    const module = await WebAssembly.compile(readFileSync(join(folder, 'mujoco.wasm')));
    const imports = WebAssembly.Module.imports(module).map(({ name }) => name);
    expect(imports).toContain('fd_write');
    expect(
      imports.filter((name) =>
        /^_?(sin|cos|tan|exp|log|pow|atan2?|acos|asin|cbrt|fmod|hypot|sqrt)/.test(name),
      ),
    ).toEqual([]);
    expect(codeOf(join(folder, 'mujoco.js')).match(open)).toBeNull();
  });
});
