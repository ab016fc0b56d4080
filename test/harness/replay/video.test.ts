/** Videos as `harness rollout --video` writes them; their files are read here by the formats' own rules. */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { framesShown, gifDelay } from '../../../harness/replay/video-order.ts';
import { builtCommand } from '../support/command.ts';

const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
const installed = existsSync(chromium);
if (!installed) console.warn(`SKIPPED: no video is made, since there is no ${chromium}`);

const folder = mkdtempSync(join(tmpdir(), 'video-'));
const rollout = (...words: string[]) =>
  builtCommand(folder, 'rollout', '--agent', 'random', '--task', 'cartpole-balance', ...words);

afterEach(() => vi.unstubAllEnvs());

describe('the pictures of an episode', () => {
  it('are its frames where both clocks agree', () => {
    expect(framesShown(5, 0.04, { fps: 25, speed: 1 })).toEqual([0, 1, 2, 3, 4]);
  });

  it('leave frames out, or show them again, and end with the last', () => {
    expect(framesShown(6, 0.01, { fps: 50, speed: 1 })).toEqual([0, 2, 4, 5]);
    expect(framesShown(3, 0.04, { fps: 25, speed: 0.5 })).toEqual([0, 0, 1, 1, 2]);
    expect(framesShown(1, 0.04, { fps: 25, speed: 1 })).toEqual([0]);
  });

  it('take as long in a GIF as their number says', () => {
    const sum = (count: number, fps: number) =>
      Array.from({ length: count }, (_, i) => gifDelay(i, fps)).reduce((a, b) => a + b);
    expect(gifDelay(0, 25)).toBe(40);
    expect(sum(30, 30)).toBe(1000);
    expect(sum(120, 48)).toBe(2500);
  });
});

describe.skipIf(!installed)('harness rollout --video', () => {
  it('writes an MP4 with every picture, its size and its rate', async () => {
    vi.stubEnv('CHROMIUM', chromium);
    // Steps of 0.01 s: 0.1 s are five steps of 0.02 s at 50 pictures a second.
    const words = ['--steps', '10', '--video', 'cart.mp4', '--size', '64x48', '--fps', '50'];
    expect(await rollout(...words)).toMatchObject({ code: 0, stderr: '' });
    const video = readFileSync(join(folder, 'cart.mp4'));
    const [table] = boxes(video, ['moov', 'trak', 'mdia', 'minf', 'stbl']);
    const [sizes] = boxes(table, ['stsz']);
    expect(sizes.readUInt32BE(8)).toBe(6);
    const [description] = boxes(table, ['stsd']);
    expect(['avc1', 'av01', 'vp09']).toContain(description.toString('latin1', 12, 16));
    expect([description.readUInt16BE(40), description.readUInt16BE(42)]).toEqual([64, 48]);
    const [times] = boxes(table, ['stts']);
    const [clock] = boxes(video, ['moov', 'trak', 'mdia', 'mdhd']);
    expect([times.readUInt32BE(4), times.readUInt32BE(8)]).toEqual([1, 6]);
    expect(times.readUInt32BE(12) / clock.readUInt32BE(12)).toBeCloseTo(0.02, 9);
    expect(await rollout(...words)).toMatchObject({
      code: 2,
      stderr: 'harness: cart.mp4 exists; --force replaces it\n',
    });
  }, 120_000);

  it('writes a GIF, from a camera by its name', async () => {
    vi.stubEnv('CHROMIUM', chromium);
    const words = ['--steps', '4', '--fps', '50', '--video', 'cart.gif', '--size', '32x24'];
    expect(await rollout(...words, '--camera', 'fixd')).toMatchObject({
      code: 2,
      stderr: "harness: unknown camera 'fixd'; did you mean 'fixed'?\n",
    });
    vi.stubEnv('TMPDIR', mkdtempSync(join(folder, 'tmp-')));
    expect(await rollout(...words, '--camera', 'fixed')).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(process.env.TMPDIR ?? '')).toEqual([]);
    const gif = readFileSync(join(folder, 'cart.gif'));
    expect(gif.toString('latin1', 0, 6)).toBe('GIF89a');
    expect([gif.readUInt16LE(6), gif.readUInt16LE(8)]).toEqual([32, 24]);
    expect(delaysOf(gif)).toEqual([2, 2, 2]);
  }, 120_000);
});

