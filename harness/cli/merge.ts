/** `harness merge`: shards and comparisons of the same settings as one directory. */
import { Command } from 'commander';
import { namedFolder } from '../files/named-folder.ts';
import { UserError } from '../text/errors.ts';
import { Exit, exitCodes } from './exit.ts';
import { addReportingOptions, type ReportingFlags, reportingOf } from './reporting-options.ts';

interface MergeFlags extends ReportingFlags {
  readonly out?: string;
  readonly acceptChanges?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

export function mergeCommand(): Command {
  const command = new Command('merge')
    .description('join shards, and comparisons of the same settings, into one that goes on like any other')
    .argument('<directories...>', 'comparisons, by name under results/ or by path')
    .option('--out <name>', 'a new name under results/, or a path')
    .option('--accept-changes', 'also if code, packages or your files are not the same in all of them');
  return addReportingOptions(command)
    .option('--quiet', 'only the table at the end')
    .option('--json', 'print the results as JSON')
    .addHelpText(
      'after',
      `
Examples:
  harness merge results/rfm8-shards/* --out rfm8     the parts of compare --shard 1/8 to 8/8
  harness merge rfm8 rfm8-more-seeds --out rfm8-all  two comparisons with the same settings, other seeds
  harness compare --resume --out rfm8                carries out what is missing
  harness compare --extend --out rfm8 --seeds 10     adds to it

Rows, runs and checkpoints are those of one comparison planned whole. Nothing is written where parts do not fit.`,
    )
    .action((directories: string[], flags: MergeFlags) => merge(directories, flags));
}

async function merge(names: readonly string[], flags: MergeFlags): Promise<void> {
  if (flags.out === undefined) throw new UserError('merge needs --out: a new name under results/, or a path');
  const { resultsFolder } = await import('../comparison/comparison.ts');
  const { joinComparisons } = await import('../comparison/join.ts');
  const { printComparison } = await import('../comparison/report.ts');
  const { writeReport } = await import('../report/write.ts');
  const out = resultsFolder(flags.out);
  const say = (line: string) => {
    if (!flags.quiet) process.stderr.write(`${line}\n`);
  };
  const outcome = joinComparisons(
    names.map((name) => namedFolder(name)),
    {
      out,
      command: ['harness', ...process.argv.slice(2)],
      acceptChanges: flags.acceptChanges ?? false,
      reporting: reportingOf(flags),
      note: say,
      conclude(concluded) {
        const report = writeReport({ directories: [out], out });
        printComparison(out, concluded, report, { json: flags.json ?? false });
      },
    },
  );
  if (outcome.status === 'interrupted') {
    const missing = outcome.runs.filter(({ status }) => status !== 'done').length;
    process.stderr.write(
      `${missing} of ${outcome.runs.length} runs are not done; harness compare --resume --out ${flags.out} carries them out\n`,
    );
  }
  say(`results: ${out}`);
  if (outcome.status === 'interrupted') throw new Exit(exitCodes.interrupted);
  if (outcome.runs.some(({ status }) => status === 'failed')) throw new Exit(exitCodes.failed);
}
