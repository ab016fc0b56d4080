/** What is said where ONNX Runtime's package is absent or broken. Runs that module in a folder of its own. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BackendUnavailableError } from '../../../engine/errors.ts';
import { CallWatch } from '../../../harness/plugins/guard.ts';

const folder = mkdtempSync(join(tmpdir(), 'onnx-runtime-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
beforeAll(() =>
  build({
    input: fileURLToPath(new URL('../../../engine/onnx/runtime.ts', import.meta.url)),
    platform: 'node',
    external: 'onnxruntime-node',
    output: { dir: folder },
    logLevel: 'silent',
  }),
);

/** The name and message of what `openRuntime` throws. */
function opened(): string {
  const code = `import { openRuntime } from './runtime.js';
    openRuntime().then(() => console.log('open'), ({ name, message }) => console.log(name + ': ' + message));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: folder,
    encoding: 'utf8',
  });
  return stdout + stderr;
}

describe('the backend onnx', () => {
  it('says how to install an absent package', () => {
    expect(opened()).toBe(
      'BackendUnavailableError: the backend onnx needs the package onnxruntime-node: npm install --ignore-scripts onnxruntime-node\n',
    );
  });

  it('says that a package which does not load is broken, and why', () => {
    const broken = join(folder, 'node_modules/onnxruntime-node');
    mkdirSync(broken, { recursive: true });
    writeFileSync(join(broken, 'package.json'), '{ "name": "onnxruntime-node", "main": "index.js" }');
    writeFileSync(join(broken, 'index.js'), "throw new Error('libonnxruntime.so.1: file too short\\nmore');");
    expect(opened()).toBe(
      'BackendUnavailableError: the backend onnx does not start, onnxruntime-node is broken ' +
        '(npm install --ignore-scripts onnxruntime-node replaces it): libonnxruntime.so.1: file too short\n',
    );
    writeFileSync(join(broken, 'index.js'), "require('not-there');");
    expect(opened()).toMatch(/onnxruntime-node is broken .*: Cannot find module 'not-there'\n$/);
  });

  it('is never a fault of the agent that asked for it', async () => {
    const missing = new BackendUnavailableError('the backend onnx needs a package');
    const call = new CallWatch().call("agent 'mine'", 'update', () => Promise.reject(missing));
    await expect(call).rejects.toBe(missing);
  });
});
