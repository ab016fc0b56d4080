/** `harness verify`: whether results come out again, byte for byte. */
import { Command } from 'commander';
import type { Verdict } from '../comparison/verify.ts';
import { UserError } from '../text/errors.ts';
import { Exit, exitCodes } from './exit.ts';

interface VerifyFlags {
  readonly run?: string;
  readonly until?: string;
  readonly plugins?: string;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export function verifyCommand(): Command {
  return new Command('verify')
    .description('train runs of a comparison again, and compare their rows byte for byte')
    .argument('<directory>', 'results of compare or train, or a name under results/')
    .option('--run <task/agent/seed>', 'one run (default: all, one after the other)')
    .option('--until <step>', 'compare up to the last evaluation before or at this step')
    .option(
      '--plugins <list>',
      'files of agents and tasks that may be loaded though no comparison of yours recorded them',
    )
    .option('--quiet', 'no progress')
    .option('--json', 'print a row for each run: its status, and the first cell that differs')
    .addHelpText(
      'after',
      `
Examples:
  harness verify results/rfm8 --run cheetah-run/sac/0 --until 20k
  harness verify results/sac-cartpole-swingup-0
  harness verify results/rfm8 --json

Exit code 1 if a row differs. Results of the backend wasm come out again on every machine, those of native on every
one that runs it, if the code is the same: docs/reproducibility.md.`,
    )
    .action(verifyResults);
}

async function verifyResults(name: string, flags: VerifyFlags): Promise<void> {
  const { parseCount } = await import('../text/quantity.ts');
  const { namedFolder } = await import('../files/named-folder.ts');
  const { explanations, verify } = await import('../comparison/verify.ts');
  const { absolutePath } = await import('../plugins/load-module.ts');
  const named = flags.plugins?.split(',').map((file) => absolutePath(file.trim()));
  const until = flags.until === undefined ? undefined : parseCount(flags.until, '--until', 0);
  const folder = namedFolder(name);
  const progress = flags.quiet
    ? undefined
    : (verdict: Verdict) => process.stderr.write(`${describe(verdict)}\n`);
  const rows: VerifyRow[] = [];
  const print = (line: string) => void (flags.json || console.log(line));
  let differs = false;
  let recorded = 0;
  for await (const verdict of verify(folder, { run: flags.run, until, named, progress })) {
    print(describe(verdict));
    recorded += verdict.recorded;
    const reasons = verdict.difference === undefined ? [] : explanations(folder);
    rows.push(rowOf(verdict, reasons));
    if (verdict.difference === undefined) continue;
    differs = true;
    if (reasons.length === 0)
      print('  nothing explains it: the family of bits, the code and the packages are the same');
    for (const reason of reasons) print(`  ${reason}`);
  }
  if (recorded === 0)
    throw new UserError(`${folder} has no evaluations${flags.run === undefined ? '' : ` of ${flags.run}`}`);
  if (flags.json) console.log(JSON.stringify(rows, null, 2));
  if (differs) throw new Exit(exitCodes.failed);
}

interface VerifyRow extends Partial<Omit<NonNullable<Verdict['difference']>, 'step'>> {
  readonly run: string;
  readonly status: 'identical' | 'different' | 'nothing recorded';
  /** Evaluations that are the same, and all that are recorded. */
  readonly evaluations: number;
  readonly recorded: number;
  /** Of the first difference, else of the last evaluation that is the same; null for none. */
  readonly step: number | null;
  /** What may explain a difference. */
  readonly explanations: readonly string[];
}

function rowOf({ run, same, recorded, step, difference }: Verdict, reasons: readonly string[]): VerifyRow {
  const status = recorded === 0 ? 'nothing recorded' : difference === undefined ? 'identical' : 'different';
  const last = step < 0 ? null : step;
  return { run, status, evaluations: same, recorded, step: last, ...difference, explanations: reasons };
}

const thousands = (count: number): string => count.toLocaleString('en-US');

export function describe({ run, same, recorded, step, difference }: Verdict): string {
  if (recorded === 0) return `${run}: nothing recorded`;
  if (difference === undefined)
    return `${run}: identical through step ${thousands(step)} (${same} of ${recorded} evaluations)`;
  const { file, episode, column, here, there } = difference;
  const where = episode === undefined ? '' : `, episode ${episode}`;
  const value = (text: string) => (text === '' ? 'nothing' : text);
  return `${run}: ${file} differs at step ${thousands(difference.step)}${where}: ${column} is ${value(here)} here and ${value(there)} there`;
}
