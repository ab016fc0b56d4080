/** What can be taken away from a run: the files that `harness train` leaves. */
import { zipSync } from 'three/addons/libs/fflate.module.js';
import type { RunJob } from '../harness/run/job.ts';
import type { RunTexts } from '../harness/run/rows.ts';
import type { Choices } from './options.ts';
import { commandWords, type ResultsPlace, type RunSettings } from './settings.ts';
import { sha256 } from './sha256.ts';
import type { Files } from './storage.ts';

/** A run that has ended. */
export interface EndedRun {
  readonly settings: RunSettings;
  readonly place: ResultsPlace;
  readonly job: RunJob;
  readonly status: 'done' | 'interrupted';
  readonly step: number;
  readonly wallSeconds: number;
  readonly checkpointSeconds: number;
  readonly tables: RunTexts;
  /** The checkpoint. */
  readonly files: Files;
  /** ms since 1970 */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Random. */
  readonly id: string;
}

/** What a results folder says of the machine, in a browser. */
export interface Machine {
  /** Its user agent. */
  readonly browser: string;
  readonly cores: number;
}

/** As `harness train` writes it, but for what is a clock's or a machine's (docs/playground.md has the list). */
export function manifestOf(run: EndedRun, { versions, commit, bits }: Choices, machine: Machine): string {
  const { settings, place, job, status, step, wallSeconds, checkpointSeconds } = run;
  const { identity, agent, task, config, steps, evaluation, logEvery, backend, threads } = job;
  const manifest = {
    format: 'rfm-harness-results/1',
    name: place.folder,
    id: run.id,
    command: ['harness', ...commandWords(settings, place)],
    config: {
      agents: [{ label: identity.agent, source: agent, preset: settings.preset, config }],
      tasks: [task],
      seeds: [identity.seed],
      ...{ steps, evaluation, logEvery, backend, threads },
    },
    versions: { ...versions, browser: machine.browser },
    commit,
    bits,
    cpu: { model: 'unknown', cores: machine.cores, memoryGiB: 0 },
    startedAt: new Date(run.startedAt).toISOString(),
    wallSeconds,
    executor: 'browser',
    status,
    runs: [{ ...identity, status, attempts: 1, steps: step, wallSeconds, checkpointSeconds }],
    endedAt: new Date(run.endedAt).toISOString(),
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** The whole results folder, as a ZIP file: `harness eval`, `rollout`, `report` and `verify` read it unpacked. */
export function archiveOf(run: EndedRun, choices: Choices, machine: Machine): Uint8Array {
  const { settings, place, job, status, step, wallSeconds, checkpointSeconds, tables, files } = run;
  const { folder } = place;
  const own = `${folder}/runs/${settings.task}/${settings.agent}/${settings.seed}`;
  const checksums = Object.fromEntries(Object.entries(tables).map(([name, text]) => [name, sha256(text)]));
  const record = { status, job, step, wallSeconds, checkpointSeconds, files: checksums };
  const texts = {
    [`${folder}/manifest.json`]: manifestOf(run, choices, machine),
    ...prefixed(folder, tables),
    ...prefixed(own, tables),
    ...(status === 'done' && { [`${own}/run.json`]: `${JSON.stringify(record, null, 2)}\n` }),
  };
  const encoder = new TextEncoder();
  const encoded = Object.entries(texts).map(([name, text]) => [name, encoder.encode(text)]);
  return zipSync({ ...Object.fromEntries(encoded), ...prefixed(`${own}/checkpoint`, files) }, { level: 1 });
}

const prefixed = <Value>(folder: string, entries: Readonly<Record<string, Value>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [`${folder}/${name}`, value]));
