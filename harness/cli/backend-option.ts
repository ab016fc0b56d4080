/** `--backend` of the commands that compute. */
import { Option } from 'commander';
import { backendNames } from '../../engine/backends/records.ts';

const withDefault = (which: string): Option =>
  new Option('--backend <name>', `compute backend (default: ${which})`).choices(backendNames());

export const backendOption = (): Option => withDefault('native where it runs, else wasm');

/** Of the commands that play a checkpoint. */
export const playedBackendOption = (): Option =>
  withDefault("the run's own where it works, else as for a new run");
