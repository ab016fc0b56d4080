import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { defaultBackend } from '../../../engine/default-backend.ts';
import { benchUpdates } from '../../../harness/bench/update.ts';
import { benchUpdateCommand } from '../../../harness/cli/bench/update.ts';
import { diagnose, diagnosisText, isHealthy } from '../../../harness/inspect/doctor.ts';
import { presentBackends, whyMissing } from '../../engine/present-backends.ts';
import { agentFile } from '../support/agent-files.ts';

// As built, for what starts a process: from source that takes ten times as long.
const built = (await import(
  new URL('../../../dist/harness/bench/update.js', import.meta.url).href
)) as typeof import('../../../harness/bench/update.ts');

const folder = mkdtempSync(join(tmpdir(), 'bench-update-'));
afterAll(() => rmSync(folder, { recursive: true }));

const compiling = await presentBackends('onnx', 'wasm');

describe('bench update', () => {
  it('measures agents that learn, and leaves the others out', async () => {
    const announced: string[] = [];
    const speeds = await benchUpdates(
      {
        agents: ['sac', 'random'],
        presets: ['smoke'],
        backend: 'wasm',
        threads: [1],
        rounds: 3,
        seconds: 0.05,
      },
      ({ agent }) => announced.push(agent),
    );
    expect(announced).toEqual(['sac']);
    const [{ updatesPerSecond: rate, ...speed }] = speeds;
    expect(speed).toMatchObject({ agent: 'sac', preset: 'smoke', backend: 'wasm', threads: 1 });
    expect(rate.lowest).toBeGreaterThan(0);
    expect(rate.median).toBeGreaterThanOrEqual(rate.lowest);
    expect(rate.highest).toBeGreaterThanOrEqual(rate.median);
    expect(speed.actMilliseconds).toBeGreaterThan(0);
    expect(speed.cpuMillisecondsPerUpdate).toBeGreaterThan(0);
  });

  it.each(compiling)('gives the time per operation, and the graphs: %s', async (backend) => {
    const [speed] = await benchUpdates({
      agents: ['sac'],
      presets: ['smoke'],
      backend,
      threads: [1],
      rounds: 1,
      seconds: 0.2,
      profileFolder: join(folder, backend, 'profile'),
      graphFolder: join(folder, backend, 'graphs'),
    });
    const operations = speed.operations ?? [];
    expect(operations.map(({ operation }) => operation).join()).toMatch(/MatMul|product/);
    expect(operations.every(({ nodes, microseconds }) => nodes > 0 && microseconds >= 0)).toBe(true);
    const [graph] = readdirSync(join(folder, backend, 'graphs')).filter((file) => file.includes('update'));
    expect(readFileSync(join(folder, backend, 'graphs', graph)).toString('latin1')).toContain('rfm-harness');
  });

  it('names a plugin that fails, and keeps what it prints out of the results', async () => {
    const options = {
      presets: ['smoke'] as const,
      backend: 'wasm' as const,
      threads: [1],
      rounds: 1,
      seconds: 0.01,
    };
    const [failing, noisy] = [join(folder, 'failing.ts'), join(folder, 'noisy.ts')];
    writeFileSync(failing, agentFile({ name: 'failing', update: "throw new Error('no more');" }));
    writeFileSync(noisy, agentFile({ name: 'noisy', update: "process.stdout.write('garbage'); return {};" }));
    await expect(built.benchUpdates({ ...options, agents: [failing] })).rejects.toThrow(
      `agent ${failing}: no more`,
    );
    const write = vi.spyOn(process.stdout, 'write');
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await built.benchUpdates({ ...options, agents: [noisy] });
    const garbage = (spy: { mock: { calls: unknown[][] } }) =>
      spy.mock.calls.filter(([text]) => String(text).includes('garbage')).length;
    expect([garbage(write), garbage(said) > 0]).toEqual([0, true]);
    write.mockRestore();
    said.mockRestore();
  });

  it('tells which graphs another backend ran', async () => {
    const odd = join(folder, 'odd.ts');
    const source = {
      name: 'odd',
      prelude: "import * as tf from '@tensorflow/tfjs-core';",
      create: `const run = context.engine.compile('odd/update', ({ x }: Record<string, tf.Tensor>) => ({
        y: tf.einsum('ii->i', x),
      }));`,
      update: 'await run({ x: { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] } } as never); return {};',
    };
    writeFileSync(odd, agentFile(source));
    const options = { presets: ['smoke'] as const, threads: [1], rounds: 1, seconds: 0.01 };
    const [speed] = await built.benchUpdates({ ...options, agents: [odd], backend: 'wasm' });
    expect(speed).toMatchObject({
      backend: 'wasm',
      elsewhere: [
        {
          graph: 'odd/update',
          backend: expect.stringMatching(/^(onnx|eager)$/),
          reason: expect.stringMatching(/einsum/i),
        },
      ],
    });
  });

  it('refuses impossible options', async () => {
    const run = (...flags: string[]) =>
      benchUpdateCommand()
        .exitOverride()
        .configureOutput({ writeErr() {} })
        .parseAsync(['node', 'update', ...flags]);
    await expect(run('--preset', 'huge')).rejects.toThrow(/paper, laptop, smoke/);
    await expect(run('--seconds', '-1')).rejects.toThrow(/no number above 0/);
    await expect(run('--threads', '0')).rejects.toThrow(/--threads must lie between/);
    await expect(run('sca', '--rounds', '1')).rejects.toThrow(/did you mean 'sac'/);
  });
});

describe('doctor', () => {
  let diagnosis: Awaited<ReturnType<typeof diagnose>>;
  beforeAll(async () => {
    diagnosis = await diagnose();
  });

  it('finds the packages and computes on the backends', async () => {
    expect(isHealthy(diagnosis)).toBe(true);
    const works = diagnosis.backends.filter((state) => state.works).map(({ backend }) => backend);
    expect(works).toEqual(expect.arrayContaining(await presentBackends('onnx', 'wasm', 'eager')));
    const version = diagnosis.packages.find(({ name }) => name === 'onnxruntime-node')?.version;
    const missing = await whyMissing('onnx');
    expect(version === undefined).toBe(missing !== undefined);
    expect(diagnosisText(diagnosis)).toMatch(
      missing === undefined ? /onnx, 1 thread +\d+ GFLOP\/s/ : /onnx, 1 thread +not usable: .*npm install/,
    );
  });

  it('names the instruction set that machine code is for', () => {
    const native = diagnosis.backends.filter(({ backend, works }) => backend === 'native' && works);
    const [line] = diagnosisText(diagnosis).match(/native.*1 thread/) ?? [];
    if (native.length === 0) {
      expect(line).toBe('native, 1 thread');
      return;
    }
    const flags = readFileSync('/proc/cpuinfo', 'utf8')
      .match(/^flags.*$/m)?.[0]
      .split(' ');
    const name = flags?.includes('avx512vl') ? 'AVX-512' : 'AVX2';
    expect(native.map(({ instructionSet }) => instructionSet)).toEqual(native.map(() => name));
    expect(line).toBe(`native on ${name}, 1 thread`);
  });

  it('is not content without the default backend', () => {
    const broken = diagnosis.backends.map((state) => ({
      ...state,
      works: state.backend !== defaultBackend(),
    }));
    expect(isHealthy({ ...diagnosis, backends: broken })).toBe(false);
    expect(isHealthy({ ...diagnosis, packages: [{ name: 'x', optional: false }] })).toBe(false);
  });
});
