/** A check of an agent or of tasks, as it runs in a process of its own. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Preset } from '../../../agents/agent.ts';
import type { Verdict } from '../../../agents/conformance.ts';
import type { ApartFunction } from '../../process/apart.ts';

export interface CheckOrder {
  readonly kind: 'agent' | 'task';
  /** A name or a file; for tasks also a suite. */
  readonly name: string;
  /** Of the agent that is checked. */
  readonly preset?: Preset;
}

export type CheckNews =
  /** The name of what is checked from here on. */
  | { readonly type: 'subject'; readonly name: string }
  /** A promise is about to be tried. */
  | { readonly type: 'tries'; readonly promise: string }
  | { readonly type: 'verdict'; readonly verdict: Verdict };

type Tell = (news: CheckNews) => void;

/** Longest time for one call of an agent. */
const CALL_MILLISECONDS = 30_000;

export const runCheck: ApartFunction<CheckOrder, CheckNews> = (order, tell) =>
  order.kind === 'agent' ? checkAgentNamed(order, tell) : checkTasksNamed(order, tell);

async function checkAgentNamed({ name, preset = 'smoke' }: CheckOrder, tell: Tell): Promise<void> {
  const { loadAgent } = await import('../load-agent.ts');
  const { checkAgent } = await import('../../../agents/conformance.ts');
  const { createEngine } = await import('../../../engine/index.ts');
  const { memoryInUse } = await import('../../process/memory.ts');
  const { factory } = await loadAgent(name);
  const engine = createEngine({ threads: 1 });
  const begins = (promise: string) => tell({ type: 'tries', promise });
  const options = { engine, preset, memory: memoryInUse, timeoutMs: CALL_MILLISECONDS, begins };
  await tellVerdicts(factory.name, checkAgent(factory, options), tell);
}

async function checkTasksNamed({ name }: CheckOrder, tell: Tell): Promise<void> {
  const { checkTask } = await import('../../../envs/index.ts');
  const { loadTask, sourcesHere } = await import('../load-task.ts');
  const begins = (promise: string) => tell({ type: 'tries', promise });
  for (const source of await sourcesHere(name)) {
    await tellVerdicts(source.name, checkTask(await loadTask(source), begins), tell);
  }
}

async function tellVerdicts(name: string, verdicts: AsyncIterable<Verdict>, tell: Tell): Promise<void> {
  tell({ type: 'subject', name });
  for await (const verdict of verdicts) {
    await turn(); // rejections that nobody handled are told only between two turns of the event loop
    tell({ type: 'verdict', verdict });
  }
}
