/**
 * Speed of this harness's updates and actions beside the official program's own on the same processor: both sides in
 * turn, several rounds in one run. The program is imported from a checkout (github.com/azizanlab/ReverseFlowMatching)
 * and gets this harness's sizes; bench/compare-reference shows that both compute the same.
 *
 *   npx jiti bench/compare-jax/run.ts --reference DIR [--python PATH] [--rounds 5] [--seconds 2] [--threads 2,1] [--spin]
 *     [--cases rfm-paper,rfm-laptop,rfm-smoke,sac-paper] [--backend native|onnx] [--out file.json]
 *
 * A case is an algorithm of the program (rfm, sac, dqs, maxentdp, qsm, qvpo) and a preset. --spin lets this harness's
 * threads wait by spinning, as JAX's do; for a machine with nothing else to do.
 *
 * PATH is a Python 3.11 with bench/compare-reference/requirements.txt installed; python3 by default.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type Preset, presets } from '../../agents/agent.ts';
import { type BackendName, backendNames } from '../../engine/backends/records.ts';
import { counterparts, programOptions } from '../compare-reference/agents.ts';
import { HarnessSide, type Timing } from './harness-side.ts';
import { ProgramWorker } from './worker.ts';

interface Case {
  readonly label: string;
  /** The program's name of it. */
  readonly algorithm: string;
  readonly preset: Preset;
  /** Observation and action. */
  readonly sizes: readonly [number, number];
}

const { values } = parseArgs({
  options: {
    reference: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    threads: { type: 'string', default: [...new Set([availableParallelism(), 1])].join() },
    cases: { type: 'string', default: 'rfm-paper,rfm-laptop,rfm-smoke,sac-paper' },
    spin: { type: 'boolean', default: false },
    backend: { type: 'string' },
    out: { type: 'string' },
  },
});
if (values.reference === undefined) fail("--reference is missing: the folder of the program's checkout");
const reference = values.reference;
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const cases = values.cases.split(',').map(caseOf);
const backend = backendOf(values.backend);

interface Row {
  readonly case: string;
  readonly threads: number;
  readonly what: string;
  /** Milliseconds by the clock, medians of the rounds. */
  readonly harness: number;
  readonly program: number;
  /** The program's time ÷ the harness's in each round, by the clock; above 1 the harness is faster. */
  readonly ratio: { readonly median: number; readonly lowest: number; readonly highest: number };
  /** The same of processor time over all rounds, which other processes disturb less. */
  readonly cpuRatio: number;
}

const rows: Row[] = [];
for (const threads of values.threads.split(',').map(Number)) {
  for (const entry of cases) await compareCase(entry, threads);
}
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(rows, null, 2)}\n`);

function caseOf(label: string): Case {
  const [algorithm, name] = label.split('-');
  const preset = presets.find((known) => known === name);
  if (!(algorithm in counterparts) || preset === undefined) {
    const algorithms = Object.keys(counterparts).join(', ');
    fail(`no case '${label}': one is ALGORITHM-PRESET of ${algorithms} and ${presets.join(', ')}`);
  }
  return { label, algorithm, preset, sizes: preset === 'smoke' ? [5, 1] : [24, 6] };
}

function backendOf(name: string | undefined): BackendName | undefined {
  const found = backendNames().find((known) => known === name);
  if (name !== undefined && found === undefined)
    fail(`no backend '${name}': one of ${backendNames().join(', ')}`);
  return found;
}

async function compareCase({ label, algorithm, preset, sizes }: Case, threads: number) {
  const { factory } = counterparts[algorithm];
  const [observation, action] = sizes;
  const options = programOptions(algorithm, factory.presets[preset]);
  const program = new ProgramWorker(values.python, reference, threads);
  const { milliseconds, versions } = await program.order<{
    milliseconds: number;
    versions: Record<string, string>;
  }>({ do: 'load', algorithm, observation, action, options });
  const start = performance.now();
  const harness = await HarnessSide.create(factory, preset, sizes, { threads, spin: values.spin, backend });
  await harness.agent.update(harness.batch);
  const ready = performance.now() - start;
  console.log(
    `${label}, ${threads} thread(s), ${harness.engine.backend}: ready after ${ready.toFixed(0)} ms (the program ` +
      `${milliseconds.toFixed(0)} ms; snapshot ${versions.snapshot.slice(0, 7)}, JAX ${versions.jax})`,
  );
  await alternate(label, threads, 'update', (s) => harness.update(s), program, { do: 'update' });
  for (const [count, best] of [
    [1, false],
    [25, true],
  ] as const) {
    const what = best ? `act ${count}, best` : `act ${count}`;
    const order = { do: 'act', count, best };
    await alternate(label, threads, what, (s) => harness.act(s, count, best), program, order);
  }
  program.close();
  await harness.dispose();
}

async function alternate(
  label: string,
  threads: number,
  what: string,
  ours: (seconds: number) => Promise<Timing>,
  worker: ProgramWorker,
  order: Record<string, unknown>,
): Promise<void> {
  const each = what === 'update' ? seconds : seconds / 4;
  const pairs: { harness: Timing; program: Timing }[] = [];
  for (let round = 0; round < rounds; round++) {
    const harness = await ours(each);
    pairs.push({ harness, program: await worker.order<Timing>({ ...order, seconds: each }) });
  }
  const time = ({ wall, count }: Timing) => (1000 * wall) / count;
  const cpu = ({ cpu: used, count }: Timing) => used / count;
  const ratios = pairs.map((pair) => time(pair.program) / time(pair.harness));
  const row: Row = {
    case: label,
    threads,
    what,
    harness: median(pairs.map((pair) => time(pair.harness))),
    program: median(pairs.map((pair) => time(pair.program))),
    ratio: { median: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) },
    cpuRatio: median(pairs.map((pair) => cpu(pair.program) / cpu(pair.harness))),
  };
  rows.push(row);
  const { ratio } = row;
  console.log(
    `  ${what.padEnd(13)} ${row.harness.toFixed(3).padStart(9)} ms, program ${row.program.toFixed(3).padStart(9)} ms, ratio ` +
      `${ratio.median.toFixed(2)} (${ratio.lowest.toFixed(2)} - ${ratio.highest.toFixed(2)}), ` +
      `of processor time ${row.cpuRatio.toFixed(2)}`,
  );
}

function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