describe('harness rollout --video without a browser', () => {
  it('writes the page, and says so', async () => {
    vi.stubEnv('CHROMIUM', '');
    vi.stubEnv('PATH', folder);
    expect(await rollout('--steps', '3', '--video', 'none.mp4')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('page: none.html'),
      stderr:
        'harness: no video: no Chromium or Chrome is installed (CHROMIUM may name one); none.html shows the rollout\n',
    });
    expect(readFileSync(join(folder, 'none.html'), 'utf8')).toContain('random on cartpole-balance');
    expect(existsSync(join(folder, 'none.mp4'))).toBe(false);
  }, 60_000);

  it('says how one ended that fails, and leaves nothing of it', async () => {
    const broken = join(folder, 'broken');
    writeFileSync(broken, '#!/bin/sh\necho no display >&2\nexit 3\n');
    chmodSync(broken, 0o755);
    vi.stubEnv('CHROMIUM', broken);
    vi.stubEnv('TMPDIR', mkdtempSync(join(folder, 'tmp-')));
    const said = await rollout('--steps', '3', '--video', 'broken.gif');
    expect(said.code).toBe(1);
    expect(said.stderr).toBe(
      `harness: no video: ${broken} ended with 3: no display; broken.html shows the rollout\n`,
    );
    expect(readdirSync(process.env.TMPDIR ?? '')).toEqual([]);
  }, 60_000);

  it('leaves a page of that name alone, unless --force says otherwise', async () => {
    const broken = join(folder, 'fails');
    writeFileSync(broken, '#!/bin/sh\nexit 3\n');
    chmodSync(broken, 0o755);
    writeFileSync(join(folder, 'kept.html'), 'mine');
    const words = ['--steps', '3', '--video', 'kept.mp4'];
    for (const CHROMIUM of [broken, '']) {
      vi.stubEnv('CHROMIUM', CHROMIUM);
      if (CHROMIUM === '') vi.stubEnv('PATH', folder);
      rmSync(join(folder, 'kept-2.html'), { force: true });
      const { code, stderr } = await rollout(...words);
      expect(code).toBe(1);
      expect(stderr).toMatch(/; kept-2\.html shows the rollout\n$/);
      expect(readFileSync(join(folder, 'kept.html'), 'utf8')).toBe('mine');
      expect(readFileSync(join(folder, 'kept-2.html'), 'utf8')).toContain('random on cartpole-balance');
    }
    expect((await rollout(...words, '--force')).stderr).toMatch(/; kept\.html shows the rollout\n$/);
  }, 120_000);

  it.each([
    [['--video', 'walk.avi'], '--video walk.avi: expected a name that ends in .mp4, .webm or .gif'],
    [
      ['--video', 'a.mp4', '--size', '641x480'],
      "--size expects two even numbers from 16 to 4096 such as 640x480, found '641x480'",
    ],
    [['--video', 'a.mp4', '--speed', '0'], "--speed must be a number from 0.01 to 100, found '0'"],
    [['--video', 'a.mp4', '--fps', '1k'], '--fps must lie between 1 and 120, found 1k'],
    [['--video', 'a.gif', '--fps', '60'], '--fps of a GIF must lie between 1 and 50, found 60'],
    [['--fps', '25'], '--fps needs --video'],
  ])('refuses %j', async (words, line) => {
    expect(await rollout(...words)).toMatchObject({ code: 2, stderr: `harness: ${line}\n` });
  });

  it('says that CHROMIUM names nothing', async () => {
    vi.stubEnv('CHROMIUM', '/nowhere/chromium');
    expect(await rollout('--video', 'a.mp4')).toMatchObject({
      code: 2,
      stderr: 'harness: CHROMIUM names /nowhere/chromium, which is not there\n',
    });
  });
});

/** Contents of the boxes of an ISO base media file (ISO/IEC 14496-12) along a path of their names. */
function boxes(bytes: Buffer, [name, ...path]: readonly string[]): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += bytes.readUInt32BE(at)) {
    const size = bytes.readUInt32BE(at);
    if (size < 8) break;
    if (bytes.toString('latin1', at + 4, at + 8) === name) found.push(bytes.subarray(at + 8, at + size));
  }
  return path.length === 0 ? found : found.flatMap((box) => boxes(box, path));
}

/** Hundredths of a second of every picture of a GIF, along its blocks (GIF89a, sections 20 to 24). */
function delaysOf(gif: Buffer): number[] {
  const table = (flags: number) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  const delays: number[] = [];
  let delay = Number.NaN;
  let at = 13 + table(gif[10]);
  while (gif[at] !== 0x3b) {
    if (gif[at] === 0x21) {
      if (gif[at + 1] === 0xf9) delay = gif.readUInt16LE(at + 4);
      at += 2;
    } else {
      expect(gif[at]).toBe(0x2c);
      delays.push(delay);
      at += 11 + table(gif[at + 9]);
    }
    while (gif[at] !== 0) at += gif[at] + 1;
    at += 1;
  }
  return delays;
}
