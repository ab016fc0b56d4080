import { describe, expect, it } from 'vitest';
import { packagedModelFiles } from '../../harness/plugins/assets.ts';
import { jobOf } from '../../playground/job.ts';
import type { Report } from '../../playground/messages.ts';
import { type Command, Orders } from '../../playground/orders.ts';
import { BrowserRun } from '../../playground/run.ts';

/** What a run hears that begins after these orders. */
function heard(...commands: Command[]): string[] {
  const said: string[] = [];
  const orders = new Orders();
  for (const command of commands) orders.give(command);
  orders.begin({
    pause: () => said.push('pause'),
    goOn: () => said.push('go on'),
    stop: () => said.push('stop'),
  });
  return said;
}

describe('orders that come before there is a run', () => {
  it('are carried out when it begins: the last one, but a stop stays a stop', () => {
    expect(heard()).toEqual([]);
    expect(heard('pause')).toEqual(['pause']);
    expect(heard('pause', 'go on')).toEqual(['go on']);
    expect(heard('stop', 'pause')).toEqual(['stop']);
    expect(heard('pause', 'stop', 'go on')).toEqual(['stop']);
  });
});

describe('a run', () => {
  it('that was told to stop ends, though it is told to pause after that', async () => {
    const reports: Report[] = [];
    const job = jobOf({
      ...{ task: 'cartpole-balance', agent: 'random', preset: 'smoke', seed: 0 },
      ...{ steps: 1000, evaluateEvery: 1000, evaluationEpisodes: 1 },
    });
    const run = new BrowserRun(job, packagedModelFiles(), (report) => reports.push(report));
    run.stop();
    run.pause();
    expect(await run.train()).toMatchObject({ status: 'interrupted', step: 0 });
  });
});
