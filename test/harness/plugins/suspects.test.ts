import { expect, it } from 'vitest';
import { suspects } from '../../../harness/plugins/source.ts';

const mine = { name: 'mine', file: '/home/mine.ts' };
const toy = { name: 'toy-loop', file: '/home/loop.ts' };

it.each([
  [{ name: 'sac' }, { name: 'walker-walk' }, "agent 'sac'"],
  [mine, { name: 'walker-walk' }, "agent 'mine' (/home/mine.ts)"],
  [{ name: 'sac' }, toy, "task 'toy-loop' (/home/loop.ts)"],
  [mine, toy, "agent 'mine' (/home/mine.ts) or task 'toy-loop' (/home/loop.ts)"],
])('what blocks a process is looked for in the files of users (%#)', (agent, task, line) => {
  expect(suspects({ agent, task })).toBe(line);
});
