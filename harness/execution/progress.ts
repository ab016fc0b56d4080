/** Live progress of many runs: bars on a terminal, plain lines elsewhere, nothing when quiet. */
import type { MultiBar, SingleBar } from 'cli-progress';
import type { RunStatus } from '../results/manifest.ts';
import { type RunJob, runName } from '../run/job.ts';
import type { RunProgress } from '../run/loop.ts';
import { formatCount, formatDuration } from '../text/quantity.ts';

/** Called by the executor; runs are named by their index among the jobs. */
export interface Progress {
  began(index: number): void;
  moved(index: number, progress: RunProgress): void;
  note(index: number, line: string): void;
  ended(index: number, status: RunStatus, reason?: string): void;
  /** The last call. */
  close(): void;
}

export interface ProgressOptions {
  readonly quiet: boolean;
  /** Where lines go; standard error, so that results can be piped. */
  readonly stream: NodeJS.WriteStream;
}

export async function makeProgress(jobs: readonly RunJob[], options: ProgressOptions): Promise<Progress> {
  if (options.quiet) return new NoProgress();
  const speeds = new Speeds(jobs);
  if (!options.stream.isTTY || process.env.TERM === 'dumb')
    return new LineProgress(jobs, options.stream, speeds);
  const { MultiBar: Bars } = await import('cli-progress');
  const format = ' {bar} {percentage}% | {name} | {detail}';
  const bars = new Bars(
    {
      format,
      clearOnComplete: true,
      hideCursor: true,
      barsize: 18,
      stream: options.stream,
      linewrap: false,
      gracefulExit: false,
    },
    { format: ' {bar} {percentage}% | {name} | {detail}', barCompleteChar: '█', barIncompleteChar: '░' },
  );
  return new BarProgress(jobs, bars, speeds);
}

/** Steps per second of every run and of all together, since they began or were resumed. */
class Speeds {
  readonly #jobs: readonly RunJob[];
  readonly #runs = new Map<number, { firstStep: number; firstAt: number; step: number; at: number }>();
  readonly #ended = new Set<number>();

  constructor(jobs: readonly RunJob[]) {
    this.#jobs = jobs;
  }

  moved(index: number, step: number): void {
    const at = performance.now();
    const run = this.#runs.get(index);
    if (run === undefined) this.#runs.set(index, { firstStep: step, firstAt: at, step, at });
    else Object.assign(run, { step, at });
  }

  ended(index: number): void {
    this.#ended.add(index);
  }

  /** Control steps per second; undefined before there is a measure. */
  of(index: number): number | undefined {
    const run = this.#runs.get(index);
    if (run === undefined || run.at - run.firstAt < 500) return undefined;
    return (1000 * (run.step - run.firstStep)) / (run.at - run.firstAt);
  }

  secondsLeft(index: number): number | undefined {
    const speed = this.of(index);
    const run = this.#runs.get(index);
    return speed && run ? (this.#jobs[index].steps - run.step) / speed : undefined;
  }
}

function detail({ step, evaluation, episodeReturn }: RunProgress, speed?: number, left?: number): string {
  const parts = [`step ${formatCount(step)}`];
  if (evaluation !== undefined) parts.push(`evaluation ${evaluation.toFixed(1)}`);
  else if (episodeReturn !== undefined) parts.push(`return ${episodeReturn.toFixed(1)}`);
  if (speed !== undefined) parts.push(`${speed.toFixed(speed < 10 ? 1 : 0)} steps/s`);
  if (left !== undefined) parts.push(`${formatDuration(left)} left`);
  return parts.join(', ');
}

class NoProgress implements Progress {
  began(): void {}
  moved(): void {}
  note(): void {}
  ended(): void {}
  close(): void {}
}

/** One line when a run begins and ends, and one every ten seconds while it goes on. */
class LineProgress implements Progress {
  readonly #saidAt = new Map<number, number>();
  readonly #last = new Map<number, RunProgress>();
  #endedRuns = 0;

  constructor(
    private readonly jobs: readonly RunJob[],
    private readonly stream: NodeJS.WriteStream,
    private readonly speeds: Speeds,
  ) {}

  began(index: number): void {
    this.#saidAt.set(index, performance.now());
    this.#say(index, 'begins');
  }

  moved(index: number, progress: RunProgress): void {
    this.speeds.moved(index, progress.step);
    this.#last.set(index, progress);
    if (performance.now() - (this.#saidAt.get(index) ?? 0) < 10_000) return;
    this.#saidAt.set(index, performance.now());
    this.#say(index, detail(progress, this.speeds.of(index), this.speeds.secondsLeft(index)));
  }

  note(index: number, line: string): void {
    this.#say(index, line);
  }

  ended(index: number, status: RunStatus, reason?: string): void {
    this.#endedRuns++;
    const evaluation = this.#last.get(index)?.evaluation;
    const result = evaluation === undefined ? '' : `, evaluation ${evaluation.toFixed(1)}`;
    const why = reason === undefined ? '' : `: ${reason}`;
    this.#say(index, `${status}${why}${result} (${this.#endedRuns} of ${this.jobs.length} runs)`);
  }

  close(): void {}

  #say(index: number, text: string): void {
    this.stream.write(`${runName(this.jobs[index].identity)}: ${text}\n`);
  }
}

/** A bar for every run that goes on, and one for all. */
class BarProgress implements Progress {
  readonly #running = new Map<number, SingleBar>();
  readonly #all: SingleBar;
  readonly #steps: number[];
  #ended = 0;
  readonly #startedAt = performance.now();
  #stepsBefore: number | undefined;

  constructor(
    private readonly jobs: readonly RunJob[],
    private readonly bars: MultiBar,
    private readonly speeds: Speeds,
  ) {
    this.#steps = jobs.map(() => 0);
    const total = jobs.reduce((sum, job) => sum + job.steps, 0);
    this.#all = bars.create(total, 0, { name: `${jobs.length} runs`, detail: 'starting' });
  }

  began(index: number): void {
    if (this.#running.has(index)) return;
    const job = this.jobs[index];
    const bar = this.bars.create(job.steps, 0, { name: runName(job.identity), detail: 'starting' });
    this.#running.set(index, bar);
  }

  moved(index: number, progress: RunProgress): void {
    this.speeds.moved(index, progress.step);
    const text = detail(progress, this.speeds.of(index), this.speeds.secondsLeft(index));
    this.#running.get(index)?.update(progress.step, { detail: text });
    this.#steps[index] = progress.step;
    this.#updateAll();
  }

  note(index: number, line: string): void {
    this.bars.log(`${runName(this.jobs[index].identity)}: ${line}\n`);
    this.bars.update(); // lines that wait for the next drawing are lost at the end
  }

  ended(index: number, status: RunStatus, reason?: string): void {
    const bar = this.#running.get(index);
    if (bar !== undefined) this.bars.remove(bar);
    this.#running.delete(index);
    this.#ended++;
    this.#steps[index] = this.jobs[index].steps;
    if (reason !== undefined) this.note(index, `${status}: ${reason}`);
    this.#updateAll();
  }

  close(): void {
    this.bars.stop();
  }

  #updateAll(): void {
    const done = this.#steps.reduce((sum, step) => sum + step, 0);
    this.#stepsBefore ??= done;
    const speed = (1000 * (done - this.#stepsBefore)) / (performance.now() - this.#startedAt);
    const left = speed > 0 ? formatDuration((this.#all.getTotal() - done) / speed) : '-';
    this.#all.update(done, {
      detail: `${this.#ended} of ${this.jobs.length} runs ended, about ${left} left`,
    });
  }
}
