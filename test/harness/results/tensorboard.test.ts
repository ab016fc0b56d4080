/**
 * Event files: framing against published check values; the content as the rules of TFRecord and protobuf read it, and the
 * real TensorBoard.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  crc32c,
  exportTensorBoard,
  fileStart,
  GrowingEventFiles,
} from '../../../harness/results/tensorboard.ts';
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

  it('of a comparison that was killed have what its runs have written', () => {
    const directory = join(root, 'killed');
    const [task, agent] = ['walker-run', 'sac'];
    const { endedAt: _, ...manifest } = madeManifest('killed', [{ task, agent, seed: 0, status: 'running' }]);
    mkdirSync(directory);
    writeFileSync(join(directory, 'manifest.json'), JSON.stringify({ ...manifest, status: 'running' }));
    const made = { tasks: [task], agents: [agent], seeds: 1, evaluations: 4 };
    makeComparison(join(directory, 'runs', task, agent, '0'), made);
    writeFileSync(
      join(directory, 'runs', task, agent, '0', 'training.csv'),
      `task,agent,seed,step,loss\n${task},${agent},0,500,2\n`,
    );
    expect(exportTensorBoard(directory)).toBe(1);
    const folder = join(directory, 'tensorboard', task, agent, 'seed-0');
    const [file] = readdirSync(folder);
    const text = readFileSync(join(folder, file), 'latin1');
    expect(text.match(/evaluation\/return/g)).toHaveLength(4);
    expect(text).toContain('training/loss');
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

describe('event files of runs that go on', () => {
  const EPOCH = Date.parse('2026-03-01T08:00:00Z') / 1000;
  const evaluations = [
    [0, 10.5, 1],
    [100, 20.25, 11],
    [200, 40, 21],
  ];
  const training = [
    [50, 0.5],
    [100, 0.25],
    [150, 0.125],
    [200, 0.0625],
  ];
  /** The tables of a run as it writes them, with those rows; as if they had been written a minute ago. */
  const writeTables = (folder: string, counts: readonly [number, number], secondsAgo = 60) => {
    const tables = {
      'evaluations.csv': [
        'task,agent,seed,step,episode,return,length,wall_seconds',
        ...evaluations
          .slice(0, counts[0])
          .map(([step, value, seconds]) => `walk,sac,0,${step},0,${value},1000,${seconds}`),
      ],
      'training.csv': [
        'task,agent,seed,step,td_loss',
        ...training.slice(0, counts[1]).map(([step, value]) => `walk,sac,0,${step},${value}`),
      ],
    };
    mkdirSync(folder, { recursive: true });
    for (const [name, lines] of Object.entries(tables)) {
      const file = join(folder, name);
      writeFileSync(file, `${lines.join('\n')}\n`);
      const time = Date.now() / 1000 - secondsAgo + counts[0];
      utimesSync(file, time, time);
    }
  };
  const begin = (name: string) => {
    const directory = join(root, name);
    const folder = join(directory, 'runs/walk/sac/0');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(directory, 'manifest.json'), JSON.stringify(madeManifest(name)));
    const runs = [
      { task: 'walk', agent: 'sac', seed: '0', folder },
      { task: 'walk', agent: 'sac', seed: '1', folder: join(directory, 'runs/walk/sac/1') },
    ];
    const file = join(directory, `tensorboard/walk/sac/seed-0/events.out.tfevents.${EPOCH}.rfm-harness`);
    return { directory, folder, runs, file, files: new GrowingEventFiles(directory, runs) };
  };

  it('get what a run has written, after what is there', () => {
    const { directory, folder, file, files } = begin('growing');
    files.update();
    expect(existsSync(file)).toBe(false);
    writeTables(folder, [2, 2]);
    files.update();
    const first = readFileSync(file);
    const half = [
      { step: 0, time: EPOCH + 1, 'evaluation/return': 10.5 },
      { step: 50, time: EPOCH + 6, 'training/td_loss': 0.5 },
      { step: 100, time: EPOCH + 11, 'evaluation/return': 20.25 },
      { step: 100, time: EPOCH + 11, 'training/td_loss': 0.25 },
    ];
    expect(eventsIn(first)).toEqual([{ step: 0, time: EPOCH }, ...half]);
    files.update();
    expect(readFileSync(file)).toEqual(first);
    writeTables(folder, [3, 4]);
    files.update();
    const whole = readFileSync(file);
    expect(whole.subarray(0, first.length)).toEqual(first);
    expect(eventsIn(whole).slice(5)).toEqual([
      { step: 150, time: EPOCH + 16, 'training/td_loss': 0.125 },
      { step: 200, time: EPOCH + 21, 'evaluation/return': 40 },
      { step: 200, time: EPOCH + 21, 'training/td_loss': 0.0625 },
    ]);
    for (const name of ['evaluations.csv', 'training.csv'])
      writeFileSync(join(directory, name), readFileSync(join(folder, name)));
    expect(exportTensorBoard(directory)).toBe(1);
    expect(readFileSync(file)).toEqual(whole);
  });

  it('wait for the second table of a run, unless the runs have ended', () => {
    const { folder, file, files } = begin('unsettled');
    writeTables(folder, [1, 0], 1);
    files.update();
    expect(existsSync(file)).toBe(false);
    files.update(true);
    expect(eventsIn(readFileSync(file))).toHaveLength(2);
  });

  it('go on after a crash that tore one, and from other rows', () => {
    const { directory, folder, runs, file, files } = begin('torn');
    writeTables(folder, [2, 2]);
    files.update();
    const first = readFileSync(file);
    writeFileSync(file, first.subarray(0, first.length - 7));
    new GrowingEventFiles(directory, runs).update();
    expect(readFileSync(file)).toEqual(first);
    writeFileSync(file, 'something else');
    new GrowingEventFiles(directory, runs).update();
    expect(readFileSync(file)).toEqual(first);
  });
});

