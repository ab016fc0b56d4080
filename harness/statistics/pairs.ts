/** Pairs of algorithms: the tasks that both ran, and both orders of one estimate. */
import type { AgentScores, Estimate, PairEstimate } from './estimates.ts';

/** For every task that both ran, its place in X and in Y. */
export function sharedTasks(x: AgentScores, y: AgentScores): (readonly [x: number, y: number])[] {
  const places = new Map(y.tasks.map((task, place) => [task, place]));
  return x.tasks.flatMap((task, tx) => {
    const ty = places.get(task);
    return ty === undefined ? [] : [[tx, ty] as const];
  });
}

/** P(X > Y), and P(Y > X) = 1 - P(X > Y), since ties count one half for either. */
export function bothOrders(
  x: AgentScores,
  y: AgentScores,
  tasks: readonly string[],
  { value, interval }: Estimate & { interval: NonNullable<Estimate['interval']> },
): PairEstimate[] {
  const [low, high] = interval;
  return [
    { x: x.agent, y: y.agent, tasks, value, interval },
    { x: y.agent, y: x.agent, tasks, value: 1 - value, interval: [1 - high, 1 - low] },
  ];
}
