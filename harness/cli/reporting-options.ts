/** The options of `compare` and `report` that say how tables are made. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ScoreRange } from '../results/analysis.ts';
import type { Reporting } from '../results/manifest.ts';
import { type IntervalMethod, intervalMethods } from '../statistics/index.ts';

export interface ReportingFlags {
  readonly interval?: IntervalMethod;
  readonly scoreRange?: ScoreRanges;
}

/** What `--score-range` was given, once or several times. */
export interface ScoreRanges {
  readonly all?: ScoreRange;
  readonly tasks: ReadonlyMap<string, ScoreRange>;
}

export function addReportingOptions(command: Command): Command {
  return command
    .option(
      '--score-range <low,high>',
      'returns that count as 0 and 1, or TASK=LOW,HIGH for one task; may be repeated (default: what the task says, else 0 and the steps of an episode; of --scores alone 0,1)',
      readRanges,
    )
    .addOption(
      new Option(
        '--interval <method>',
        "how intervals are made: Student's t (the default), or rliable's bootstrap",
      ).choices([...intervalMethods]),
    );
}

/** For `writeReport` and manifests; what was not given is absent. */
export const reportingOf = ({ interval, scoreRange }: ReportingFlags): Reporting => ({
  ...(interval !== undefined && { interval }),
  ...(scoreRange?.all !== undefined && { scoreRange: scoreRange.all }),
  ...(scoreRange !== undefined &&
    scoreRange.tasks.size > 0 && { taskRanges: Object.fromEntries(scoreRange.tasks) }),
});

function readRanges(text: string, before: ScoreRanges = { tasks: new Map() }): ScoreRanges {
  const place = text.lastIndexOf('=');
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
