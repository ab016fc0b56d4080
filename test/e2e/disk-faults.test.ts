import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { patientAgent } from '../harness/support/agent-files.ts';
import { shortBalance } from '../harness/support/task-file.ts';
import { harness, type Outcome, pause, start, workplace } from './support/command.ts';
import { makeReadOnly, mountSmallDisk, unmountAfterAll, whyNoMounts } from './support/mounts.ts';
import { tableBytes } from './support/tables.ts';

const files = { 'patient.ts': patientAgent, 'short.ts': shortBalance };
const TASK = 'short-balance';

/** Two runs side by side, with checkpoints all the time. */
const comparison = [
  ...['compare', '--agents', './patient.ts', '--tasks', './short.ts', '--seeds', '2', '--workers', '2'],
  ...['--steps', '400', '--evaluate-every', '200', '--log-every', '100', '--evaluation-episodes', '1'],
  ...['--preset', 'smoke', '--checkpoint-seconds', '0.2'],
];

/** No fault of the harness, no stack, and a last line that says what happened and how to go on. */
function expectClearEnd({ code, stderr }: Outcome, last: RegExp): void {
  const lines = stderr.trimEnd().split('\n');
  expect(lines.at(-1)).toMatch(last);
  expect(lines.filter((line) => line.startsWith('harness: '))).toHaveLength(1);
  expect(stderr).not.toMatch(/fault of the harness|^\s+at |E[A-Z]{4,}:/m);
  expect(code).toBe(2);
}

describe('a comparison on a bad disk', () => {
  let undisturbed: Record<string, string>;

  beforeAll(async () => {
    const folder = workplace(files);
    expect((await harness(folder, ...comparison, '--out', 'undisturbed')).code).toBe(0);
    undisturbed = tableBytes(join(folder, 'results/undisturbed'));
  }, 300_000);

  unmountAfterAll();

  /** Starts a comparison in a folder and waits until its first run can be gone on with. */
  async function begin(folder: string) {
    const started = start(folder, ...comparison, '--out', 'bad');
    const checkpoint = join(folder, `results/bad/runs/${TASK}/patient/0/checkpoint/last.safetensors`);
    while (!existsSync(checkpoint) || !/\\"step\\":[1-9]/.test(readFileSync(checkpoint, 'latin1')))
      await pause(20);
    return started;
  }

  /** Resumes and finds nothing lost. */
  async function expectNothingLost(folder: string): Promise<void> {
    const { code, stderr } = await harness(folder, 'compare', '--resume', '--out', 'bad');
    expect(stderr).toMatch(/patient\/0: continues from step [1-9]/);
    expect(code).toBe(0);
    expect(tableBytes(join(folder, 'results/bad'))).toEqual(undisturbed);
    const rest = readdirSync(join(folder, 'results/bad'), { recursive: true, encoding: 'utf8' });
    expect(rest.filter((file) => file.endsWith('.tmp'))).toEqual([]);
  }

  it('that is full ends with one line, and goes on once there is room', async (context) => {
    const folder = workplace(files);
    mkdirSync(join(folder, 'results'));
    skipIf(context, mountSmallDisk(join(folder, 'results'), 8192));
    const { ended } = await begin(folder);
    const filler = join(folder, 'results/filler');
    expect(() => writeFileSync(filler, new Uint8Array(2 ** 24))).toThrow('ENOSPC');
    const outcome = await ended;
    expectClearEnd(
      outcome,
      /^harness: cannot write .*: the disk is full; every run keeps its last checkpoint, then go on with: harness compare --resume --out bad$/,
    );
    rmSync(filler);
    await expectNothingLost(folder);
  }, 300_000);

  it('that has no room from the start says so and leaves no lock', async (context) => {
    const folder = workplace(files);
    mkdirSync(join(folder, 'results'));
    skipIf(context, mountSmallDisk(join(folder, 'results'), 64));
    expect(() => writeFileSync(join(folder, 'results/filler'), new Uint8Array(2 ** 20))).toThrow('ENOSPC');
    expectClearEnd(await harness(folder, ...comparison, '--out', 'bad'), /: the disk is full$/);
    rmSync(join(folder, 'results/filler'));
    expect(readdirSync(join(folder, 'results/bad'))).toEqual([]);
  });

  it('that becomes read-only ends with one line, and goes on once it can be written', async (context) => {
    const folder = workplace(files);
    skipIf(
      context,
      process.getuid?.() === 0 ? whyNoMounts(folder) : 'without root a folder alone is read-only',
    );
    const { ended } = await begin(folder);
    const { undo, refusal } = makeReadOnly(join(folder, 'results'));
    const outcome = await ended;
    expectClearEnd(
      outcome,
      new RegExp(`^harness: cannot write .*: ${refusal}; .* harness compare --resume --out bad$`),
    );
    expectClearEnd(await harness(folder, 'compare', '--resume', '--out', 'bad'), new RegExp(refusal));
    undo();
    await expectNothingLost(folder);
  }, 300_000);

  it('that is read-only from the start makes nothing', async (context) => {
    const folder = workplace(files);
    mkdirSync(join(folder, 'results'));
    if (process.getuid?.() === 0) skipIf(context, whyNoMounts(join(folder, 'results')));
    const { undo, refusal } = makeReadOnly(join(folder, 'results'));
    const outcome = await harness(folder, ...comparison, '--out', 'bad');
    expectClearEnd(outcome, new RegExp(`^harness: cannot write .*/results/bad: ${refusal}$`));
    expect(readdirSync(join(folder, 'results'))).toEqual([]);
    undo();
  });
});

/** Leaves a test out, with its reason in the list of tests. */
function skipIf(context: TestContext, reason: string | undefined): void {
  if (reason !== undefined) context.skip(reason);
}
