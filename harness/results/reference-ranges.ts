/** Score ranges of tasks from published scores. */
import { UserError, unknownName } from '../text/errors.ts';
import type { ScoreRange } from './analysis.ts';

interface Reference {
  readonly task: string;
  readonly agent: string;
  readonly score: number;
}

/**
 * The range of each task: the score of one policy in it counts as 0, of another as 1 (a random policy's and a human's, say).
 * @throws UserError where a task has no score of one of them, several, or none that is higher
 */
export function rangesBetween(
  references: readonly Reference[],
  [low, high]: readonly [low: string, high: string],
  tasks: readonly string[],
): Record<string, ScoreRange> {
  const agents = [...new Set(references.map(({ agent }) => agent))];
  const scoreOf = (task: string, name: string) => {
    if (!agents.includes(name)) throw unknownName('reference', name, agents);
    const scores = references.filter((one) => one.task === task && one.agent === name);
    if (scores.length !== 1)
      throw new UserError(
        `--score-range ${low},${high}: the references have ${scores.length === 0 ? 'no score' : `${scores.length} scores`} of ${name} on ${task}`,
      );
    return scores[0].score;
  };
  return Object.fromEntries(
    tasks.map((task) => {
      const range: ScoreRange = [scoreOf(task, low), scoreOf(task, high)];
      if (range[0] >= range[1])
        throw new UserError(
          `--score-range ${low},${high}: on ${task} the score of ${low} (${range[0]}) is not below that of ${high} (${range[1]})`,
        );
      return [task, range];
    }),
  );
}
