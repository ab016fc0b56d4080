/** Engines for scripts. */
import { createEngine as create, type EngineOptions } from '../../engine/index.ts';
import type { Engine } from '../../engine/types.ts';
import { type KnownKeys, refuseUnknownKeys } from '../text/known-keys.ts';

const engineKeys: KnownKeys<EngineOptions> = {
  ...{ backend: true, threads: true, spin: true, providers: true, dumpGraph: true, onFallback: true },
  ...{ profile: true, debugNumerics: true },
};

/**
 * What compiles functions of tensors and runs them.
 * @throws RangeError, Error for a backend that does not run here, UserError for an unknown option
 */
export function createEngine(options: EngineOptions = {}): Engine {
  refuseUnknownKeys('createEngine', options, engineKeys);
  return create(options);
}
