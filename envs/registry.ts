/** All tasks by name, and suites of them. */
import type { Domain, Task } from './domain.ts';
import { acrobot } from './domains/acrobot.ts';
import { ball_in_cup } from './domains/ball_in_cup.ts';
import { cartpole } from './domains/cartpole.ts';
import { cheetah } from './domains/cheetah.ts';
import { finger } from './domains/finger.ts';
import { fish } from './domains/fish.ts';
import { hopper } from './domains/hopper.ts';
import { humanoid } from './domains/humanoid.ts';
import { manipulator } from './domains/manipulator.ts';
import { pendulum } from './domains/pendulum.ts';
import { point_mass } from './domains/point_mass.ts';
import { quadruped } from './domains/quadruped.ts';
import { reacher } from './domains/reacher.ts';
import { swimmer } from './domains/swimmer.ts';
import { walker } from './domains/walker.ts';

/** One file per domain; the order of the table of tasks. */
export const domains: readonly Domain[] = [
  acrobot,
  ball_in_cup,
  cartpole,
  cheetah,
  finger,
  fish,
  hopper,
  humanoid,
  manipulator,
  pendulum,
  point_mass,
  quadruped,
  reacher,
  swimmer,
  walker,
];

const byName = new Map(domains.flatMap(({ tasks }) => tasks.map((task) => [task.name, task] as const)));

/** The names of all tasks, in the order of the table of tasks. */
export const taskNames = (): string[] => [...byName.keys()];

/** The task of this name, `domain-task`; undefined if there is none. */
export const findTask = (name: string): Task | undefined => byName.get(name);

/** Adds a task that is not part of this package; one of the same name is replaced by it. */
export function registerTask(task: Task): void {
  byName.set(task.name, task);
}

/** The tasks of arXiv 2601.08136, in the order of its program's run.sh; the default of `compare`. */
const RFM8 = [
  'cheetah-run',
  'cartpole-swingup',
  'fish-swim',
  'fish-upright',
  'walker-walk',
  'walker-run',
  'finger-spin',
  'finger-turn_hard',
];

/** One task of each of eight domains, among them the large ones: what the speed of environments is measured on. */
const DOMAINS = [
  'cartpole-swingup',
  'cheetah-run',
  'finger-turn_hard',
  'fish-swim',
  'hopper-stand',
  'humanoid-walk',
  'quadruped-walk',
  'walker-run',
];

/** The benchmarking set of the Control Suite. */
const DMC28 = [
  'acrobot-swingup',
  'acrobot-swingup_sparse',
  'ball_in_cup-catch',
  'cartpole-balance',
  'cartpole-balance_sparse',
  'cartpole-swingup',
  'cartpole-swingup_sparse',
  'cheetah-run',
  'finger-spin',
  'finger-turn_easy',
  'finger-turn_hard',
  'fish-swim',
  'fish-upright',
  'hopper-hop',
  'hopper-stand',
  'humanoid-run',
  'humanoid-stand',
  'humanoid-walk',
  'manipulator-bring_ball',
  'pendulum-swingup',
  'point_mass-easy',
  'reacher-easy',
  'reacher-hard',
  'swimmer-swimmer15',
  'swimmer-swimmer6',
  'walker-run',
  'walker-stand',
  'walker-walk',
];

/** The names of all suites. */
export const suiteNames = ['rfm8', 'domains', 'dmc28', 'easy', 'all'] as const;

/** The names of a suite's tasks; undefined if there is no such suite. */
export function suite(name: string): string[] | undefined {
  switch (name) {
    case 'rfm8':
      return [...RFM8];
    case 'domains':
      return [...DOMAINS];
    case 'dmc28':
      return [...DMC28];
    case 'easy':
      return [...byName.values()].filter((task) => task.easy).map((task) => task.name);
    case 'all':
      return taskNames();
    default:
      return undefined;
  }
}
