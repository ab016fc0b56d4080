/** The Python process that runs the official program's agents: told what to do line by line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('worker.py', import.meta.url));

export class ProgramWorker {
  readonly #process: ChildProcess;
  readonly #lines: Interface;

  /**
   * @param reference folder of the program's checkout
   * @param threads 1 keeps JAX on one core; otherwise it takes all
   */
  constructor(python: string, reference: string, threads: number) {
    const env = { ...process.env, JAX_PLATFORMS: 'cpu', THREADS: String(threads) };
    this.#process = spawn(python, [script, reference], { stdio: ['pipe', 'pipe', 'inherit'], env });
    const { stdout } = this.#process;
    if (stdout === null) throw new Error('no output of the Python process');
    this.#lines = createInterface({ input: stdout });
  }

  /** Sends one order and waits for its answer. */
  async order<Answer>(order: Record<string, unknown>): Promise<Answer> {
    this.#process.stdin?.write(`${JSON.stringify(order)}\n`);
    return new Promise((resolve, reject) => {
      const ended = (code: number | null) => reject(new Error(`the Python process ended with code ${code}`));
      this.#process.once('exit', ended);
      this.#process.once('error', reject);
      this.#lines.once('line', (line) => {
        this.#process.off('exit', ended);
        this.#process.off('error', reject);
        resolve(JSON.parse(line) as Answer);
      });
    });
  }

  close(): void {
    this.#process.stdin?.end();
  }
}
