/** `harness report`: tables, intervals, plots and the page, from CSVs alone. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { type IntervalMethod, intervalMethods } from '../statistics/index.ts';

interface Options {
  out?: string;
  scores?: string[];
  references?: string[];
  scoreRange?: [number, number];
  interval: IntervalMethod;
  resamples: number;
  seed: number;
  prefix?: boolean;
  title?: string;
  force?: boolean;
  tensorboard?: boolean;
  json?: boolean;
  quiet?: boolean;
}

const examples = `
Examples:
  harness report results/first                         rebuild its tables, plots and report.html
  harness report results/a results/b --out results/ab  two comparisons as one
  harness report results/a results/b --prefix --out ab the same agents under two settings, told apart
  harness report --scores scores.csv --score-range 0,1 --json
  harness report results/first --references published.csv

Scores from elsewhere have the columns task, agent, seed, score; published scores task, agent, score.
Without --out, one directory is rebuilt in place; several, or scores, are only printed.`;

export function reportCommand(): Command {
  return new Command('report')
    .description('rebuild tables, intervals, plots and the HTML report from CSVs alone')
    .argument('[directories...]', 'comparison directories, joined if several')
    .option(
      '--scores <file>',
      'scores from elsewhere: CSV with columns task, agent, seed, score; may be repeated',
      collect,
    )
    .option(
      '--score-range <low,high>',
      'scores that count as 0 and 1 (default: 0,1000; with --scores alone 0,1)',
      range,
    )
    .option(
      '--references <file>',
      'published scores as lines in the curves: CSV with columns task, agent, score; may be repeated',
      collect,
    )
    .option('--prefix', 'put the name of its directory before each agent')
    .addOption(
      new Option('--interval <method>', "how intervals are made: Student's t, or rliable's bootstrap")
        .choices([...intervalMethods])
        .default('student_t'),
    )
    .option('--resamples <count>', 'bootstrap resamples of --interval rliable', positive, 50_000)
    .option('--seed <seed>', 'seed of resampling', whole, 0)
    .option('--title <text>', 'title of the page')
    .option('--out <directory>', 'where to write')
    .option('--force', 'write over the report that another directory holds')
    .option('--tensorboard', 'also write event files for TensorBoard into tensorboard/ of each directory')
    .option('--json', 'print {summary, aggregate, pairwise, profiles}: arrays of row objects')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', examples)
    .action(report);
}

async function report(directories: string[], options: Options): Promise<void> {
  const { writeReport } = await import('../report/write.ts');
  const { printReport } = await import('../report/print.ts');
  const { json, quiet, tensorboard, ...rest } = options;
  const inPlace = directories.length === 1 && options.scores === undefined && !json;
  const made = writeReport({
    ...rest,
    directories,
    out: options.out ?? (inPlace ? directories[0] : undefined),
  });
  if (tensorboard) {
    const { exportTensorBoard } = await import('../results/tensorboard.ts');
    for (const directory of directories) exportTensorBoard(directory);
  }
  if (json) process.stdout.write(`${JSON.stringify(made.tables, (_, value) => value ?? null, 2)}\n`);
  else if (!quiet) process.stdout.write(printReport(made));
  if (json && !quiet) for (const warning of made.warnings) process.stderr.write(`note: ${warning}\n`);
}

/** Options that may be given several times. */
const collect = (file: string, before: string[] = []): string[] => [...before, file];

function range(text: string): [number, number] {
  const [low, high, ...more] = text
    .split(',')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (more.length > 0 || !Number.isFinite(low) || !Number.isFinite(high) || low >= high) {
    throw new InvalidArgumentError('expected two numbers LOW,HIGH with LOW below HIGH.');
  }
  return [low, high];
}

function whole(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('expected a whole number from 0.');
  }
  return value;
}

function positive(text: string): number {
  const value = whole(text);
  if (value < 1 || value > 1_000_000)
    throw new InvalidArgumentError('expected a whole number from 1 to 1,000,000.');
  return value;
}
