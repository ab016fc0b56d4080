/**
 * Trains in this one process, by the build, and prints the run's tables as JSON: for any Node, also one that an
 * emulator runs, which could not start a worker process.
 *
 *     node bench/reproducibility/train.mjs AGENT TASK STEPS [EVALUATE-EVERY [EPISODES]]
 */
import { packagedModelFiles } from '../../dist/harness/plugins/assets.js';
import { jobOf } from '../../dist/playground/job.js';
import { BrowserRun } from '../../dist/playground/run.js';

const [agent, task, steps, every = steps / 5, episodes = 2] = process.argv.slice(2);
const settings = { agent, task, preset: 'smoke', seed: 0, steps: Number(steps) };
const job = jobOf({ ...settings, evaluateEvery: Number(every), evaluationEpisodes: Number(episodes) });
let tables = {};
const run = new BrowserRun(job, packagedModelFiles(), (report) => {
  if (report.type === 'rows') tables = report.tables;
});
await run.train();
process.stdout.write(JSON.stringify(tables), () => process.exit(0));
