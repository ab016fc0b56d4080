/** The options of `compare` and `report` that say how tables are made. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ScoreRange } from '../results/analysis.ts';
import type { Reporting } from '../results/manifest.ts';
import { type IntervalMethod, intervalMethods } from '../statistics/index.ts';
import { UserError } from '../text/errors.ts';

export interface ReportingFlags {
  readonly interval?: IntervalMethod;
  readonly scoreRange?: ScoreRanges;
}

/** What `--score-range` was given, once or several times. */
export interface ScoreRanges {
  readonly all?: ScoreRange;
  /** Of references: those of one count as 0, of the other as 1. */
  readonly names?: readonly [low: string, high: string];
  readonly tasks: ReadonlyMap<string, ScoreRange>;
}

/** @param scored whether the command takes scores from elsewhere and published ones, too */
export function addReportingOptions(command: Command, scored = false): Command {
  const names = scored ? ', or two names in --references' : '';
  const ofScores = scored ? '; of --scores alone 0,1' : '';
  return command
    .option(
      '--score-range <low,high>',
      `returns that count as 0 and 1, or TASK=LOW,HIGH for one task${names}; may be repeated (default: what the task says, else 0 and the steps of an episode${ofScores})`,
      readRanges,
    )
    .addOption(
      new Option(
        '--interval <method>',
        "how intervals are made: Student's t (the default), or rliable's bootstrap",
      ).choices([...intervalMethods]),
    );
}

/**
 * For `writeReport` and manifests; what was not given is absent.
 * @param named the ranges of tasks that names of references stand for
 * @throws UserError for names without them
 */
export function reportingOf(
  { interval, scoreRange }: ReportingFlags,
  named?: Readonly<Record<string, ScoreRange>>,
): Reporting {
  const { all, names, tasks = new Map() } = scoreRange ?? {};
  if (names !== undefined && named === undefined)
    throw new UserError(
      `--score-range ${names.join(',')}: expected two numbers LOW,HIGH; names are of harness report --references FILE`,
    );
  const ranges = { ...named, ...Object.fromEntries(tasks) };
  return {
    ...(interval !== undefined && { interval }),
    ...(all !== undefined && { scoreRange: all }),
    ...(Object.keys(ranges).length > 0 && { taskRanges: ranges }),
  };
}

function readRanges(text: string, before: ScoreRanges = { tasks: new Map() }): ScoreRanges {
  const place = text.lastIndexOf('=');
  const names = text.split(',').map((part) => part.trim());
  if (place < 0 && names.length === 2 && names.every((name) => /^[^\d.+-]/.test(name)))
    return { ...before, names: [names[0], names[1]] };
  const range = readRange(text.slice(place + 1));
  if (place < 0) return { ...before, all: range };
  const task = text.slice(0, place).trim();
  if (task === '') throw new InvalidArgumentError('expected TASK=LOW,HIGH.');
  return { ...before, tasks: new Map([...before.tasks, [task, range]]) };
}

function readRange(text: string): ScoreRange {
  const [low, high, ...more] = text
    .split(',')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (more.length > 0 || !Number.isFinite(low) || !Number.isFinite(high) || low >= high) {
    throw new InvalidArgumentError('expected two numbers LOW,HIGH with LOW below HIGH.');
  }
  return [low, high];
}
