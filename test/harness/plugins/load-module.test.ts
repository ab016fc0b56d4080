/** A user's file as CommonJS and as an ES module, beside an installed package that must not be taken. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { keepFilesOut, loadDefaultExport } from '../../../harness/plugins/load-module.ts';
import { sourcesHere } from '../../../harness/plugins/load-task.ts';

const folder = mkdtempSync(join(tmpdir(), 'modules-'));
const write = (name: string, text: string) => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
};

const types = { 'rfm-harness': 'module', 'es-package': 'module', 'cjs-package': 'commonjs' };
for (const [name, type] of Object.entries(types))
  write(`node_modules/${name}/package.json`, JSON.stringify({ name, type, main: 'index.js' }));
write('node_modules/rfm-harness/index.js', "export const defineAgent = () => 'of the installed package';");
write('node_modules/es-package/index.js', 'export const [url, isLoaded] = [import.meta.url, true];');
write('node_modules/cjs-package/index.js', "exports.isNative = typeof jitiImport === 'undefined';");
write('es/package.json', '{"type":"module"}');

const required = "const { defineAgent } = require('rfm-harness');\n";
const imported = "import { defineAgent } from 'rfm-harness';\n";
const compiled = `"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
const rfm_harness_1 = require("rfm-harness");
exports.default = { defineAgent: rfm_harness_1.defineAgent };`;
write('part.cjs', `${required} module.exports = { defineAgent };`);
write('compiled.cjs', compiled);

beforeAll(() => keepFilesOut(false));

it.each([
  ['required.cjs', `${required} module.exports = { defineAgent };`],
  ['required.js', `${required} module.exports = { defineAgent };`],
  ['nested.cjs', "module.exports = require('./part.cjs');"],
  ['nested.ts', "import part from './part.cjs'; export default part;"],
  ['imported.mjs', `${imported} export default { defineAgent };`],
  ['es/imported.js', `${imported} export default { defineAgent };`],
  ['compiled.js', compiled],
  ['again.mjs', "import * as module from './compiled.cjs'; export default { ...module.default };"],
  ['named.ts', "import { defineAgent } from './part.cjs'; export default { defineAgent };"],
  ['function.cjs', `${required} module.exports = Object.assign(() => {}, { defineAgent });`],
])('%s gets the rfm-harness of this process', async (name, text) => {
  write(name, text);
  const { defineAgent } = (await loadDefaultExport(join(folder, name))) as { defineAgent: unknown };
  expect(defineAgent).toBe((await import('../../../harness/plugins/authoring.ts')).defineAgent);
});

it("a file's packages are loaded as they are, by Node", async () => {
  write(
    'packages.mjs',
    "import * as a from 'es-package'; import b from 'cjs-package'; export default { ...a, ...b };",
  );
  expect(await loadDefaultExport(join(folder, 'packages.mjs'))).toEqual({
    url: new URL('node_modules/es-package/index.js', `file://${folder}/`).href,
    ...{ isLoaded: true, isNative: true },
  });
});

it('a file is run once, also where it fails', async () => {
  write(
    'fails.cjs',
    "globalThis.runs = (globalThis.runs ?? 0) + 1; throw new Error('run ' + globalThis.runs);",
  );
  const file = join(folder, 'fails.cjs');
  await expect(loadDefaultExport(file)).rejects.toThrow(`${file} fails to load: run 1 (line 1)`);
});

it('an environment may be a class that was compiled to a function', async () => {
  const toy = JSON.stringify(new URL('../support/toy.ts', import.meta.url).pathname);
  write(
    'function.ts',
    `import { ToyEnvironment } from ${toy};
    function Line() { Object.assign(this, (this.inner = new ToyEnvironment())); }
    for (const name of ['reset', 'step', 'state', 'setState', 'dispose'])
      Line.prototype[name] = function (...words) { return this.inner[name](...words); };
    export default Line;`,
  );
  expect(await sourcesHere(join(folder, 'function.ts'))).toMatchObject([{ name: 'toy-line' }]);
});
