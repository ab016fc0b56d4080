/** A comparison on a disk that goes bad, and how it has to end. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type TestContext } from 'vitest';
import { patientAgent } from '../../harness/support/agent-files.ts';
import { builtCommand } from '../../harness/support/command.ts';
import { shortBalance } from '../../harness/support/task-file.ts';
import { type Outcome, pause, type Started, start, workplace } from './command.ts';
import { tableBytes } from './tables.ts';

export const files = { 'patient.ts': patientAgent, 'short.ts': shortBalance };

/** Two runs side by side, with checkpoints all the time. */
const comparison = [
  ...['compare', '--agents', './patient.ts', '--tasks', './short.ts', '--seeds', '2', '--workers', '2'],
  ...['--steps', '400', '--evaluate-every', '200', '--log-every', '100', '--evaluation-episodes', '1'],
  ...['--preset', 'smoke', '--checkpoint-seconds', '0.2'],
];

/** No fault of the harness, no stack, and a last line that says what happened and how to go on. */
export function expectClearEnd({ code, stderr }: Pick<Outcome, 'code' | 'stderr'>, last: RegExp): void {
  const lines = stderr.trimEnd().split('\n');
  expect(lines.at(-1)).toMatch(last);
  expect(lines.filter((line) => line.startsWith('harness: '))).toHaveLength(1);
  expect(stderr).not.toMatch(/fault of the harness|^\s+at |E[A-Z]{4,}:/m);
  expect(code).toBe(2);
}

/** @returns the tables of the comparison on a good disk */
export async function undisturbedTables(): Promise<Record<string, string>> {
  const folder = workplace(files);
  expect((await builtCommand(folder, ...comparison, '--out', 'undisturbed')).code).toBe(0);
  return tableBytes(join(folder, 'results/undisturbed'));
}

/** Starts the comparison in a folder and waits until its first run can be gone on with. */
export async function begin(folder: string): Promise<Started> {
  const started = start(folder, ...comparison, '--out', 'bad');
  const checkpoint = join(folder, 'results/bad/runs/short-balance/patient/0/checkpoint/last.safetensors');
  while (!existsSync(checkpoint) || !/\\"step\\":[1-9]/.test(readFileSync(checkpoint, 'latin1')))
    await pause(20);
  return started;
}

/** Resumes and finds nothing lost. */
export async function expectNothingLost(folder: string, undisturbed: Record<string, string>): Promise<void> {
  const { code, stderr } = await builtCommand(folder, 'compare', '--resume', '--out', 'bad');
  expect(stderr).toMatch(/patient\/0: continues from step [1-9]/);
  expect(code).toBe(0);
  expect(tableBytes(join(folder, 'results/bad'))).toEqual(undisturbed);
  const rest = readdirSync(join(folder, 'results/bad'), { recursive: true, encoding: 'utf8' });
  expect(rest.filter((file) => file.endsWith('.tmp'))).toEqual([]);
}

/** Leaves a test out, with its reason in the list of tests. */
export function skipIf(context: TestContext, reason: string | undefined): void {
  if (reason !== undefined) context.skip(reason);
}