/** CRC-32C bit by bit, as RFC 3720 defines it, and TFRecord's mask. */
function maskedCrc(data: Uint8Array): number {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  const whole = ~crc >>> 0;
  return (((whole >>> 15) | (whole << 17)) + 0xa282ead8) >>> 0;
}

/** Step, time and scalars of the events in a file: TFRecords of protobuf's wire format. */
function eventsIn(file: Buffer): Record<string, number>[] {
  const events: Record<string, number>[] = [];
  for (let at = 0; at < file.length; ) {
    const size = Number(file.readBigUInt64LE(at));
    const data = file.subarray(at + 12, at + 12 + size);
    expect(file.readUInt32LE(at + 8)).toBe(maskedCrc(file.subarray(at, at + 8)));
    expect(file.readUInt32LE(at + 12 + size)).toBe(maskedCrc(data));
    at += 16 + size;
    const event: Record<string, number> = { step: 0, time: 0 };
    for (const [field, value] of fields(data)) {
      if (field === 1) event.time = (value as Buffer).readDoubleLE();
      if (field === 2) event.step = value as number;
      if (field !== 5) continue;
      for (const [, scalar] of fields(value as Buffer)) {
        const parts = new Map(fields(scalar as Buffer));
        event[String(parts.get(1))] = (parts.get(2) as Buffer).readFloatLE();
      }
    }
    events.push(event);
  }
  return events;
}

/** The fields of a message: numbers, or the bytes of what has them. */
function fields(message: Buffer): [field: number, value: number | Buffer][] {
  const found: [number, number | Buffer][] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++];
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const [field, type] = [tag >>> 3, tag & 7];
    if (type === 0) {
      found.push([field, varint()]);
      continue;
    }
    const size = type === 1 ? 8 : type === 5 ? 4 : varint();
    found.push([field, message.subarray(at, at + size)]);
    at += size;
  }
  return found;
}
