/** The worker of one run. */
import { jobOf } from './job.ts';
import type { Order, Report } from './messages.ts';
import { BrowserRun } from './run.ts';

let run: BrowserRun | undefined;

const report = (message: Report): void => postMessage(message);

addEventListener('message', ({ data }: MessageEvent<Order>) => {
  if (data.type === 'begin') begin(data);
  else if (data.type === 'pause') run?.pause();
  else if (data.type === 'go on') run?.goOn();
  else run?.stop();
});

async function begin({ settings, models }: Order & { type: 'begin' }): Promise<void> {
  try {
    run = new BrowserRun(jobOf(settings), models, report);
    const { status, step } = await run.train();
    report({ type: 'ended', status, step });
  } catch (error) {
    report({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}
