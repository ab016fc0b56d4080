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

/** What is asked of a stream. Node's own types would be in the declarations, which scripts may be without. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  /** Characters of a line of the terminal. */
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressOptions {
  readonly quiet: boolean;
  /** Where lines go; standard error, so that results can be piped. */
  readonly stream: ProgressStream;
}

/** Characters of a bar. */
const BAR = 18;

export async function makeProgress(jobs: readonly RunJob[], options: ProgressOptions): Promise<Progress> {
  if (options.quiet) return new NoProgress();
  if (!options.stream.isTTY || process.env.TERM === 'dumb') return new LineProgress(jobs, options.stream);
  const { MultiBar: Bars } = await import('cli-progress');
  const format = ' {bar} {percentage}% | {name} | {detail}';
  const bars = new Bars(
    {
      format,
      clearOnComplete: true,
      hideCursor: true,
      barsize: BAR,
      stream: options.stream as NodeJS.WritableStream,
      linewrap: false,
      gracefulExit: false,
    },
    { format: ' {bar} {percentage}% | {name} | {detail}', barCompleteChar: '█', barIncompleteChar: '░' },
  );
  return new BarProgress(jobs, bars, options.stream);
}

/** What goes on by steps, and when it will be at its end. */
class Pace {
  /** At most one every few seconds; the newest is last. */
  readonly #seen: { readonly step: number; readonly at: number }[] = [];
  #first: { readonly step: number; readonly at: number } | undefined;
  #now = { step: 0, at: 0 };

  moved(step: number): void {
    this.#now = { step, at: performance.now() };
    this.#first ??= this.#now;
    const last = this.#seen.at(-1);
    if (last !== undefined && this.#now.at - last.at < PACE_MILLISECONDS) return;
    this.#seen.push(this.#now);
    if (this.#seen.length > PACE_SAMPLES) this.#seen.shift();
  }

  /** Steps per second from the first step on; undefined before there is a measure. */
  get speed(): number | undefined {
    return this.#first && speedBetween(this.#first, this.#now);
  }

  /**
   * Time left as of the last half minute, in words: the first steps, at random and without updates, are faster than the
   * rest. It has settled once the first and the second half of that time agree within a third.
   */
  left(steps: number): string | undefined {
    const [oldest] = this.#seen;
    const speed = oldest && speedBetween(oldest, this.#now);
    if (!speed) return undefined;
    const middle = this.#seen[Math.floor(this.#seen.length / 2)];
    const [before, since] = [speedBetween(oldest, middle) ?? 0, speedBetween(middle, this.#now) ?? 0];
    const settled = this.#seen.length >= PACE_SAMPLES / 2 && before < since * 1.33 && since < before * 1.33;
    const text = formatDuration((steps - this.#now.step) / speed);
    return settled ? `${text} left` : `${text} left (not settled)`;
  }
}

const PACE_MILLISECONDS = 5000;
const PACE_SAMPLES = 7;

function speedBetween(
  from: { readonly step: number; readonly at: number },
  to: { readonly step: number; readonly at: number },
): number | undefined {
  return to.at - from.at < 500 ? undefined : (1000 * (to.step - from.step)) / (to.at - from.at);
}

/** The fields of a run's line, the most important first; the last are left out where a line is too narrow. */
function fieldsOf({ step, evaluation, episodeReturn }: RunProgress, pace: Pace, steps: number): string[] {
  const fields = [`step ${formatCount(step)}`];
  if (evaluation !== undefined) fields.push(`evaluation ${evaluation.toFixed(1)}`);
  else if (episodeReturn !== undefined) fields.push(`return ${episodeReturn.toFixed(1)}`);
  const left = pace.left(steps);
  if (left !== undefined) fields.push(left);
  const { speed } = pace;
  if (speed !== undefined) fields.push(`${speed.toFixed(speed < 10 ? 1 : 0)} steps/s`);
  return fields;
}

/** As many fields as fit, the first in any case: a line is cut between fields, never inside a number. */
function fitted(fields: readonly string[], room: number): string {
  let text = fields[0];
  for (const field of fields.slice(1)) {
    if (text.length + field.length + 2 > room) break;
    text += `, ${field}`;
  }
  return text;
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
  readonly #paces: readonly Pace[];
  #endedRuns = 0;

  constructor(
    private readonly jobs: readonly RunJob[],
    private readonly stream: ProgressStream,
  ) {
    this.#paces = jobs.map(() => new Pace());
  }

  began(index: number): void {
    this.#saidAt.set(index, performance.now());
    this.#say(index, 'begins');
  }

  moved(index: number, progress: RunProgress): void {
    this.#paces[index].moved(progress.step);
    this.#last.set(index, progress);
    if (performance.now() - (this.#saidAt.get(index) ?? 0) < 10_000) return;
    this.#saidAt.set(index, performance.now());
    this.#say(index, fieldsOf(progress, this.#paces[index], this.jobs[index].steps).join(', '));
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
  readonly #paces: readonly Pace[];
  readonly #pace = new Pace();
  #ended = 0;

  constructor(
    private readonly jobs: readonly RunJob[],
    private readonly bars: MultiBar,
    private readonly stream: ProgressStream,
  ) {
    this.#steps = jobs.map(() => 0);
    this.#paces = jobs.map(() => new Pace());
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
    const { identity, steps } = this.jobs[index];
    this.#paces[index].moved(progress.step);
    const fields = fieldsOf(progress, this.#paces[index], steps);
    const detail = fitted(fields, this.#room(runName(identity)));
    this.#running.get(index)?.update(progress.step, { detail });
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
    this.#pace.moved(done);
    const ended = `${this.#ended} of ${this.jobs.length} runs ended`;
    const left = this.#pace.left(this.#all.getTotal());
    const fields = left === undefined ? [ended] : [ended, `about ${left}`];
    this.#all.update(done, { detail: fitted(fields, this.#room(`${this.jobs.length} runs`)) });
  }

  /** Beside the bar and a name, in characters. */
  #room(name: string): number {
    return (this.stream.columns ?? 80) - BAR - ' '.length - ' 100% | '.length - name.length - ' | '.length;
  }
}
