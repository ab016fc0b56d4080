/** `harness report`: tables, intervals, plots and the page, from CSVs alone. */
import { Command, InvalidArgumentError } from 'commander';
import { namedFolder } from '../files/named-folder.ts';
import type { ReportChoices } from '../report/gather.ts';
import type { ScoreRange } from '../results/analysis.ts';
import { coloursOf, painted } from '../text/colour.ts';
import { UserError } from '../text/errors.ts';
import { addReportingOptions, type ReportingFlags, reportingOf } from './reporting-options.ts';

interface Options extends ReportingFlags {
  agents?: string;
  tasks?: string;
  seeds?: string;
  until?: string;
  out?: string;
  scores?: string[];
  references?: string[];
  resamples?: number;
  seed?: number;
  prefix?: boolean;
  title?: string;
  force?: boolean;
  tensorboard?: boolean;
  markdown?: boolean;
  latex?: boolean;
  json?: boolean;
  quiet?: boolean;
}

const examples = `
Examples:
  harness report first                                 rebuild tables, plots and report.html of results/first
  harness report results/a results/b --out results/ab  two comparisons as one
  harness report results/a results/b --prefix --out ab the same agents under two settings, told apart
  harness report results/first --tasks walker-walk,walker-run --until 50k --markdown
  harness report --scores scores.csv --score-range 0,1 --json
  harness report results/first --score-range my-task=-200,0 --latex > table.tex
  harness report results/first --references published.csv
  harness report results/first --references published.csv --score-range random,human

Scores from elsewhere have the columns task, agent, seed, score; published scores task, agent, score.
Without --out, one directory is rebuilt in place; several, a part of one, and scores are only printed, and so is
what --json, --markdown and --latex print. --out is a path, unlike that of compare and merge: --out both is ./both.`;

export function reportCommand(): Command {
  const command = new Command('report')
    .description('rebuild tables, intervals, plots and the HTML report from CSVs alone')
    .argument('[directories...]', 'comparisons, by name under results/ or by path; joined if several')
    .option(
      '--scores <file>',
      'scores from elsewhere: CSV with columns task, agent, seed, score; may be repeated',
      collect,
    );
  return addReportingOptions(command, true)
    .option(
      '--references <file>',
      'published scores as lines in the curves: CSV with columns task, agent, score; may be repeated',
      collect,
    )
    .option('--agents <list>', 'only these agents, as the report names them')
    .option('--tasks <list>', 'only these tasks or suites')
    .option('--seeds <seeds>', 'only these seeds: 5 means seeds 0 to 4; also 3,7,11 or 10..14')
    .option('--until <step>', 'as things stood at this step: no later evaluation counts')
    .option('--prefix', 'put the name of its directory before each agent')
    .option('--resamples <count>', 'bootstrap resamples of --interval rliable (default: 50000)', positive)
    .option('--seed <seed>', 'seed of --interval rliable (default: 0)', whole)
    .option('--title <text>', 'title of the page')
    .option('--out <directory>', 'where to write: a path')
    .option('--force', 'write over the report that another directory holds')
    .option('--tensorboard', 'also write event files for TensorBoard into tensorboard/ of each directory')
    .option('--markdown', 'print the scores as a Markdown table')
    .option('--latex', 'print the scores as a LaTeX table (booktabs)')
    .option('--json', 'print {summary, aggregate, pairwise, profiles}: arrays of row objects')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', examples)
    .action(report);
}

