/**
 * Bundles the scripts of pages from the compiled modules: one file a script, with what it imports. three.js is needed
 * here alone. Scripts of the viewer go to dist/pages/, which leave MuJoCo's module out; those of the playground, with
 * it, to dist/playground/.
 */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';

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
for (const [script, folder] of Object.entries(pages)) {
  await build({
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
}
