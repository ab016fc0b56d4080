/** How long a plan will take, from speeds measured on this machine just before. */
import type { RunJob } from '../run/job.ts';
import { type AgentSpeed, measureAgent, measureTask, type TaskSpeed } from './measure-speeds.ts';
import { type AgentPlan, type ComparisonPlan, jobsOf } from './plan.ts';

/** Starting a process, loading MuJoCo and the engine, seconds. */
const START_SECONDS = 1.5;
/** Checkpoints and rows, as a factor. */
const WRITING = 1.02;

/** What the speeds cannot know, as a sentence for the user. */
export const UNCERTAINTY =
  'from speeds measured for a moment just now: take it as 0.7 to 1.5 times that on a machine with nothing else to do, and as too short while other programs run';

/**
 * Seconds for the runs that are left. The control step of each of their tasks is measured, and each of their agents at the
 * smallest and the largest of those; between the two its times are taken to grow evenly with observation plus action.
 * Seeds are taken as alike, and evaluation episodes as whole ones.
 * @param left the runs that are yet to be made
 */
export async function estimate(
  plan: ComparisonPlan,
  workers: number,
  left: readonly RunJob[] = jobsOf(plan),
): Promise<number> {
  const part = {
    ...plan,
    tasks: plan.tasks.filter(({ name }) => left.some(({ identity }) => identity.task === name)),
    agents: plan.agents.filter(({ label }) => left.some(({ identity }) => identity.agent === label)),
  };
  const tasks: TaskSpeed[] = [];
  for (const task of part.tasks) tasks.push(await measureTask(task));
  const speedsOfAgents: ((size: number) => AgentSpeed)[] = [];
  for (const agent of part.agents) speedsOfAgents.push(await measureAtEnds(part, agent, tasks));
  const runs = left.map(({ identity }) => {
    const task = tasks[part.tasks.findIndex(({ name }) => name === identity.task)];
    const place = part.agents.findIndex(({ label }) => label === identity.agent);
    return runSeconds(part, part.agents[place], task, speedsOfAgents[place](task.size));
  });
  return schedule(runs, workers);
}

/** The agent's speeds as a function of the size of a task. */
async function measureAtEnds(plan: ComparisonPlan, agent: AgentPlan, tasks: readonly TaskSpeed[]) {
  const sizes = tasks.map(({ size }) => size);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  const measureAt = (size: number) => {
    const [job] = jobsOf({
      ...plan,
      agents: [agent],
      tasks: [plan.tasks[sizes.indexOf(size)]],
      seeds: [0],
      shard: undefined,
    });
    return measureAgent(job);
  };
  const small = await measureAt(least);
  const large = most === least ? small : await measureAt(most);
  return (size: number) => between(small, large, most === least ? 0 : (size - least) / (most - least));
}

/** The speeds at a share of the way from one agent's to the other's. */
function between(small: AgentSpeed, large: AgentSpeed, share: number): AgentSpeed {
  const at = (key: keyof AgentSpeed) => small[key] + share * (large[key] - small[key]);
  return { start: at('start'), act: at('act'), update: at('update'), evaluationAct: at('evaluationAct') };
}

/** Seconds of one run, as run.ts goes through it. */
export function runSeconds(
  { steps, evaluation }: Pick<ComparisonPlan, 'steps' | 'evaluation'>,
  { config }: Pick<AgentPlan, 'config'>,
  task: TaskSpeed,
  agent: AgentSpeed,
): number {
  const { randomSteps, updatesPerStep } = config as { randomSteps: number; updatesPerStep: number };
  const learning = Math.max(0, steps - randomSteps);
  const training = steps * task.step + learning * (agent.act + updatesPerStep * agent.update);
  const { every, episodes } = evaluation;
  const episodeStep = agent.evaluationAct + episodes * task.step;
  const evaluationSeconds = task.episodeLength * episodeStep + episodes * task.reset;
  const evaluations = Math.ceil(steps / every) + 1;
  const starting = START_SECONDS + agent.start + (1 + episodes) * task.start;
  return starting + WRITING * (training + evaluations * evaluationSeconds);
}

/** Length of the schedule that hands every next run to the first free worker. */
export function schedule(seconds: readonly number[], workers: number): number {
  const free = new Array<number>(workers).fill(0);
  for (const duration of seconds) {
    const first = free.indexOf(Math.min(...free));
    free[first] += duration;
  }
  return Math.max(...free);
}
