import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { start, workplace } from './support/command.ts';

it('a long result reaches a slow reader of the pipe whole', async () => {
  const words = ['trace', '--task', 'humanoid-walk', '--steps', '300', '--format', 'json'];
  const { child, ended } = start(workplace(), ...words);
  // After each piece the reader rests. The process has written everything by the first piece and waits for the reader.
  child.stdout?.on('data', () => {
    child.stdout?.pause();
    setTimeout(() => child.stdout?.resume(), 20);
  });
  const { code, stdout } = await ended;
  expect(code).toBe(0);
  expect(stdout.length).toBeGreaterThan(500_000);
  expect(() => JSON.parse(stdout)).not.toThrow();
});

it('a comparison whose progress nobody reads any more goes on to its end', async () => {
  const folder = workplace();
  const what = ['--agents', 'random', '--tasks', 'cartpole-balance', '--seeds', '1', '--steps', '400'];
  const { child, ended } = start(
    folder,
    'compare',
    ...what,
    ...['--evaluate-every', '400', '--evaluation-episodes', '1'],
    '--out',
    'unheard',
  );
  if (child.stderr) await once(child.stderr, 'data');
  child.stderr?.destroy();
  child.stdout?.destroy();
  const { code } = await ended;
  expect(code).toBe(0);
  expect(existsSync(join(folder, 'results/unheard/report.html'))).toBe(true);
});
