/** `--backend` of the commands that compute. */
import { Option } from 'commander';
import { backendNames } from '../../engine/backends/records.ts';

export const backendOption = (): Option =>
  new Option('--backend <name>', 'compute backend (default: native where it runs, else wasm)').choices(
    backendNames(),
  );
