/** A Redis of its own for a test file, and workers on it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from './command.ts';

/** Why there can be no Redis here; undefined if there can. */
export function whyNoRedis(): string | undefined {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'there is no redis-server here (Debian: apt-get install redis-server)';
  }
}

export interface TestRedis {
  readonly url: string;
  /** Runs one command. @returns what redis-cli prints */
  command(...words: string[]): string;
  stop(): void;
}

/** A port that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

export async function startRedis(): Promise<TestRedis> {
  const port = String(await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'harness-redis-'));
  const words = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  const server: ChildProcess = spawn('redis-server', words, { stdio: 'ignore' });
  const command = (...more: string[]) =>
    execFileSync('redis-cli', ['-p', port, ...more], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  for (let tries = 0; ; tries++) {
    try {
      if (command('ping').trim() === 'PONG') break;
    } catch {
      if (tries === 100) throw new Error('redis-server did not start');
    }
    await pause(50);
  }
  return { url: `redis://127.0.0.1:${port}`, command, stop: () => server.kill('SIGKILL') };
}
