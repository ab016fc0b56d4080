/**
 * The time of the statistics of a large comparison: 50,000 resamples of 8 agents on 8 tasks with 10 runs each, with
 * profiles and all pairs.
 *
 *   npx jiti bench/resampling.ts
 */
import { RandomStream } from '../engine/random.ts';
import { compareScores } from '../harness/statistics/index.ts';

const [agentCount, taskCount, runCount, resamples] = [8, 8, 10, 50_000];
const root = RandomStream.fromSeed(0);
const draw = root.split('scores');
const range = (length: number) => Array.from({ length }, (_, i) => i);
const agents = range(agentCount).map((agent) => ({
  agent: `agent${agent}`,
  tasks: range(taskCount).map((task) => `task${task}`),
  scores: range(taskCount).map(() => range(runCount).map(() => draw.uniform())),
}));

const before = process.cpuUsage();
compareScores(agents, {
  resamples,
  random: (agent, task) => root.split(agent).split(task),
});
const { user, system } = process.cpuUsage(before);
const size = `${agentCount} agents × ${taskCount} tasks × ${runCount} runs`;
console.log(`${resamples} resamples of ${size}: ${((user + system) / 1e6).toFixed(2)} s of processor time`);
