/**
 * Bundles the compiled modules of dist/.
 *
 * The scripts of pages: one file a script, with what it imports. three.js is needed here alone. Scripts of the viewer
 * go to dist/pages/, which leave MuJoCo's module out; those of the playground, with it, to dist/playground/.
 *
 * The program: what Node.js starts at keeps its place, what these share goes to dist/chunks/, with the packages that
 * are plain JavaScript. A process then opens a few files and not several hundred. Schemas of another copy of zod are
 * known to this one: a script may import its own.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

const require = createRequire(import.meta.url);
const dist = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');

/**
 * MuJoCo's bindings make functions of text, which a strict Content-Security-Policy forbids. These two do the same
 * without: Emscripten writes such code itself where DYNAMIC_EXECUTION is off.
 */
const invoker = `(function () {
  var destructible = argTypes.slice(isClassMethodFunc ? 1 : 2);
  return function (...given) {
    checkArgCount(given.length, minArgs, expectedArgCount, humanName, throwBindingError);
    var destructors = needsDestructorStack ? [] : null;
    var wired = [];
    if (isClassMethodFunc) wired.push(argTypes[1].toWireType(destructors, this));
    for (var i = 0; i < expectedArgCount; ++i) wired.push(argTypes[i + 2].toWireType(destructors, given[i]));
    var rv = cppInvokerFunc(cppTargetFunc, ...wired);
    if (needsDestructorStack) runDestructors(destructors);
    else destructible.forEach((type, i) => {
      if (type !== null && type.destructorFunction !== null) type.destructorFunction(wired[i]);
    });
    if (returns) return argTypes[0].fromWireType(rv);
  };
})()`;
const methodCaller = `(function (obj, func, destructorsRef, args) {
  var [values, offset] = [kind === 0 ? [obj] : [], 0];
  for (var type of types) {
    values.push(type.readValueFromPointer(args + offset));
    offset += type.argPackAdvance;
  }
  var rv = kind === 1 ? new func(...values) : func.call(...values);
  if (!retType.isVoid) return emval_returnValue(retType, destructorsRef, rv);
})`;
const replacements = [
  ['new Function(...args, invokerFnBody)(...closureArgs)', invoker],
  ['new Function(...params, functionBody)(...args)', methodCaller],
];

const withoutEval = {
  name: 'mujoco-without-eval',
  transform(code, id) {
    if (!id.endsWith('@mujoco/mujoco/mujoco.js')) return undefined;
    return replacements.reduce((text, [theirs, ours]) => {
      if (text.split(theirs).length !== 2) throw new Error(`MuJoCo's module does not hold '${theirs}' once`);
      return text.replace(theirs, () => ours);
    }, code);
  },
};

const pages = {
  'harness/report/browser/report.js': 'pages',
  'harness/replay/browser/embedded-replay.js': 'pages',
  'harness/replay/browser/simulated-replay.js': 'pages',
  'harness/replay/browser/video.js': 'pages',
  'harness/view/browser/comparison.js': 'pages',
  'playground/page.js': 'playground/site',
  'playground/worker.js': 'playground/site',
  'playground/results.js': 'playground/site',
  'playground/results-worker.js': 'playground/site',
  'playground/method.js': 'playground/site',
  'playground/method-worker.js': 'playground/site',
};

/** Those that MuJoCo's module is bundled with. */
const simulating = ['playground/worker.js', 'playground/results.js'];
/** It stands within pages that need no other file. */
const inline = 'harness/report/browser/report.js';
/** What is asked for in Node alone. */
const external = ['module', 'fs', 'path', 'url', '@tensorflow/tfjs-backend-wasm'];

for (const folder of new Set(Object.values(pages)))
  rmSync(join(dist, folder), { recursive: true, force: true });
const packages = new Map();
for (const [script, folder] of Object.entries(pages)) {
  const { output } = await build({
    input: join(dist, script),
    platform: 'browser',
    external: [...external, ...(simulating.includes(script) ? [] : ['@mujoco/mujoco'])],
    plugins: simulating.includes(script) ? [withoutEval] : [],
    resolve: {
      alias: {
        'csv-parse/sync': 'csv-parse/browser/esm/sync',
        'csv-stringify/sync': 'csv-stringify/browser/esm/sync',
        linkedom: join(dist, 'playground/browser-document.js'),
      },
    },
    output: {
      dir: join(dist, folder),
      format: script === inline ? 'iife' : 'esm',
      codeSplitting: false,
      minify: true,
      comments: { legal: true },
    },
  });
  noteLicences(output);
}

