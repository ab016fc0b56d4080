/**
 * TensorBoard event files: what a run logged, as scalars that TensorBoard plots. A file is a sequence of
 * TFRecords (length, masked CRC-32C of the length, data, masked CRC-32C of the data), each an `Event` message
 * (tensorflow/core/util/event.proto).
 */
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs/light.js';
import { makeFolder, writeDurably } from '../files/durable.ts';
import { fileNames } from '../files/file-names.ts';
import { UserError } from '../text/errors.ts';
import { readEvaluations, readManifest, readRunMetrics, readRuns, readTrainingRows } from './read-files.ts';
import { compareNames, type Run, type RunName, runKey } from './runs.ts';
import type { TrainingMetrics } from './training.ts';

/** Numbers logged together. */
interface ScalarEvent {
  /** Environment steps. */
  readonly step: number;
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** By tag; TensorBoard groups tags by what stands before the slash. */
  readonly scalars: Readonly<Record<string, number>>;
}

const { Event } = protobuf.Root.fromJSON({
  nested: {
    Event: {
      fields: {
        wallTime: { id: 1, type: 'double' },
        step: { id: 2, type: 'int64' },
        fileVersion: { id: 3, type: 'string' },
        summary: { id: 5, type: 'Summary' },
      },
    },
    Summary: { fields: { value: { id: 1, rule: 'repeated', type: 'Value' } } },
    Value: { fields: { tag: { id: 1, type: 'string' }, simpleValue: { id: 2, type: 'float' } } },
  },
}).resolveAll().nested as Record<'Event', protobuf.Type>;

/** The records of events, to be put after one another in a file that `fileStart` begins. */
function encodeEvents(events: readonly ScalarEvent[]): Uint8Array {
  const records = events.map(({ step, wallTime, scalars }) =>
    frame({
      wallTime,
      step,
      summary: { value: Object.entries(scalars).map(([tag, simpleValue]) => ({ tag, simpleValue })) },
    }),
  );
  return Buffer.concat(records);
}

/** The record that every event file begins with. */
export const fileStart = (wallTime: number): Uint8Array => frame({ wallTime, fileVersion: 'brain.Event:2' });

/** The event file of a run that began then; TensorBoard looks for "tfevents" in the name. */
const eventFileName = (startedAt: number): string =>
  `events.out.tfevents.${Math.floor(startedAt)}.rfm-harness`;

/** What the event file of a run holds. */
function eventFile(run: Run, metrics: readonly TrainingMetrics[], startedAt: number): Buffer<ArrayBuffer> {
  return Buffer.concat([fileStart(startedAt), encodeEvents(eventsOf(run, metrics, startedAt))]);
}

/**
 * Event files for all runs of a comparison directory, from its CSVs: OUT/TASK/AGENT/seed-N. Evaluations are
 * tagged `evaluation/return`, metrics of training `training/NAME`.
 * @returns the number of runs
 */
export function exportTensorBoard(directory: string, out = join(directory, 'tensorboard')): number {
  const manifest = readManifest(directory);
  const startedAt = Date.parse(manifest?.startedAt ?? '') / 1000 || 0;
  const training = readRunMetrics(directory, manifest);
  const runs = readRuns(directory, manifest, { mayBeEmpty: true });
  if (runs.length === 0) throw new UserError(`${directory}: no evaluations to export`);
  const folderOf = runFolders(runs, out);
  for (const run of runs) {
    const folder = folderOf(run);
    makeFolder(folder);
    const file = eventFile(run, training.get(runKey(run)) ?? [], startedAt);
    writeDurably(join(folder, eventFileName(startedAt)), file);
  }
  return runs.length;
}

/** With files that changed so lately, the other table of the run may not be written yet; ms. */
const SETTLED = 500;

/**
 * The event files of a comparison while its runs go on: what `exportTensorBoard` writes in the end, put after what is
 * there whenever a run has written its tables.
 */
export class GrowingEventFiles {
  private readonly folderOf: (run: RunName) => string;
  /** Of the tables that have been read, by their folder. */
  private readonly read = new Map<string, number>();

  /**
   * @param directory of the comparison, whose manifest tells when it began
   * @param runs with the folders in which they write their tables
   */
  constructor(
    private readonly directory: string,
    private readonly runs: readonly (RunName & { readonly folder: string })[],
    out = join(directory, 'tensorboard'),
  ) {
    this.folderOf = runFolders(runs, out);
  }

