/** Event files: framing against published check values; the content as the real TensorBoard reads it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { crc32c, exportTensorBoard, fileStart } from '../../../harness/results/tensorboard.ts';
import { madeManifest, makeComparison } from '../report/made-comparison.ts';

const root = mkdtempSync(join(tmpdir(), 'events-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** python with TensorBoard: name one in TENSORBOARD_PYTHON (pip install tensorboard). */
const python = process.env.TENSORBOARD_PYTHON;
if (python === undefined)
  console.warn('SKIPPED: TensorBoard itself is not asked; name a python in TENSORBOARD_PYTHON');

describe('event files', () => {
  it('CRC-32C has the check values of RFC 3720, appendix B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c);
  });

  it('begin with the record of the file version', () => {
    const record = Buffer.from(fileStart(0));
    expect(Number(record.readBigUInt64LE(0))).toBe(record.length - 16);
    expect(record.toString('latin1')).toContain('brain.Event:2');
  });

  it('no run takes the file of another whose name is cleaned to the same', () => {
    const directory = join(root, 'alike');
    const tasks = ['a b', 'a/b', 'A-b', 'a-b', '.a', 'x'.repeat(120), 'x'.repeat(121)];
    const agents = ['sac', 'sac?', 'sac!', 'SAC', 'caf\u00e9', 'cafe\u0301'];
    makeComparison(directory, { tasks, agents, seeds: 1, evaluations: 1, episodes: 1 });
    expect(exportTensorBoard(directory)).toBe(tasks.length * agents.length);
    const files = readdirSync(join(directory, 'tensorboard'), { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.includes('tfevents'),
    );
    const compared = files.map((name) => name.normalize('NFC').toLowerCase());
    expect(new Set(compared).size).toBe(tasks.length * agents.length);
    expect(files.map((name) => name.split('/').slice(0, 2).join('/'))).toContain('A-b/SAC');
    // Every return stands in exactly one file.
    const contents = files.map((name) =>
      readFileSync(join(directory, 'tensorboard', name)).toString('base64'),
    );
    expect(new Set(contents).size).toBe(files.length);
  });

  it.skipIf(python === undefined)('TensorBoard reads every scalar of a comparison', () => {
    const directory = join(root, 'comparison');
    makeComparison(directory, {
      tasks: ['walker-run', 'a b/c'],
      agents: ['sac', 'td3'],
      seeds: 2,
      evaluations: 4,
      manifest: madeManifest('events'),
    });
    expect(exportTensorBoard(directory)).toBe(8);
    const program = `
import json, sys
from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer
runs = EventMultiplexer().AddRunsFromDirectory(sys.argv[1])
runs.Reload()
print(json.dumps({run: {tag: [[e.step, e.wall_time, e.value] for e in (runs.Scalars(run, tag) if tag in tags["scalars"] else [])] for tag in tags["scalars"]} for run, tags in runs.Runs().items()}))`;
    const output = execFileSync(python ?? '', ['-c', program, join(directory, 'tensorboard')], {
      encoding: 'utf8',
    });
    const runs = JSON.parse(output) as Record<string, Record<string, [number, number, number][]>>;
    expect(Object.keys(runs)).toHaveLength(8);
    expect(Object.keys(runs)).toContain('a-b-c/td3/seed-1');
    const lines = readFileSync(join(directory, 'evaluations.csv'), 'utf8').split('\n');
    const run = runs['walker-run/sac/seed-1'];
    expect(Object.keys(run)).toEqual(['evaluation/return', 'training/td_loss']);
    run['evaluation/return'].forEach(([step, wallTime, value], i) => {
      const own = lines
        .filter((line) => line.startsWith(`walker-run,sac,1,${step},`))
        .map((line) => line.split(','));
      expect(step).toBe(5000 * (i + 1));
      expect(value).toBeCloseTo((Number(own[0][5]) + Number(own[1][5])) / 2, 3);
      expect(wallTime).toBeCloseTo(Date.parse('2026-03-01T08:00:00Z') / 1000 + Number(own[0][7]), 3);
    });
  });
});
