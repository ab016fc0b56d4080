/** The registry of backends: a made-up one is found everywhere, graphs fall back along it, and none is blamed on an agent. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { findAgent } from '../agents/registry.ts';
import { pages } from '../bench/docs-tables.ts';
import { type BackendName, type BackendRecord, backends } from '../engine/backends/records.ts';
import { UnsupportedOperation } from '../engine/errors.ts';
import { createEngine } from '../engine/index.ts';
import { compareCommand } from '../harness/cli/compare.ts';
import { CallWatch } from '../harness/plugins/guard.ts';
import { loadManifest } from '../harness/results/manifest.ts';
import { makeParts } from '../harness/run/parts.ts';
import { ToyEnvironment } from './harness/support/toy.ts';

const madeUp = 'made-up' as BackendName;
const all = backends as Record<string, BackendRecord>;
const later = ['wasm', 'onnx', 'eager'];

/** Puts it first, so that the others come after it. */
function add(record: Partial<BackendRecord> = {}): void {
  const others = { ...all };
  for (const name of Object.keys(all)) delete all[name];
  all[madeUp] = {
    what: 'pebbles that the engine lays out',
    where: 'beaches',
    bits: 'made-up-1',
    whyUnavailable: async () => undefined,
    open: async () => ({
      build: async () => {
        throw new UnsupportedOperation('there are too few pebbles');
      },
    }),
    ...record,
  };
  Object.assign(all, others);
}

afterEach(() => {
  delete all[madeUp];
});

const docs = () => pages().find(({ path }) => path.endsWith('engine.md'))?.wanted ?? '';

describe('a backend', () => {
  const folder = mkdtempSync(join(tmpdir(), 'backends-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is offered, named in errors, documented, and stands in the manifest with its bits', async () => {
    expect(compareCommand().helpInformation()).not.toContain('made-up');
    add();
    expect(compareCommand().helpInformation()).toContain('"made-up"');
    expect(docs()).toContain('| `made-up` | pebbles that the engine lays out | beaches | `made-up-1` |');
    const silent = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const words = ['--agents', 'random', '--tasks', 'cartpole-balance', '--seeds', '1', '--steps', '20'];
      const out = join(folder, 'comparison');
      // Its workers do not know it.
      const ended = compareCommand().exitOverride();
      await expect(
        ended.parseAsync([...words, '--out', out, '--backend', 'made-up', '--quiet'], { from: 'user' }),
      ).rejects.toThrow('exit 1');
      const { config, bits } = loadManifest(out);
      expect(config.backend).toBe('made-up');
      expect(bits).toBe('made-up-1');
    } finally {
      silent.mockRestore();
    }
  });

  it('that has no code for a graph leaves it to the next that is there, with a note', async () => {
    add();
    const notes: unknown[] = [];
    const engine = createEngine({ backend: madeUp, onFallback: (...told) => notes.push(told) });
    const double = engine.compile('double', ({ x }: { x: tf.Tensor }) => ({ y: tf.mul(x, 2) }));
    const { y } = await double({ x: { data: Float32Array.of(1, 2), shape: [2] } });
    expect([...y.data]).toEqual([2, 4]);
    const [[name, reason, backend]] = notes as string[][];
    expect([name, reason]).toEqual(['double', 'there are too few pebbles']);
    expect(['native', ...later]).toContain(backend);
    await engine.dispose();
  });

  it('is noted once for each function of an agent that runs elsewhere', async () => {
    add();
    const notes: string[] = [];
    const factory = findAgent('sac');
    if (factory === undefined) throw new Error('no sac');
    const { agent, evaluationEnvironments } = await makeParts(
      {
        identity: { task: 'toy', agent: 'sac', seed: 0 },
        agent: { name: 'sac' },
        task: { name: 'toy' },
        config: { ...factory.presets.smoke },
        steps: 10,
        evaluation: { every: 10, episodes: 1, starts: 'fixed' },
        logEvery: 10,
        backend: madeUp,
        threads: 1,
      },
      {
        factory,
        makeEnvironment: async () => new ToyEnvironment(),
        who: "agent 'sac'",
        watch: new CallWatch(),
        note: (line) => notes.push(line),
      },
    );
    const size = evaluationEnvironments[0].observationSpec.size;
    for (const count of [1, 2]) await agent.act(new Float32Array(count * size), count, 'exploit');
    const about = notes.filter((line) => line.includes('too few pebbles'));
    expect(about.length).toBeGreaterThan(0);
    expect(new Set(about).size).toBe(about.length);
    expect(about[0]).toMatch(
      /^agent 'sac': '.*' runs on the backend (native|wasm), as made-up has no code for it: /,
    );
    await agent.dispose();
  });

  it('that is not there is named, and no agent blamed', async () => {
    add({ whyUnavailable: async () => 'the tide took the pebbles' });
    const engine = createEngine({ backend: madeUp });
    const double = engine.compile('double', ({ x }: { x: tf.Tensor }) => ({ y: tf.mul(x, 2) }));
    await expect(double({ x: { data: Float32Array.of(1), shape: [1] } })).rejects.toThrow(
      /^the tide took the pebbles$/,
    );
  });

  it('native hides behind RFM_HARNESS_HIDE_NATIVE, and wasm is the default', async () => {
    vi.stubEnv('RFM_HARNESS_HIDE_NATIVE', '1');
    vi.resetModules();
    try {
      const { defaultBackend } = await import('../engine/default-backend.ts');
      const memory = await import('../engine/codegen/x86/memory.ts');
      expect(defaultBackend()).toBe('wasm');
      if (process.platform === 'linux' && process.arch === 'x64')
        expect(memory.whyUnavailable()).toContain('RFM_HARNESS_HIDE_NATIVE');
    } finally {
      vi.unstubAllEnvs();
      vi.resetModules();
    }
  });
});
