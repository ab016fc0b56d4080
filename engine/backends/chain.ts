/** A backend with those that come after it: they take the graphs that it has no code for. */
import { BackendUnavailableError, UnsupportedOperation } from '../errors.ts';
import { type BackendName, backendNames, backends, type RunnerRequest } from './records.ts';
import type { CallableGraph, FunctionRunner } from './runner.ts';

/** Called with each function that runs on another backend than the engine's, the reason, and that backend. */
export type OnFallback = (name: string, reason: string, backend: BackendName) => void;

export class BackendChain implements FunctionRunner {
  readonly #chain: readonly BackendName[];
  readonly #request: RunnerRequest;
  readonly #onFallback: OnFallback | undefined;
  readonly #opened = new Map<BackendName, Promise<FunctionRunner>>();

  constructor(first: BackendName, request: RunnerRequest, onFallback?: OnFallback) {
    const names = backendNames();
    this.#chain = names.slice(names.indexOf(first));
    this.#request = request;
    this.#onFallback = onFallback;
  }

  /** @throws BackendUnavailableError if the first backend cannot run here; others are passed over */
  async build(name: string, fn: (inputs: never) => unknown, inputs: unknown): Promise<CallableGraph> {
    let unsupported: UnsupportedOperation | undefined;
    for (const backend of this.#chain) {
      try {
        const graph = await (await this.#open(backend)).build(name, fn, inputs);
        if (unsupported !== undefined) this.#onFallback?.(name, unsupported.message, backend);
        return graph;
      } catch (error) {
        if (error instanceof UnsupportedOperation) unsupported ??= error;
        else if (!(error instanceof BackendUnavailableError) || unsupported === undefined) throw error;
      }
    }
    throw unsupported ?? new Error(`there is no backend for '${name}'`);
  }

  async #open(name: BackendName): Promise<FunctionRunner> {
    const found = this.#opened.get(name);
    if (found !== undefined) return found;
    const opened = openBackend(name, this.#request);
    this.#opened.set(name, opened);
    return opened;
  }
}

async function openBackend(name: BackendName, request: RunnerRequest): Promise<FunctionRunner> {
  await checkBackend(name);
  return backends[name].open(request);
}

/** @throws BackendUnavailableError with what is missing */
export async function checkBackend(name: BackendName): Promise<void> {
  const reason = await backends[name].whyUnavailable();
  if (reason !== undefined) throw new BackendUnavailableError(reason);
}
