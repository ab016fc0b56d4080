/** `harness worker`: carries out runs of comparisons that other machines began. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import { userFolder } from '../files/user-folder.ts';
import { endSignals } from './end-signals.ts';
import { Exit, exitCodes } from './exit.ts';
import { parseSeconds, workersOf } from './run-options.ts';

interface WorkerFlags {
  readonly redis?: string;
  readonly workers: string;
  readonly plugins: string[];
  readonly folder: string;
  readonly ownFiles?: boolean;
  readonly takeoverSeconds: string;
  readonly quiet?: boolean;
}

const collect = (value: string, before: string[]) => [...before, value];

export function workerCommand(): Command {
  return new Command('worker')
    .description('carry out runs of comparisons with --executor bullmq, of this machine or others')
    .option('--redis <url>', 'where Redis is (default: $REDIS_URL, or redis://127.0.0.1:6379)')
    .option('--workers <count>', 'runs at a time, or auto: as many as cores', 'auto')
    .option('--plugins <folder>', 'load agents and tasks from files below it; may be repeated', collect, [])
    .option(
      '--folder <folder>',
      'where to keep runs whose results folder this machine does not see',
      userFolder('cache', 'runs'),
    )
    .option('--own-files', 'keep every run there, also where the results folder can be seen')
    .option('--takeover-seconds <seconds>', 'silence of a worker after which others take its runs', '30')
    .option('--quiet', 'say nothing but errors')
    .addHelpText(
      'after',
      `
Examples:
  harness worker
  harness worker --redis redis://lab-server:6379 --workers 4
  harness worker --plugins ~/my-agents            load agents and tasks of mine

Ctrl-C, or closing its terminal, gives the runs back with a checkpoint; under nohup it goes on. A worker whose rfm-harness, MuJoCo, Node.js, agent or task file
differs from the comparison's hands its runs back, says so once, and serves others. Needs: npm install bullmq ioredis`,
    )
    .action(work);
}

async function work(flags: WorkerFlags): Promise<void> {
  const { defaultRedis, withoutPassword } = await import('../execution/queue/connection.ts');
  const { QueueWorker } = await import('../execution/queue/worker.ts');
  const redis = flags.redis ?? defaultRedis();
  const workers = workersOf(flags.workers, Number.POSITIVE_INFINITY);
  const note = (line: string) => {
    if (!flags.quiet) process.stderr.write(`${line}\n`);
  };
  const worker = await QueueWorker.listen({
    ...{ redis, workers, note },
    plugins: flags.plugins.map((folder) => resolve(folder)),
    folder: resolve(flags.folder),
    ownFiles: flags.ownFiles ?? false,
    takeoverSeconds: parseSeconds(flags.takeoverSeconds, '--takeover-seconds'),
  });
  let asked = false;
  for (const signal of endSignals()) {
    process.on(signal, () => {
      note(asked ? 'ending now' : 'leaving: every run writes a checkpoint (again to end at once)');
      if (asked) worker.kill();
      else worker.leave();
      asked = true;
    });
  }
  note(`listening on ${withoutPassword(redis)}, ${workers} run(s) at a time`);
  await worker.untilLeft();
  throw new Exit(exitCodes.interrupted);
}
