/** `harness trace`: a seeded run of a task as numbers, to be compared with dm_control's. */
import { Command, InvalidArgumentError, Option } from 'commander';

interface TraceFlags {
  readonly task?: string;
  readonly seed: number[];
  readonly steps: number;
  readonly wholeEpisode?: boolean;
  readonly teacherForced?: string;
  readonly format: 'json' | 'text';
}

export function traceCommand(): Command {
  return new Command('trace')
    .description(
      'reset a task with a seed, take recorded random actions, print every state, observation and reward',
    )
    .option('--task <task>', 'a task, or a file with one')
    .option('--seed <seeds>', 'seeds of the random state, separated by commas', seeds, [0])
    .option('--steps <N>', 'control steps after the reset', wholeNumber, 30)
    .option(
      '--whole-episode',
      "also the same actions' return over a whole episode (openLoop); with --format json always",
    )
    .option('--no-whole-episode', 'never')
    .option(
      '--teacher-forced <FILE>',
      'restore each state of a recorded trace (.json, .json.gz), step once, compare',
    )
    .addOption(new Option('--format <format>', 'how to print').choices(['json', 'text']).default('text'))
    .addHelpText(
      'after',
      `
The action of each control step is one uniform(low, high) vector of numpy.random.RandomState(seed + 7919).

Examples:
  harness trace --task cheetah-run --seed 0 --steps 30 --format json > cheetah-run.json
  harness trace --task cheetah-run --teacher-forced cheetah-run.json
  harness trace --task humanoid-walk --seed 0,1,2 --whole-episode`,
    )
    .action(async (flags: TraceFlags) => {
      const { printTrace } = await import('../inspect/trace.ts');
      await printTrace(flags);
    });
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 0) {
    throw new InvalidArgumentError(`'${text}' is no whole number from 0`);
  }
  return value;
}

/** Room is left below 2^32 for the seed of the actions. */
function seeds(text: string): number[] {
  return text.split(',').map((item) => {
    const value = wholeNumber(item);
    if (value > 4294959376) throw new InvalidArgumentError(`seed ${item} is above 4294959376`);
    return value;
  });
}
