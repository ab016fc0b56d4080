/** Ctrl-C while a browser draws a video. */
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { pause, start, workplace } from './support/command.ts';

const folder = workplace({ browser: '#!/bin/sh\n: > "$STARTED"\nexec sleep 100\n' });

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

it('ends the command and the browser, and leaves nothing of it', async () => {
  chmodSync(join(folder, 'browser'), 0o755);
  mkdirSync(join(folder, 'temporary'));
  const begun = join(folder, 'begun');
  vi.stubEnv('CHROMIUM', join(folder, 'browser'));
  vi.stubEnv('TMPDIR', join(folder, 'temporary'));
  vi.stubEnv('STARTED', begun);
  const words = ['--agent', 'random', '--task', 'cartpole-balance', '--steps', '3', '--video', 'cart.mp4'];
  const { child, ended } = start(folder, 'rollout', ...words);
  while (!existsSync(begun) && child.exitCode === null) await pause(50);
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 130, stdout: '', stderr: '' });
  expect(readdirSync(join(folder, 'temporary'))).toEqual([]);
  expect(readdirSync(folder).sort()).toEqual(['begun', 'browser', 'temporary']);
});
