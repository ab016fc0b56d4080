/**
 * The time of the statistics of large comparisons, with profiles and all pairs: the default's of 60 agents on 40 tasks with
 * 10 runs each, and rliable's 50,000 resamples of 8 agents on 8 tasks.
 *
 *   npx jiti bench/resampling.ts
 */
import { RandomStream } from '../engine/random.ts';
import { compareScores, type IntervalMethod } from '../harness/statistics/index.ts';

const resamples = 50_000;
const range = (length: number) => Array.from({ length }, (_, i) => i);

function measure(interval: IntervalMethod, agentCount: number, taskCount: number, runCount: number): void {
  const root = RandomStream.fromSeed(0);
  const draw = root.split('scores');
  const agents = range(agentCount).map((agent) => ({
    agent: `agent${agent}`,
    tasks: range(taskCount).map((task) => `task${task}`),
    scores: range(taskCount).map(() => range(runCount).map(() => draw.uniform())),
  }));
  const before = process.cpuUsage();
  compareScores(agents, { interval, resamples, random: (agent, task) => root.split(agent).split(task) });
  const { user, system } = process.cpuUsage(before);
  const size = `${agentCount} agents × ${taskCount} tasks × ${runCount} runs`;
  console.log(`${interval}, ${size}: ${((user + system) / 1e6).toFixed(2)} s of processor time`);
}

measure('student_t', 60, 40, 10);
measure('rliable', 8, 8, 10);
