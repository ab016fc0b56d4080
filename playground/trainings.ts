/** The runs of one training: their workers, at most so many at once, and what the workers told last. */
import type { RunTexts, TrainingRow } from '../harness/run/rows.ts';
import { workerFault } from './elements.ts';
import type { Footage } from './filmed-environment.ts';
import type { CurvePoint, Models, Order, Report } from './messages.ts';
import { labelOf, placesOf, type ResultsPlace, type RunSettings, runsOf, type Settings } from './settings.ts';
import type { EndedRun } from './take-away.ts';

export type RunStatus = 'waiting' | 'running' | 'done' | 'stopped' | 'failed';

/** A run as the page shows it. */
export interface ShownRun {
  readonly settings: RunSettings;
  readonly place: ResultsPlace;
  /** Its agent's, the same for every seed. */
  readonly label: string;
  status: RunStatus;
  step: number;
  stepsPerSecond: number;
  /** Return of the last training episode. */
  episodeReturn?: number;
  /** The step of the newest state that the browser keeps. */
  kept?: number;
  curve: readonly CurvePoint[];
  training: readonly TrainingRow[];
  tables?: RunTexts;
  footage?: { readonly footage: Footage; readonly step: number; readonly controlStep: number };
  ended?: EndedRun;
  /** Why it failed, or what else there is to say. */
  note?: string;
}

/** A run by its agent and seed. */
export const nameOf = ({ label, settings: { seed } }: ShownRun): string => `${label}, seed ${seed}`;

/** Where the browser keeps the runs of a training. */
export interface KeptUnder {
  /** Id of the session. */
  readonly session: string;
  /** Whether it began earlier. */
  readonly goesOn: boolean;
}

/** Runs at once, if the machine has no more cores. */
const AT_ONCE = 4;
/** Weight of the newest stretch in the speed that is shown. */
const NEWEST = 0.2;

/** Labels of agents; the second of two that are alike gets a number. */
export function labelsOf({ agents }: Settings): string[] {
  const seen = new Map<string, number>();
  return agents.map((agent) => {
    const label = labelOf(agent);
    const times = (seen.get(label) ?? 0) + 1;
    seen.set(label, times);
    return times === 1 ? label : `${label} (${times})`;
  });
}

export class Training {
  readonly runs: readonly ShownRun[];
  readonly labels: readonly string[];
  paused = false;
  /** Asked for its end. */
  stopping = false;
  readonly #workers = new Map<ShownRun, Worker>();
  readonly #models: Models;
  readonly #kept: KeptUnder | undefined;
  readonly #changed: (run: ShownRun, report: Report) => void;
  readonly #startedAt = new Map<ShownRun, number>();

  /**
   * @param kept where the browser keeps the runs; undefined if it does not
   * @param changed called after every report of a worker
   */
  constructor(
    readonly settings: Settings,
    models: Models,
    kept: KeptUnder | undefined,
    changed: (run: ShownRun, report: Report) => void,
  ) {
    this.labels = labelsOf(settings);
    this.#models = models;
    this.#kept = kept;
    this.#changed = changed;
    const all = runsOf(settings);
    const places = placesOf(all);
    this.runs = all.map((run, i) => ({
      settings: run,
      place: places[i],
      label: this.labels[Math.floor(i / settings.seeds.length)],
      status: 'waiting',
      step: 0,
      stepsPerSecond: 0,
      curve: [],
      training: [],
    }));
    this.#fill();
  }

  get active(): boolean {
    return this.runs.some(({ status }) => status === 'waiting' || status === 'running');
  }

  pause(): void {
    if (this.stopping) return;
    this.paused = true;
    this.#tell({ type: 'pause' });
  }

  goOn(): void {
    this.paused = false;
    this.#tell({ type: 'go on' });
    this.#fill();
  }

  /** Asks every run for its end; what it has learned can be taken away, and gone on with. */
  stop(): void {
    this.stopping = true;
    this.paused = false;
    for (const run of this.runs) if (run.status === 'waiting') run.status = 'stopped';
    this.#tell({ type: 'stop' });
  }

  /** Ends the workers at once. */
  dispose(): void {
    for (const worker of this.#workers.values()) worker.terminate();
    this.#workers.clear();
  }

  #tell(order: Order): void {
    for (const worker of this.#workers.values()) worker.postMessage(order);
  }

  /** Starts waiting runs while there is room: every agent's first seed before any second one. */
  #fill(): void {
    const room = Math.max(AT_ONCE, navigator.hardwareConcurrency ?? 1);
    const { seeds } = this.settings;
    const order = [...this.runs].sort(
      (a, b) => seeds.indexOf(a.settings.seed) - seeds.indexOf(b.settings.seed),
    );
    for (const run of order) {
      if (this.paused || this.#workers.size >= room) return;
      if (run.status === 'waiting') this.#start(run);
    }
  }

  #start(run: ShownRun): void {
    const worker = new Worker(new URL('worker.js', document.baseURI), { type: 'module' });
    this.#workers.set(run, worker);
    this.#startedAt.set(run, Date.now());
    run.status = 'running';
    worker.addEventListener('message', ({ data }: MessageEvent<Report>) => this.#hear(run, data));
    worker.addEventListener('error', (event) =>
      this.#hear(run, { type: 'failed', message: workerFault(event, 'worker.js') }),
    );
    const kept = this.#kept;
    worker.postMessage({
      type: 'begin',
      settings: run.settings,
      models: this.#models,
      place: kept && ([kept.session, this.runs.indexOf(run)] as const),
      goesOn: kept?.goesOn,
    } satisfies Order);
  }

  #hear(run: ShownRun, report: Report): void {
    if (run.status !== 'running') return;
    if (report.type === 'progress') {
      run.step = report.step;
      run.episodeReturn = report.episodeReturn ?? run.episodeReturn;
      const { stepsPerSecond: now } = report;
      if (now > 0) run.stepsPerSecond += (run.stepsPerSecond === 0 ? 1 : NEWEST) * (now - run.stepsPerSecond);
    } else if (report.type === 'rows') {
      const { tables, curve, training, footage, controlStep, step } = report;
      Object.assign(run, { tables, curve, training });
      if (footage !== undefined) run.footage = { footage, step, controlStep };
    } else if (report.type === 'kept') run.kept = report.step;
    else if (report.type === 'note') run.note = report.line;
    else this.#end(run, report);
    this.#changed(run, report);
  }

  #end(run: ShownRun, report: Extract<Report, { type: 'ended' | 'failed' }>): void {
    this.#workers.get(run)?.terminate();
    this.#workers.delete(run);
    if (report.type === 'failed') {
      run.status = 'failed';
      run.note = report.message;
    } else {
      const { type: _, ...ending } = report;
      run.status = report.status === 'done' ? 'done' : 'stopped';
      run.step = report.step;
      const startedAt = this.#startedAt.get(run) ?? Date.now();
      const times = { startedAt, endedAt: Date.now(), id: newId() };
      if (run.tables !== undefined)
        run.ended = { ...ending, ...times, settings: run.settings, place: run.place, tables: run.tables };
    }
    this.#fill();
  }
}

/** 128 random bits as a UUID (version 4), also on addresses where crypto.randomUUID is kept back. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
