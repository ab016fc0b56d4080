/**
 * What a simulation with `sleep="enable"` remembers beyond mjSTATE_INTEGRATION: which trees of bodies sleep or are
 * about to, and every array of a sleeping tree, which MuJoCo leaves as it was when the tree fell asleep.
 */
import { decodeUint8, encodeArray } from './encoding.ts';
import { ModelError, StateError } from './errors.ts';
import type { MainModule, MjData, MjModel } from './mujoco.ts';

export interface SleepState {
  /** mjData's buffer, which holds all arrays of fixed size; base64. */
  readonly buffer: string;
  /** Numbers of what is awake, in the order of COUNTS. */
  readonly counts: readonly number[];
}

const COUNTS = ['nbody_awake', 'nparent_awake', 'ntree_awake', 'nv_awake'] as const;

/** Whether trees of bodies may fall asleep. @throws ModelError where their state cannot be saved */
export function canSleep(module: MainModule, model: MjModel): boolean {
  const option = model.opt;
  const enabled = (option.enableflags & module.mjtEnableBit.mjENBL_SLEEP.value) !== 0;
  option.delete();
  // A plugin's arrays hold addresses, which mean nothing in another process.
  if (enabled && model.nplugin > 0)
    throw new ModelError('a model with plugins cannot have sleep="enable" here');
  return enabled;
}

export function sleepState(data: MjData): SleepState {
  return { buffer: encodeArray(bufferOf(data)), counts: COUNTS.map((name) => data[name]) };
}

/** A saved state, ready to be written. @throws StateError if it is of another model */
export function decodeSleepState(data: MjData, state: SleepState | undefined): { write(data: MjData): void } {
  const bytes = decodeUint8(state?.buffer ?? '');
  const counts = state?.counts ?? [];
  if (bytes.length !== data.nbuffer || counts.length !== COUNTS.length) {
    throw new StateError('the saved state is of another model');
  }
  return {
    write(data) {
      bufferOf(data).set(bytes);
      COUNTS.forEach((name, i) => {
        data[name] = counts[i];
      });
    },
  };
}

/** The buffer; the bindings' view of it is longer than it is. */
const bufferOf = (data: MjData): Uint8Array => (data.buffer as Uint8Array).subarray(0, data.nbuffer);
