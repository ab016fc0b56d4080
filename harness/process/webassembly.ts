/**
 * How V8 compiles WebAssembly, for the whole process.
 *
 * MuJoCo's inner loops call many functions of a few instructions. V8 11.3 (Node 20) can inline them into their
 * callers, without any change of a result, but does so only where asked to; physics steps then take 6 to 14 % less
 * time. It also compiles a function a second time, with all optimisations, once that has run a while. Where that comes
 * ten times as late, a command that steps MuJoCo for a moment takes 10 to 40 % less processor time, and a long run is
 * as fast (docs/performance.md). Other versions of Node keep their own
 * defaults: they have not been measured.
 */
import { setFlagsFromString } from 'node:v8';

/** V8's own is a tenth of it. */
const TIERING_BUDGET = 18_000_000;

/** To be called before MuJoCo is loaded. `RFM_HARNESS_WASM_INLINING=0` in the environment leaves V8 as it is. */
export function tuneWebAssembly(): void {
  const major = process.versions.node.split('.')[0];
  if (major !== '20' || process.env.RFM_HARNESS_WASM_INLINING === '0') return;
  setFlagsFromString('--experimental-wasm-inlining');
  setFlagsFromString(`--wasm-tiering-budget=${TIERING_BUDGET}`);
}