async function report(names: string[], options: Options): Promise<void> {
  const directories = names.map((name) => namedFolder(name));
  const { writeReport } = await import('../report/write.ts');
  const { printReport } = await import('../report/print.ts');
  const { json, markdown, latex, quiet, tensorboard, scoreRange, agents, tasks, seeds, until, ...rest } =
    options;
  const printed = [json && 'json', markdown && 'markdown', latex && 'latex'].filter(
    (way) => way !== undefined,
  );
  if (printed.length > 1)
    throw new UserError(`--${printed.join(' and --')} print different things: choose one`);
  if (tensorboard && directories.length === 0)
    throw new UserError('--tensorboard needs a directory of results: scores have no steps');
  if (until !== undefined && directories.length === 0 && options.scores !== undefined)
    throw new UserError('--until needs a directory of results: scores have no steps');
  await checkResampling(directories, options);
  const part = await partOf({ agents, tasks, seeds, until });
  const isWhole = options.scores === undefined && Object.keys(part).length === 0;
  const inPlace = directories.length === 1 && isWhole && printed.length === 0;
  const made = writeReport({
    ...rest,
    ...reportingOf(options, await namedRanges(directories, options, part.tasks)),
    ...part,
    directories,
    out: options.out ?? (inPlace ? directories[0] : undefined),
  });
  if (tensorboard) {
    const { exportTensorBoard } = await import('../results/tensorboard.ts');
    for (const directory of directories) exportTensorBoard(directory);
  }
  if (json) process.stdout.write(`${JSON.stringify(made.tables, (_, value) => value ?? null, 2)}\n`);
  else if (markdown || latex) {
    const { scoreTable } = await import('../report/tables-text.ts');
    process.stdout.write(scoreTable(made.tables, made.protocol, latex ? 'latex' : 'markdown'));
  } else if (!quiet) process.stdout.write(painted(printReport(made), coloursOf(process.stdout)));
  if (printed.length > 0 && !quiet)
    for (const warning of made.warnings)
      process.stderr.write(painted(`note: ${warning}\n`, coloursOf(process.stderr)));
}

/** @throws UserError for options of an interval that is not made: the report's own, or the one that the results keep */
async function checkResampling(
  directories: readonly string[],
  { interval, resamples, seed }: Options,
): Promise<void> {
  if (resamples === undefined && seed === undefined) return;
  const asked = resamples === undefined ? '--seed' : '--resamples';
  const { readManifest } = await import('../results/read-files.ts');
  const kept = directories.flatMap((directory) => readManifest(directory)?.reporting?.interval ?? []);
  if ((interval ?? kept[0]) !== 'rliable') throw new UserError(`${asked} needs --interval rliable`);
}

type Part = 'agents' | 'tasks' | 'seeds' | 'until';

/** What is asked of the runs; what was not given is absent. */
async function partOf({
  agents,
  tasks,
  seeds,
  until,
}: Pick<Options, Part>): Promise<Pick<ReportChoices, Part>> {
  if ([agents, tasks, seeds, until].every((asked) => asked === undefined)) return {};
  const { entries, parseSeeds } = await import('../plan/settings.ts');
  const { parseCount } = await import('../text/quantity.ts');
  const { suite } = await import('../../envs/registry.ts');
  const listed = (text: string, option: string) => entries<string>(text, option);
  return {
    ...(agents !== undefined && { agents: listed(agents, '--agents') }),
    ...(tasks !== undefined && {
      tasks: listed(tasks, '--tasks').flatMap((name) => suite(name) ?? [name]),
    }),
    ...(seeds !== undefined && { seeds: parseSeeds(seeds).map(String) }),
    ...(until !== undefined && { until: parseCount(until, '--until', 0) }),
  };
}

/** The ranges of tasks that two names of references stand for; undefined if none are named. */
async function namedRanges(
  directories: readonly string[],
  { scoreRange, references, scores = [] }: Options,
  only: readonly string[] | undefined,
): Promise<Record<string, ScoreRange> | undefined> {
  if (scoreRange?.names === undefined || references === undefined) return undefined;
  const { readReferences } = await import('../report/write.ts');
  const { readManifest, readRuns, readScores } = await import('../results/read-files.ts');
  const { rangesBetween } = await import('../results/reference-ranges.ts');
  const runs = [
    ...directories.flatMap((directory) => readRuns(directory, readManifest(directory), { mayBeEmpty: true })),
    ...scores.flatMap((file) => readScores(file)),
  ];
  const asked = (task: string) => (only?.includes(task) ?? true) && !scoreRange.tasks?.has(task);
  const tasks = [...new Set(runs.map((run) => run.task))].filter(asked);
  return rangesBetween(references.flatMap(readReferences), scoreRange.names, tasks);
}

/** Options that may be given several times. */
const collect = (file: string, before: string[] = []): string[] => [...before, file];

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
