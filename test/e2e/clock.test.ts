import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { duration } from '../../harness/report/numbers.ts';
import { patientAgent } from '../harness/support/agent-files.ts';
import { builtCommand } from '../harness/support/command.ts';
import { shortBalance } from '../harness/support/task-file.ts';
import { harness, pause, start, workplace } from './support/command.ts';
import { tableBytes } from './support/tables.ts';

const DAY = 86_400_000;

/** A date for every process that is set forward by three days and then back by forty, again and again. */
const jumpingClock = `
const now = Date.now;
const shifts = [0, 3 * ${DAY}, -40 * ${DAY}];
const shifted = () => now() + shifts[Math.floor(performance.now() / 400) % shifts.length];
globalThis.Date = class extends Date {
  constructor(...parts) {
    super(...(parts.length === 0 ? [shifted()] : parts));
  }
  static now() {
    return shifted();
  }
};`;

/** A process that is started now and whose clock is ahead of the others'. */
const clockAhead = jumpingClock.replace(/shifts = .*;/, `shifts = [3 * ${DAY}];`);

const comparison = [
  ...['compare', '--agents', './patient.ts', '--tasks', './short.ts', '--seeds', '1', '--workers', '2'],
  ...['--steps', '300', '--evaluate-every', '100', '--log-every', '50', '--evaluation-episodes', '2'],
  ...['--preset', 'smoke', '--checkpoint-seconds', '0.2'],
];

describe('a clock that jumps', () => {
  const folder = workplace({
    'patient.ts': patientAgent,
    'short.ts': shortBalance,
    'jumping.mjs': jumpingClock,
    'ahead.mjs': clockAhead,
  });
  const results = (name: string) => join(folder, 'results', name);

  /** Runs something while new processes get the clock of a file. */
  function withClock<T>(file: string, run: () => T): T {
    process.env.NODE_OPTIONS = `--import=${pathToFileURL(join(folder, file))}`;
    try {
      return run();
    } finally {
      delete process.env.NODE_OPTIONS;
    }
  }

  it('changes neither a byte nor a duration, and gives the folder to nobody else', async () => {
    expect((await builtCommand(folder, ...comparison, '--out', 'steady')).code).toBe(0);

    const begun = performance.now();
    const { ended } = withClock('jumping.mjs', () => start(folder, ...comparison, '--out', 'jumping'));
    while (!existsSync(join(results('jumping'), 'runs'))) await pause(20);
    const second = await withClock('ahead.mjs', () =>
      harness(folder, 'compare', '--resume', '--out', 'jumping'),
    );
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(/^harness: .*results\/jumping is in use by process \d+ on .*\n$/m);

    const { code, stderr } = await ended;
    const seconds = (performance.now() - begun) / 1000;
    expect(stderr).not.toMatch(/NaN|Infinity|-\d+ (s|min|h|d)\b|fault/);
    expect(code).toBe(0);
    expect(tableBytes(results('jumping'))).toEqual(tableBytes(results('steady')));

    const manifest = JSON.parse(readFileSync(join(results('jumping'), 'manifest.json'), 'utf8'));
    for (const { wallSeconds } of manifest.runs) {
      expect(wallSeconds).toBeGreaterThan(0);
      expect(wallSeconds).toBeLessThan(seconds);
    }
    const longest = Math.max(...manifest.runs.map((run: { wallSeconds: number }) => run.wallSeconds));
    expect(manifest.wallSeconds).toBeGreaterThanOrEqual(longest);
    expect(manifest.wallSeconds).toBeLessThan(seconds);
    const page = readFileSync(join(results('jumping'), 'report.html'), 'utf8');
    expect(page).toContain(`<dt>Took</dt><dd>${duration(manifest.wallSeconds)}</dd>`);
    expect(Math.abs(Date.parse(manifest.startedAt) - Date.parse(manifest.endedAt))).toBeLessThan(44 * DAY);
  }, 300_000);
});
