/** The job of a run, as `harness train` makes it of the same settings. */
import { findAgent } from '../agents/registry.ts';
import type { RunJob } from '../harness/run/job.ts';
import { firstIssue, UserError } from '../harness/text/errors.ts';
import type { RunSettings } from './settings.ts';

/** @throws UserError if there is no such agent, or it does not take these options */
export function jobOf(settings: RunSettings): RunJob {
  const { agent, task, preset, seed, steps, evaluateEvery: every, evaluationEpisodes: episodes } = settings;
  const factory = findAgent(agent);
  if (factory === undefined) throw new UserError(`there is no agent '${agent}'`);
  const config = factory.config.safeParse({ ...factory.presets[preset], ...settings.set });
  if (!config.success) throw new UserError(`agent '${agent}': ${firstIssue(config.error)}`);
  return {
    identity: { task, agent, seed },
    agent: { name: agent },
    task: { name: task },
    config: config.data as unknown as Record<string, unknown>,
    steps,
    evaluation: { every, episodes, starts: 'fixed' },
    logEvery: Math.max(1, Math.floor(every / 2)),
    backend: 'wasm',
    threads: 1,
  };
}
