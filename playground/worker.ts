/** The worker of one run. */
import './no-code-from-text.ts';
import { BrowserCheckpoints, type WrittenState } from './checkpoints.ts';
import { messageOf } from './elements.ts';
import { jobOf } from './job.ts';
import type { Order, Report } from './messages.ts';
import { Orders } from './orders.ts';
import { BrowserRun } from './run.ts';
import { Storage } from './storage.ts';

const orders = new Orders();

const report = (message: Report): void => postMessage(message);

addEventListener('message', ({ data }: MessageEvent<Order>) => {
  if (data.type === 'begin') begin(data);
  else orders.give(data.type);
});

async function begin({ settings, models, place, goesOn }: Order & { type: 'begin' }): Promise<void> {
  try {
    const job = jobOf(settings);
    const storage = place && (await Storage.open());
    if (storage === undefined && goesOn) throw new Error('the browser does not give what it has kept');
    if (storage === undefined)
      report({ type: 'note', line: 'The browser keeps nothing of this run: a reload ends it.' });
    const files = place && (await storage?.files(...place));
    let writing: Promise<void> = Promise.resolve();
    const keep = async ({ step, bytes, segments, added, dropped }: WrittenState): Promise<void> => {
      if (place === undefined || storage === undefined) return;
      const status = step === job.steps ? 'done' : 'running';
      try {
        await storage.write(place, { step, status, bytes, segments }, added, dropped);
        report({ type: 'kept', step });
      } catch (error) {
        report({ type: 'note', line: `A checkpoint is not kept: ${messageOf(error)}` });
      }
    };
    const checkpoints = new BrowserCheckpoints(files, (state) => {
      writing = writing.then(() => keep(state));
    });
    const run = new BrowserRun(job, models, report, checkpoints);
    orders.begin(run);
    const { status, step, wallSeconds } = await run.train();
    await writing;
    const { checkpointSeconds } = run;
    report({ type: 'ended', status, step, wallSeconds, checkpointSeconds, job, files: checkpoints.files });
  } catch (error) {
    report({ type: 'failed', message: messageOf(error) });
  }
}
