/**
 * One update and the actions of every agent beside the official program's, on the same parameters, batch and noise: a
 * table of the largest differences by quantity and algorithm. Ends with 1 where one is beyond its tolerance, and beyond
 * four times the program's own rounding error, which on some seeds is larger.
 *
 *   npx jiti bench/compare-reference/run.ts [--backend native|onnx|wasm|tensorflow] [--algorithms rfm,sac,...]
 *     [--recorded DIR]
 *   npx jiti bench/compare-reference/run.ts --reference DIR [--python PATH] [--seed 0] [--cases FILE.json] [--keep DIR]
 *
 * Without --reference it takes the recorded cases of test/data/reference-program. With it, record.py has the program in
 * that checkout compute new ones, with a Python that has requirements.txt (python3 by default). --cases is a file like
 *   {"name": {"observation": 9, "action": 2, "batch": 5, "width": 20, "embedding": 6, "count": 3, "draws": 10}}
 * whose sizes are those of record.py (`default_cases`); a draw left out is the program's own. --keep keeps the cases,
 * which --recorded then takes. A case in which the program's own rounding is beyond 1e-3 is left out, and named.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { backendNames } from '../../engine/backends/records.ts';
import { createEngine } from '../../engine/index.ts';
import { algorithmOf, counterparts } from './agents.ts';
import { compareWithCase, type Difference, readCase } from './cases.ts';

const recordedCases = fileURLToPath(new URL('../../test/data/reference-program/', import.meta.url));
const { values } = parseArgs({
  options: {
    backend: { type: 'string' },
    algorithms: { type: 'string', default: Object.keys(counterparts).join() },
    reference: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    seed: { type: 'string', default: '0' },
    cases: { type: 'string' },
    keep: { type: 'string' },
    recorded: { type: 'string', default: recordedCases },
  },
});
const backend = backendNames().find((known) => known === values.backend);
if (values.backend !== undefined && backend === undefined) {
  fail(`no backend '${values.backend}': it is one of ${backendNames().join(', ')}`);
}
const names = values.algorithms.split(',');
for (const name of names) {
  if (!(name in counterparts)) {
    fail(`no algorithm '${name}': it is one of ${Object.keys(counterparts).join(', ')}`);
  }
}

const made = values.reference === undefined ? undefined : record(values.reference);
const folder = made ?? values.recorded;
const engine = createEngine({ backend });
/** The largest difference of each quantity, and beside it the program's own rounding error in that case. */
const found = new Map<string, Map<string, Difference & { rounding: number }>>();
try {
  for (const name of names) {
    const files = readdirSync(folder).filter((file) => file.startsWith(`${name}-`) && file.endsWith('.json'));
    if (files.length === 0) {
      console.error(`${folder} has no case of ${name}`);
      process.exitCode = 1;
      continue;
    }
    const worst = new Map<string, Difference & { rounding: number }>();
    for (const file of files) {
      const reference = readCase(join(folder, file));
      const { algorithm, noiseOf } = algorithmOf(reference);
      for (const difference of await compareWithCase(engine, algorithm, reference, noiseOf)) {
        const before = worst.get(difference.quantity);
        if (before === undefined || !(difference.error <= before.error)) {
          worst.set(difference.quantity, {
            ...difference,
            rounding: reference.rounding[difference.quantity],
          });
        }
      }
    }
    found.set(name, worst);
  }
} finally {
  await engine.dispose();
  if (made !== undefined && values.keep === undefined) rmSync(made, { recursive: true });
}
table();

/** Cases of the program in that checkout, in a new folder. */
function record(reference: string): string {
  const out = values.keep ?? mkdtempSync(join(tmpdir(), 'compare-reference-'));
  const options = [
    '--reference',
    reference,
    '--out',
    out,
    '--algorithms',
    values.algorithms,
    '--seed',
    values.seed,
  ];
  if (values.cases !== undefined) options.push('--cases', values.cases);
  const script = fileURLToPath(new URL('record.py', import.meta.url));
  const { status, error } = spawnSync(values.python, [script, ...options], { stdio: 'inherit' });
  if (error !== undefined) fail(`${values.python}: ${error.message}`);
  if (status !== 0) fail('record.py failed');
  return out;
}

function table(): void {
  const quantities = [...new Set([...found.values()].flatMap((worst) => [...worst.keys()]))].sort();
  console.log(
    `Backend ${engine.backend}. Largest difference over the cases: relative, of after/... absolute.\n`,
  );
  console.log(`| quantity | tolerance | ${names.join(' | ')} |`);
  console.log(`| --- | ---: |${' ---: |'.repeat(names.length)}`);
  for (const quantity of quantities) {
    const row = names.map((name) => found.get(name)?.get(quantity));
    const tolerance = row.find((difference) => difference !== undefined)?.tolerance ?? 0;
    const cells = row.map((difference) => {
      if (difference === undefined) return '';
      const [error, rounding] = [difference.error, difference.rounding].map((e) => e.toExponential(0));
      return `${difference.error <= tolerance ? error : `**${error}**`} (${rounding})`;
    });
    console.log(`| ${quantity} | ${tolerance.toExponential(0)} | ${cells.join(' | ')} |`);
  }
  const all = [...found.values()].flatMap((worst) => [...worst.values()]);
  const within = ({ error, tolerance, rounding }: (typeof all)[number]) =>
    error <= Math.max(tolerance, 4 * rounding);
  if (!all.every(within)) process.exitCode = 1;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
