/** The MuJoCo WebAssembly module, loaded once per process and anew after it has broken down. */
import load, { type MainModule, type MjData, type MjModel } from '@mujoco/mujoco';
import { type DataLayout, findDataLayout } from './data-layout.ts';
import { SimulatorError } from './errors.ts';

export type { MainModule, MjData, MjModel };

declare global {
  /** MuJoCo's own types name it and leave it out; without it nobody compiles with `skipLibCheck: false`. */
  interface Arguments extends IArguments {}
}

let loading: Promise<MuJoCo> | undefined;

/** Loads MuJoCo; later calls give the same instance, as long as it has not broken down. */
export function loadMuJoCo(): Promise<MuJoCo> {
  loading ??= instantiate();
  return loading;
}

/** An instance of the module, what was found out about it when it was loaded, and a guard for its calls. */
export class MuJoCo {
  /** Why this instance cannot be used any more. */
  private fault: string | undefined;

  constructor(
    readonly module: MainModule,
    readonly layout: DataLayout,
    private readonly stack: Stack,
  ) {}

  /** Whether a call of the module may not be made any more. */
  get hasBrokenDown(): boolean {
    return this.fault !== undefined;
  }

  /**
   * Runs calls of the module that may fail. MuJoCo's errors are C++ exceptions: they leave functions without
   * giving back their part of the WebAssembly stack, and the exception itself stays in memory. Both are freed here.
   * A trap (memory out of bounds, abort, a recursion too deep) leaves the instance in an unknown state: from then
   * on its calls are refused.
   * @param run must not call code of a task: only errors of the module may leave it
   * @throws SimulatorError once the instance has broken down; else what `run` throws
   */
  guarded<T>(run: () => T): T {
    if (this.fault !== undefined) this.refuse(this.fault);
    try {
      return run();
    } catch (error) {
      if (error instanceof SimulatorError) throw error;
      if (isTrap(error)) this.breakDown(error.message);
      this.stack.empty();
      this.freeException(error);
      throw error;
    }
  }

  /**
   * As guarded(), for calls that may recurse deeply: MuJoCo's compiler does so for every body in a body. The module
   * does not notice by itself when its stack, 64 kB, grows into what lies below it.
   */
  guardedRecursion<T>(run: () => T): T {
    return this.guarded(() => {
      const result = run();
      if (this.stack.hasOverflowed()) this.breakDown('its stack overflowed');
      return result;
    });
  }

  private freeException(error: unknown): void {
    const { excPtr } = error as { excPtr?: number };
    if (excPtr === undefined) return;
    // One that no C++ code has caught is freed when its count falls to 0 again.
    const counts = this.module as unknown as ExceptionCounts;
    counts.incrementExceptionRefcount(excPtr);
    counts.decrementExceptionRefcount(excPtr);
  }

  private breakDown(fault: string): never {
    this.fault = fault;
    loading = undefined;
    this.refuse(fault);
  }

  private refuse(fault: string): never {
    throw new SimulatorError(
      `MuJoCo broke down (${fault}); environments made before that are lost, new ones can be made`,
    );
  }
}

/** Functions of the module that its types leave out. */
interface ExceptionCounts {
  incrementExceptionRefcount(exception: number): void;
  decrementExceptionRefcount(exception: number): void;
}

/** An error of WebAssembly itself; a recursion that is too deep is one of the JavaScript engine's. */
function isTrap(error: unknown): error is Error {
  return (
    error instanceof WebAssembly.RuntimeError ||
    (error instanceof RangeError && /call stack|recursion/.test(error.message))
  );
}

/** The stack that the module's functions share. It grows downwards. */
class Stack {
  private readonly bottom: number;
  private readonly top: number;
  /** What Emscripten writes at the stack's end to see whether it is overwritten. */
  private readonly mark: readonly number[];

  /** Only where no function of the module is running. @throws Error if a function that it needs is not there */
  constructor(private readonly exports: WebAssembly.Exports) {
    this.bottom = this.call('emscripten_stack_get_current');
    this.top = this.call('emscripten_stack_get_end');
    this.mark = this.end();
  }

  /** Gives back everything; only where no function of the module is running. */
  empty(): void {
    this.call('_emscripten_stack_restore', this.bottom);
  }

  hasOverflowed(): boolean {
    return this.end().some((word, i) => word !== this.mark[i]);
  }

  private end(): number[] {
    return [...new Uint32Array((this.exports.memory as WebAssembly.Memory).buffer, this.top, 2)];
  }

  private call(name: string, ...values: number[]): number {
    const found = this.exports[name];
    if (typeof found !== 'function')
      throw new Error('this build of MuJoCo keeps its stack in an unknown way');
    return found(...values);
  }
}

async function instantiate(): Promise<MuJoCo> {
  const { made: module, instances } = await watchInstances(load);
  const probe = new module.DoubleBuffer(1);
  const { buffer } = probe.GetView() as Float64Array;
  probe.delete();
  const own = instances.find(({ exports }) => (exports.memory as WebAssembly.Memory)?.buffer === buffer);
  return new MuJoCo(module, findDataLayout(module), new Stack(own?.exports ?? {}));
}

/**
 * Runs `make` and gives the WebAssembly instances that were made meanwhile. MuJoCo's module does not give out the
 * functions that move its stack pointer; its instance has them.
 */
async function watchInstances<T>(
  make: () => Promise<T>,
): Promise<{ made: T; instances: WebAssembly.Instance[] }> {
  const instances: WebAssembly.Instance[] = [];
  const { instantiate, instantiateStreaming } = WebAssembly;
  const watch =
    <Args extends unknown[]>(original: (...args: Args) => Promise<unknown>) =>
    async (...args: Args) => {
      const result = await original(...args);
      if (result instanceof WebAssembly.Instance) instances.push(result);
      else instances.push((result as WebAssembly.WebAssemblyInstantiatedSource).instance);
      return result;
    };
  const watched = {
    instantiate: watch(instantiate as (...args: unknown[]) => Promise<unknown>),
    instantiateStreaming: watch(instantiateStreaming as (...args: unknown[]) => Promise<unknown>),
  };
  Object.assign(WebAssembly, watched);
  try {
    return { made: await make(), instances };
  } finally {
    Object.assign(WebAssembly, { instantiate, instantiateStreaming });
  }
}
