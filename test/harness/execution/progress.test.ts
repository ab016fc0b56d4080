import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeProgress } from '../../../harness/execution/progress.ts';
import type { RunJob } from '../../../harness/run/job.ts';

const job = (seed: number): RunJob => ({
  identity: { task: 'walker-walk', agent: 'sac', seed },
  agent: { name: 'sac' },
  task: { name: 'walker-walk' },
  config: {},
  steps: 100,
  evaluation: { every: 10, episodes: 1, starts: 'fixed' },
  logEvery: 10,
  backend: 'wasm',
  threads: 1,
});

function terminal(isTTY: boolean, columns = 200) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns, cursorTo() {}, clearLine() {} });
  let text = '';
  stream.on('data', (data) => {
    text += data;
  });
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}

async function story(isTTY: boolean, quiet = false): Promise<string> {
  const { stream, text } = terminal(isTTY);
  const progress = await makeProgress([job(0), job(1)], { quiet, stream });
  progress.began(0);
  progress.moved(0, { step: 50, evaluation: 123.4 });
  vi.advanceTimersByTime(250); // bars are drawn ten times a second
  progress.note(0, 'continues from step 40');
  progress.ended(0, 'done');
  progress.began(1);
  progress.ended(1, 'failed', 'no more');
  progress.close();
  return text();
}

describe('progress', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is plain lines where there is no terminal', async () => {
    expect((await story(false)).split('\n')).toEqual([
      'walker-walk/sac/0: begins',
      'walker-walk/sac/0: continues from step 40',
      'walker-walk/sac/0: done, evaluation 123.4 (1 of 2 runs)',
      'walker-walk/sac/1: begins',
      'walker-walk/sac/1: failed: no more (2 of 2 runs)',
      '',
    ]);
  });

  it('says nothing when quiet', async () => {
    expect(await story(true, true)).toBe('');
  });

  it('names on a terminal every run, its step and its evaluation, and why one failed', async () => {
    const text = await story(true);
    expect(text).toContain('walker-walk/sac/0');
    expect(text).toContain('step 50, evaluation 123.4');
    expect(text).toContain('walker-walk/sac/1: failed: no more');
  });

  it('cuts a line between its fields, never inside a number', async () => {
    const { stream, text } = terminal(true, 80);
    const progress = await makeProgress([job(0)], { quiet: false, stream });
    progress.began(0);
    progress.moved(0, { step: 0, evaluation: 123.4 });
    vi.advanceTimersByTime(1000);
    progress.moved(0, { step: 12, evaluation: 123.4 });
    vi.advanceTimersByTime(250);
    progress.close();
    const lines = stripVTControlCharacters(text()).split('\n');
    const last = lines.filter((line) => line.includes('step 12')).at(-1) ?? '';
    expect(last.trimEnd().length).toBeLessThanOrEqual(80);
    expect(last.trimEnd()).toMatch(/walker-walk\/sac\/0 \| step 12, evaluation 123\.4$/);
  });

  it('says that an estimate has not settled, until halves of the last time agree', async () => {
    const { stream, text } = terminal(false);
    const long = { ...job(0), steps: 1_000_000 };
    const progress = await makeProgress([long], { quiet: false, stream });
    progress.began(0);
    let step = 0;
    const goOn = (seconds: number, speed: number) => {
      for (let second = 0; second < seconds; second++) {
        vi.advanceTimersByTime(1000);
        step += speed;
        progress.moved(0, { step });
      }
    };
    const last = () => text().trimEnd().split('\n').at(-1);
    goOn(21, 1000);
    expect(last()).toContain('step 20k');
    expect(last()).toMatch(/left, 1000 steps\/s$/);
    goOn(20, 100);
    expect(last()).toContain('left (not settled)');
    goOn(60, 100);
    expect(last()).toMatch(/2 h 4\d min left, \d+ steps\/s$/);
  });
});
