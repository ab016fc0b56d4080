/** Engines for scripts. */
import { isBackend } from '../../engine/backends/records.ts';
import { backendNames, createEngine as create, type EngineOptions } from '../../engine/index.ts';
import type { Engine } from '../../engine/types.ts';
import { unknown } from '../../names/nearest.ts';
import { UserError } from '../text/errors.ts';
import { type KnownKeys, refuseUnknownKeys } from '../text/known-keys.ts';

const engineKeys: KnownKeys<EngineOptions> = {
  ...{ backend: true, threads: true, spin: true, providers: true, dumpGraph: true, onFallback: true },
  ...{ profile: true, debugNumerics: true },
};

/**
 * What compiles functions of tensors and runs them.
 * @throws RangeError, Error for a backend that does not run here, UserError for an unknown option or backend, or other threads than there can be
 */
export function createEngine(options: EngineOptions = {}): Engine {
  refuseUnknownKeys('createEngine', options, engineKeys);
  const { backend, threads = 1 } = options;
  if (backend !== undefined && backend !== 'cpu' && !isBackend(backend))
    throw new UserError(`createEngine: ${unknown('backend', String(backend), backendNames())}`);
  if (!Number.isInteger(threads) || threads < 1)
    throw new UserError(`createEngine: threads must be a whole number from 1 on, found ${threads}`);
  return create(options);
}
