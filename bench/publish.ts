/**
 * Copies a comparison, which may still be running, as results/ of the repository holds it: the manifest, the tables, and of each
 * finished run its own tables with the mark that it is complete. Checkpoints, logs and rows of unfinished runs stay behind.
 * `harness compare --resume` goes on with the copy, and trains no finished run again.
 *
 *   npx jiti bench/publish.ts FROM TO
 *
 * The report is written of the agents and seeds that are whole; before there are two such agents there is summary.csv, and nothing
 * that ranks agents.
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { statusOf } from '../harness/comparison/comparison.ts';
import { mergeRuns, runFolder } from '../harness/execution/merge.ts';
import { writeDurably } from '../harness/files/durable.ts';
import { formatTable } from '../harness/files/table.ts';
import { jobsOf } from '../harness/plan/plan.ts';
import { writeReport } from '../harness/report/write.ts';
import { loadManifest, type RunRecord, waitingRun, writeManifest } from '../harness/results/manifest.ts';
import { tableColumns } from '../harness/results/tables.ts';
import { RUN_FILES, readComplete } from '../harness/run/record.ts';
import { wholePart } from './whole-part.ts';

/** @returns how many runs are finished, and how many the comparison has */
export function publish(from: string, to: string): { finished: number; runs: number } {
  const manifest = loadManifest(from);
  const jobs = jobsOf(manifest.config);
  mkdirSync(to, { recursive: true });
  const runs = jobs.map((job, i): RunRecord => {
    const complete = readComplete(runFolder(from, job), job, manifest.changes !== undefined);
    const known = manifest.runs[i];
    if (complete === undefined) return known.status === 'failed' ? known : waitingRun(known);
    const folder = runFolder(to, job);
    mkdirSync(folder, { recursive: true });
    for (const file of RUN_FILES) copyFileSync(join(runFolder(from, job), file), join(folder, file));
    const { step, wallSeconds, checkpointSeconds } = complete;
    return { ...known, status: 'done', steps: step, wallSeconds, checkpointSeconds };
  });
  const published = { ...manifest, name: basename(to), status: statusOf(runs), runs };
  writeManifest(to, published);
  mergeRuns(to, jobs);
  const { agents, seeds } = wholePart(published);
  if (published.status === 'done') writeReport({ directories: [to], out: to });
  else if (agents.length > 1) {
    const { config, name } = published;
    const title = `${name} (agents ${agents.length} of ${config.agents.length}, seeds ${seeds.length} of ${config.seeds.length})`;
    writeReport({ directories: [to], agents, seeds: seeds.map(String), title, out: to });
  } else {
    const { summary } = writeReport({ directories: [to] }).tables;
    writeDurably(join(to, 'summary.csv'), formatTable<string>(tableColumns.summary, summary));
  }
  return { finished: runs.filter((run) => run.status === 'done').length, runs: runs.length };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [from, to, ...others] = process.argv.slice(2);
  if (to === undefined || others.length > 0) {
    console.error('usage: npx jiti bench/publish.ts FROM TO');
    process.exitCode = 1;
  } else {
    const { finished, runs } = publish(from, to);
    console.log(`${to}: ${finished} of ${runs} runs`);
  }
}
