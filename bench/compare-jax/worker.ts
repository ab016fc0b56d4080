/** The Python process of the JAX side: installed into a virtual environment, then told what to do line by line. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const peer = fileURLToPath(new URL('../peers/jax/', import.meta.url));
const environment = fileURLToPath(new URL('../../.venv/jax/', import.meta.url));

/** Makes the virtual environment and installs the pinned requirements, if that has not been done. */
export function installPeer(): string {
  const python = join(environment, 'bin', 'python');
  if (!existsSync(python)) run('python3', ['-m', 'venv', environment]);
  const requirements = join(peer, 'requirements.txt');
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  return python;
}

function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
}

export class JaxWorker {
  readonly #process: ChildProcess;
  readonly #lines: Interface;

  /** @param threads 1 keeps JAX on one core; otherwise it takes all */
  constructor(python: string, threads: number) {
    const env = { ...process.env, JAX_PLATFORMS: 'cpu', THREADS: String(threads) };
    this.#process = spawn(python, [join(peer, 'worker.py')], { stdio: ['pipe', 'pipe', 'inherit'], env });
    const { stdout } = this.#process;
    if (stdout === null) throw new Error('no output of the JAX process');
    this.#lines = createInterface({ input: stdout });
  }

  /** Sends one order and waits for its answer. */
  async order<Answer>(order: Record<string, unknown>): Promise<Answer> {
    this.#process.stdin?.write(`${JSON.stringify(order)}\n`);
    return new Promise((resolve, reject) => {
      const ended = (code: number | null) => reject(new Error(`the JAX process ended with code ${code}`));
      this.#process.once('exit', ended);
      this.#lines.once('line', (line) => {
        this.#process.off('exit', ended);
        resolve(JSON.parse(line) as Answer);
      });
    });
  }

  close(): void {
    this.#process.stdin?.end();
  }
}