  /** Writes down what the runs have written since. @param ended whether they write no more */
  update(ended = false): void {
    const changed = this.runs.flatMap((run) => {
      const time = newest(TABLES.map((name) => join(run.folder, name)));
      if (time === undefined || time === this.read.get(run.folder)) return [];
      return ended || Date.now() - time >= SETTLED ? [{ run, time }] : [];
    });
    if (changed.length === 0) return;
    const startedAt = Date.parse(readManifest(this.directory)?.startedAt ?? '') / 1000 || 0;
    for (const { run: name, time } of changed) {
      const { folder } = name;
      const [run] = readEvaluations(folder, { mayBeEmpty: true });
      if (run === undefined) continue;
      const [metrics = []] = readTrainingRows(folder).values();
      const to = this.folderOf(name);
      makeFolder(to);
      grow(join(to, eventFileName(startedAt)), eventFile(run, metrics, startedAt));
      this.read.set(folder, time);
    }
  }
}

const TABLES = ['evaluations.csv', 'training.csv'];

/** When the newest of the files was written, ms since 1970; undefined while one is missing. */
function newest(files: readonly string[]): number | undefined {
  const times = files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs);
  return times.includes(undefined) ? undefined : Math.max(...times.map(Number));
}

/** TensorBoard goes on reading where it stopped, so what is there stays where it can. */
function grow(path: string, content: Buffer<ArrayBuffer>): void {
  const before = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const isStart = content.subarray(0, before.length).equals(before);
  if (isStart) appendFileSync(path, content.subarray(before.length));
  else writeDurably(path, [content]);
}

function eventsOf(
  { evaluations }: Run,
  metrics: readonly TrainingMetrics[],
  startedAt: number,
): ScalarEvent[] {
  const times = evaluations.map(({ step, wallSeconds = 0 }) => [step, wallSeconds] as const);
  return [
    ...evaluations.map(({ step, meanReturn, wallSeconds = 0 }) => ({
      step,
      wallTime: startedAt + wallSeconds,
      scalars: { 'evaluation/return': meanReturn },
    })),
    ...metrics.map(({ step, values }) => ({
      step,
      wallTime: startedAt + timeAt(times, step),
      scalars: Object.fromEntries(
        Object.keys(values)
          .sort(compareNames)
          .map((name) => [`training/${name}`, values[name]]),
      ),
    })),
  ].sort((a, b) => a.step - b.step);
}

/** Seconds at a step, along the line through the evaluations around it. */
function timeAt(times: readonly (readonly [step: number, seconds: number])[], step: number): number {
  let [lastStep, lastSeconds] = [0, 0];
  for (const [nextStep, nextSeconds] of times) {
    if (step <= nextStep && nextStep > lastStep) {
      return lastSeconds + ((step - lastStep) / (nextStep - lastStep)) * (nextSeconds - lastSeconds);
    }
    [lastStep, lastSeconds] = [nextStep, nextSeconds];
  }
  return lastSeconds;
}

/** A folder for each run, OUT/TASK/AGENT/seed-N; no two runs share one. */
function runFolders(runs: readonly RunName[], out: string): (run: RunName) => string {
  const namesOf = (name: (run: RunName) => string) => fileNames(runs.map(name).sort(compareNames), clean);
  const task = namesOf((run) => run.task);
  const agent = namesOf((run) => run.agent);
  const seed = namesOf((run) => run.seed);
  return (run) => join(out, task(run.task), agent(run.agent), `seed-${seed(run.seed)}`);
}

/** A name as one folder; what a file system may refuse becomes a dash. */
const clean = (name: string): string =>
  name
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^\.+/, '-')
    .slice(0, 100);

function frame(event: Record<string, unknown>): Buffer {
  const data = Event.encode(Event.fromObject(event)).finish();
  const record = Buffer.alloc(16 + data.length);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return record;
}

/** CRC-32C rotated right by 15 bits plus a constant, so that a CRC of data with CRCs in it is no weaker. */
function maskedCrc(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** CRC-32C (Castagnoli), reflected polynomial 0x82f63b78. */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 0xff];
  return (crc ^ 0xffffffff) >>> 0;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});
