/** The MuJoCo WebAssembly module, loaded once per process. */
import load, { type MainModule, type MjData, type MjModel } from '@mujoco/mujoco';
import { type DataLayout, findDataLayout } from './data-layout.ts';

export type { MainModule, MjData, MjModel };

/** The module and what was found out about it when it was loaded. */
export interface MuJoCo {
  readonly module: MainModule;
  readonly layout: DataLayout;
}

let loading: Promise<MuJoCo> | undefined;

/** Loads MuJoCo; the second and later calls give the same module. */
export function loadMuJoCo(): Promise<MuJoCo> {
  loading ??= load().then((module) => ({ module, layout: findDataLayout(module) }));
  return loading;
}