/** Remembers the licences of the packages whose code is in these files. */
function noteLicences(output) {
  for (const { moduleIds = [] } of output) {
    for (const id of moduleIds) {
      const folder = /^[^\0]*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id.split(sep).join('/'))?.[0];
      if (folder === undefined || packages.has(folder)) continue;
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
      const title = `${name} ${version} (${license})`;
      packages.set(
        folder,
        [title, ...texts.map((file) => readFileSync(join(folder, file), 'utf8').trim())].join('\n\n'),
      );
    }
  }
}

/** Modules of dist/, as `harness/cli/main.js`, with their text. */
const modules = new Map(
  readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js') && !/^(pages|playground.site|chunks)[\\/]/.test(file))
    .map((file) => [file.split(sep).join('/'), readFileSync(join(dist, file), 'utf8')]),
);

/** What a process is started with: modules that others name by their address, and those that tests ask as built. */
const entries = [
  'index.js',
  'harness/cli/main.js',
  'harness/plugins/apart.js',
  'harness/plugins/assets.js',
  'harness/plugins/check/apart.js',
  'harness/results/versions.js',
  'harness/view/playground.js',
  'playground/job.js',
  'playground/run.js',
  ...[...modules].flatMap(([file, text]) =>
    [...text.matchAll(/new URL\('(\.[^']*)\.ts', import\.meta\.url\)/g)].map(([, name]) =>
      join(dirname(file), `${name}.js`).split(sep).join('/'),
    ),
  ),
];

/** Installed beside this package: what is no JavaScript, what loads users' files, and optional peers. */
const isBeside = (id) =>
  isBuiltin(id) ||
  /^(@mujoco|@tensorflow\/tfjs-(backend-wasm|node)|bullmq|ioredis|jiti|koffi|onnxruntime-node|playwright-core)(\/|$)/.test(
    id,
  );

/**
 * TensorFlow.js's core stays one for a script and the package. It is a CommonJS module: required, it loads in half
 * the time that Node.js needs to find what it exports.
 */
const tensorflow = {
  name: 'tensorflow',
  resolveId: (id) => (id === '@tensorflow/tfjs-core' ? '\0tfjs-core' : undefined),
  load(id) {
    if (id !== '\0tfjs-core') return undefined;
    const names = Object.keys(require('@tensorflow/tfjs-core')).join(', ');
    return `import { createRequire } from 'node:module';
      export const { ${names} } = createRequire(import.meta.url)('@tensorflow/tfjs-core');`;
  },
};

/** Messages of zod in other languages, two fifths of its code, which every process would read. */
const english = {
  name: 'english',
  load: (id) =>
    /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/.test(id)
      ? `export { default as en } from './en.js';`
      : undefined,
};

/** `import.meta.url` stays the address that a module has by its name, wherever its code goes. */
const ownAddresses = {
  name: 'own-addresses',
  transform(code, id) {
    const file = relative(dist, id).split(sep).join('/');
    if (!modules.has(file) || !code.includes('import.meta.url')) return undefined;
    return code.replaceAll('import.meta.url', `addressIn(${JSON.stringify(file)})`);
  },
  renderChunk(code, { fileName }) {
    if (!code.includes('addressIn(')) return undefined;
    const root = '../'.repeat(fileName.split('/').length - 1) || './';
    return `const addressIn = (file) => new URL('${root}' + file, import.meta.url).href;\n${code}`;
  },
};

rmSync(join(dist, 'chunks'), { recursive: true, force: true });
const { output } = await build({
  input: Object.fromEntries(
    [...new Set(entries)].map((file) => [file.replace(/\.js$/, ''), join(dist, file)]),
  ),
  platform: 'node',
  resolve: { mainFields: ['module', 'main'] },
  external: isBeside,
  plugins: [tensorflow, english, ownAddresses],
  output: {
    dir: dist,
    format: 'esm',
    keepNames: true,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    // In one piece each, however many of the entries share a part of them.
    codeSplitting: {
      groups: ['@tensorflow', 'zod'].map((name) => ({ name, test: `/node_modules/${name}/` })),
    },
    comments: { legal: true },
  },
});
noteLicences(output);
const written = new Set(output.map(({ fileName }) => fileName));
for (const file of modules.keys()) if (!written.has(file)) rmSync(join(dist, file));
writeFileSync(
  join(dist, 'THIRD-PARTY-LICENSES.txt'),
  `Packages whose code is part of the files in this folder.\n\n${[...packages.values()].sort().join(`\n\n${'-'.repeat(80)}\n\n`)}\n`,
);
