/** Traces of a task with and without inlining of WebAssembly functions. */
import { expect, vi } from 'vitest';
import { harness, workplace } from './command.ts';

/** Asserts that inlining changes no bit of 300 steps. */
export async function expectSameTrace(task: string): Promise<void> {
  const words = ['trace', '--task', task, '--seed', '5', '--steps', '300', '--format', 'json'];
  const trace = (inlining: string) => {
    vi.stubEnv('RFM_HARNESS_WASM_INLINING', inlining);
    return harness(workplace(), ...words);
  };
  const plain = trace('0');
  const inlined = trace('1');
  vi.unstubAllEnvs();
  const [{ code, stdout, stderr }, other] = await Promise.all([plain, inlined]);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ task });
  expect(other.stdout === stdout).toBe(true);
}
