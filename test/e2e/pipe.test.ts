import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { start, workplace } from './support/command.ts';

it('a long result reaches a slow reader of the pipe whole', async () => {
  const words = ['trace', '--task', 'humanoid-walk', '--steps', '300', '--format', 'json'];
  const { child, ended } = start(workplace(), ...words);
  child.stdout?.pause();
  await sleep(2000); // longer than the trace takes: all of it waits in the process
  child.stdout?.resume();
  if (child.exitCode === null) await once(child, 'exit');
  const { code, stdout } = await ended;
  expect(code).toBe(0);
  expect(stdout.length).toBeGreaterThan(500_000);
  expect(() => JSON.parse(stdout)).not.toThrow();
});
