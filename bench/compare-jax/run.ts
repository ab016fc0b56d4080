/**
 * Speed of this harness's updates and actions beside the same algorithms in JAX on the same processor: both sides in
 * turn, several rounds in one run, and before that one step of both on the same numbers.
 *
 *   npx jiti bench/compare-jax/run.ts [--rounds 5] [--seconds 2] [--threads 2,1] [--spin] [--cases paper,laptop,smoke,sac]
 *     [--backend native|onnx] [--out file.json]
 *
 * --spin lets this harness's threads wait by spinning, as JAX's do; for a machine with nothing else to do.
 *
 * Needs python3 with venv; installs JAX into .venv/jax (some 150 MB) at the first run.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Preset } from '../../agents/agent.ts';
import { type BackendName, backendNames } from '../../engine/types.ts';
import { readArrays, writeArrays } from './arrays-file.ts';
import { HarnessSide, type Timing } from './harness-side.ts';
import { installPeer, JaxWorker } from './worker.ts';

interface Case {
  readonly label: string;
  readonly agent: string;
  readonly preset: Preset;
  /** Observation and action. */
  readonly sizes: readonly [number, number];
}

const cases: readonly Case[] = [
  { label: 'paper', agent: 'rfm-flow', preset: 'paper', sizes: [24, 6] },
  { label: 'laptop', agent: 'rfm-flow', preset: 'laptop', sizes: [24, 6] },
  { label: 'smoke', agent: 'rfm-flow', preset: 'smoke', sizes: [5, 1] },
  { label: 'sac', agent: 'sac', preset: 'paper', sizes: [24, 6] },
];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    threads: { type: 'string', default: [...new Set([availableParallelism(), 1])].join() },
    cases: { type: 'string', default: cases.map(({ label }) => label).join() },
    spin: { type: 'boolean', default: false },
    backend: { type: 'string' },
    out: { type: 'string' },
  },
});
function backend(): BackendName | undefined {
  const name = backendNames.find((known) => known === values.backend);
  if (values.backend !== undefined && name === undefined) throw new Error(`no backend '${values.backend}'`);
  return name;
}

const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const wanted = values.cases.split(',');

interface Row {
  readonly case: string;
  readonly threads: number;
  readonly what: string;
  /** Milliseconds by the clock, medians of the rounds. */
  readonly harness: number;
  readonly jax: number;
  /** JAX's time ÷ the harness's in each round, by the clock; above 1 the harness is faster. */
  readonly ratio: { readonly median: number; readonly lowest: number; readonly highest: number };
  /** The same of processor time over all rounds, which other processes disturb less. */
  readonly cpuRatio: number;
}

const rows: Row[] = [];
const python = installPeer();
for (const threads of values.threads.split(',').map(Number)) {
  for (const entry of cases.filter(({ label }) => wanted.includes(label)))
    await compareCase(python, entry, threads);
}
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(rows, null, 2)}\n`);

async function compareCase(interpreter: string, { label, agent, preset, sizes }: Case, threads: number) {
  const [obs, act] = sizes;
  const jax = new JaxWorker(interpreter, threads);
  const { milliseconds } = await jax.order<{ milliseconds: number }>({ do: 'load', agent, preset, obs, act });
  const start = performance.now();
  const harness = await HarnessSide.create(agent, preset, sizes, {
    threads,
    spin: values.spin,
    backend: backend(),
  });
  await harness.agent.update(harness.batch);
  const ready = performance.now() - start;
  console.log(
    `${label}, ${threads} thread(s): ready after ${ready.toFixed(0)} ms (JAX ${milliseconds.toFixed(0)} ms); ` +
      (await agreement(jax, harness)),
  );
  await alternate(label, threads, 'update', (s) => harness.update(s), jax, { do: 'update' });
  for (const [count, best] of [
    [1, false],
    [25, true],
  ] as const) {
    const what = best ? `act ${count}, best` : `act ${count}`;
    await alternate(label, threads, what, (s) => harness.act(s, count, best), jax, {
      do: 'act',
      count,
      best,
    });
  }
  jax.close();
  await harness.dispose();
}

async function alternate(
  label: string,
  threads: number,
  what: string,
  ours: (seconds: number) => Promise<Timing>,
  jax: JaxWorker,
  order: Record<string, unknown>,
): Promise<void> {
  const each = what === 'update' ? seconds : seconds / 4;
  const pairs: { harness: Timing; jax: Timing }[] = [];
  for (let round = 0; round < rounds; round++) {
    const harness = await ours(each);
    pairs.push({ harness, jax: await jax.order<Timing>({ ...order, seconds: each }) });
  }
  const time = ({ wall, count }: Timing) => (1000 * wall) / count;
  const cpu = ({ cpu: used, count }: Timing) => used / count;
  const ratios = pairs.map((pair) => time(pair.jax) / time(pair.harness));
  const row: Row = {
    case: label,
    threads,
    what,
    harness: median(pairs.map((pair) => time(pair.harness))),
    jax: median(pairs.map((pair) => time(pair.jax))),
    ratio: { median: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) },
    cpuRatio: median(pairs.map((pair) => cpu(pair.jax) / cpu(pair.harness))),
  };
  rows.push(row);
  const { ratio } = row;
  console.log(
    `  ${what.padEnd(13)} ${row.harness.toFixed(3).padStart(9)} ms, JAX ${row.jax.toFixed(3).padStart(9)} ms, ratio ` +
      `${ratio.median.toFixed(2)} (${ratio.lowest.toFixed(2)} - ${ratio.highest.toFixed(2)}), ` +
      `of processor time ${row.cpuRatio.toFixed(2)}`,
  );
}

/** One step of both on the same parameters, batch and noise, after some updates: losses and new parameters. */
async function agreement(jax: JaxWorker, harness: HarnessSide): Promise<string> {
  for (let i = 0; i < 5; i++) await harness.agent.update(harness.batch);
  const { recording, metrics } = await harness.record();
  const folder = mkdtempSync(join(tmpdir(), 'compare-jax-'));
  try {
    const file = join(folder, 'step');
    writeArrays(file, recording);
    const answer = await jax.order<{ file: string }>({ do: 'step', file });
    const found = readArrays(answer.file);
    let loss = 0;
    let parameter = 0;
    for (const [path, data] of Object.entries(found)) {
      const [kind, name] = path.split('/');
      if (kind === 'metrics') {
        loss = Math.max(loss, Math.abs(metrics[name] - data[0]) / Math.abs(data[0]));
        continue;
      }
      const after = recording[name === 'target' ? 'after/target' : `after/${name}/params`].data;
      data.forEach((x, i) => {
        parameter = Math.max(parameter, Math.abs(x - after[i]));
      });
    }
    return `one step agrees to ${loss.toExponential(1)} in losses (relative), ${parameter.toExponential(1)} in parameters`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
