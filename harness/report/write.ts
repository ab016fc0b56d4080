/** Makes a report: tables, plots and page, from the CSVs of comparison directories or a file of scores. */
import { existsSync, statSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import { readTable } from '../files/csv.ts';
import { makeFolder, writeDurably } from '../files/durable.ts';
import { formatTable } from '../files/table.ts';
import { readManifest, readRunMetrics, readRuns, readScores } from '../results/read-files.ts';
import { type TableName, type Tables, tableColumns } from '../results/tables.ts';
import { loggedRuns } from '../results/training.ts';
import { UserError } from '../text/errors.ts';
import { type KnownKeys, refuseUnknownKeys } from '../text/known-keys.ts';
import { shellWord } from '../text/shell-word.ts';
import type { ReferenceScore } from './curves.ts';
import { legendEntry, standaloneSvg } from './drawing.ts';
import {
  type ComparisonSource,
  type GatheredReport,
  gatherReport,
  metricsOf,
  type ReportChoices,
} from './gather.ts';
import { caution } from './notes.ts';
import { reportPage } from './page-file.ts';
import { protocolLine } from './protocol.ts';

/** What a report is made from, where it goes and how it is computed. */
export interface ReportOptions extends ReportChoices {
  /** Comparison directories; joined if several. */
  readonly directories?: readonly string[];
  /** Files with columns task, agent, seed, score, joined with the directories. */
  readonly scores?: readonly string[];
  /** Files with columns task, agent, score: published scores, drawn as lines across the curves. */
  readonly references?: readonly string[];
  /** Where everything is written; nothing is written without it. */
  readonly out?: string;
  /** Writes over the report of a directory that is none of `directories`. */
  readonly force?: boolean;
}

const reportKeys: KnownKeys<ReportOptions> = {
  ...{ directories: true, scores: true, references: true, out: true, force: true, resamples: true },
  ...{ seed: true, scoreRange: true, taskRanges: true, interval: true, tasks: true, agents: true },
  ...{ seeds: true, until: true, prefix: true, title: true },
};

/** What was made of the files. */
export interface Report {
  readonly tables: Tables;
  /** Paths of what was written. */
  readonly files: readonly string[];
  /** What was run, as a line: `preset laptop, 50k steps, 3 seeds`. */
  readonly protocol: string;
  /** Lines for the user. */
  readonly warnings: readonly string[];
}

/** @throws UserError for tables that cannot be read, with file and line */
export function writeReport(options: ReportOptions): Report {
  refuseUnknownKeys('writeReport', options, reportKeys);
  refuseToOverwrite(options);
  const { model, warnings } = read(options);
  const files: string[] = [];
  const report = { tables: model.tables, files, protocol: protocolLine(model), warnings };
  if (options.out === undefined) return report;
  const write = (path: string, text: string): void => {
    writeDurably(path, text);
    files.push(path);
  };
  const folder = options.out;
  makeFolder(join(folder, 'plots'));
  for (const name of Object.keys(tableColumns) as TableName[]) {
    write(join(folder, `${name}.csv`), formatTable<string>(tableColumns[name], model.tables[name]));
  }
  const page = reportPage(model);
  const legend = model.series.map(legendEntry);
  for (const drawing of page.drawings) {
    const note = [caution(model.flags), drawing.note].filter((line) => line !== undefined).join(' ');
    const svg = standaloneSvg(drawing, drawing.labelled ? [] : legend, note || undefined);
    write(join(folder, 'plots', `${drawing.name}.svg`), svg);
  }
  write(join(folder, 'report.html'), page.text);
  return report;
}

/** A report may be made again where it came from; elsewhere it does not replace another. */
function refuseToOverwrite({ out, directories = [], force }: ReportOptions): void {
  if (out === undefined || force || directories.some((directory) => resolve(directory) === resolve(out)))
    return;
  const there = [...Object.keys(tableColumns).map((name) => `${name}.csv`), 'evaluations.csv', 'report.html'];
  const found = there.find((name) => existsSync(join(out, name)));
  if (found !== undefined) throw new UserError(`${join(out, found)} exists; give another --out, or --force`);
}

/** Reads what the report is made from. */
function read(options: ReportOptions): GatheredReport {
  const { directories = [], scores = [], references = [] } = options;
  if (directories.length + scores.length === 0) {
    throw new UserError('nothing to report: give a comparison directory or --scores FILE.csv');
  }
  const names = namesOf(directories);
  return gatherReport(
    directories.map((directory, i) => readDirectory(directory, names[i], options.out !== undefined)),
    scores.map((file) => ({ name: basename(file), runs: readScores(file) })),
    references.flatMap(readReferences),
    options,
  );
}

/** The last part of each path; of those that end alike, as many as tell them apart. */
export function namesOf(directories: readonly string[]): string[] {
  const paths = [...new Set(directories.map((directory) => resolve(directory)))];
  const tail = (path: string, parts: number) => path.split(sep).slice(-parts).join('/');
  return directories.map((directory) => {
    const own = resolve(directory);
    const most = own.split(sep).length;
    const isAlike = (parts: number) =>
      paths.some((other) => other !== own && tail(other, parts) === tail(own, parts));
    let parts = 1;
    while (parts < most && isAlike(parts)) parts++;
    return tail(own, parts);
  });
}

/** @param withMetrics whether what its runs logged is read too */
function readDirectory(directory: string, name: string, withMetrics: boolean): ComparisonSource {
  if (!existsSync(directory)) {
    const under = join('results', directory);
    throw new UserError(
      `${directory}: no such directory${existsSync(under) ? `; did you mean ${under}?` : ''}`,
    );
  }
  if (!statSync(directory).isDirectory())
    throw new UserError(
      `${directory} is a file; scores are of harness report --scores ${shellWord(directory)}`,
    );
  const manifest = readManifest(directory);
  const runs = readRuns(directory, manifest, { mayBeEmpty: (manifest?.runs ?? []).length > 0 });
  return {
    name,
    manifest,
    runs,
    ...(withMetrics && metricsOf(() => loggedRuns(readRunMetrics(directory, manifest)))),
  };
}

/** Published scores: the columns task, agent, score. @throws UserError with file and line */
export function readReferences(file: string): ReferenceScore[] {
  return readTable(file, ['task', 'agent', 'score']).map((line) => ({
    task: line.text('task'),
    agent: line.text('agent'),
    score: line.number('score'),
  }));
}
