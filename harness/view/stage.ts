/** What the viewer shows of one directory, or of files alone: its page, what changes on it, its report and its replays. */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { KIND, notFound, send, sendPage, sendTagged } from './answers.ts';
import { ComparisonFiles } from './comparison-files.ts';
import { ComparisonFragment, runId } from './comparison-fragment.ts';
import { comparisonPage, replayPage, reportFile } from './pages.ts';
import { RolloutFiles, rolloutId } from './rollout-files.ts';
import { RolloutError, RolloutMaker } from './rollout-maker.ts';

export interface StageOptions {
  /** Of a comparison, a run's results, or of rollouts alone. */
  readonly directory?: string;
  /** Recordings besides those in the directory. */
  readonly files: readonly string[];
  readonly title: string;
  /** Whether it is one of several, whose list is two folders up. */
  readonly listed?: boolean;
}

/** Longest body of a request that is read, bytes. */
const MOST_BODY = 4096;

/** All its addresses are relative to the folder of its page. */
export class Stage {
  private readonly comparison: ComparisonFiles | undefined;
  private readonly rollouts: RolloutFiles;
  private readonly maker: RolloutMaker | undefined;
  private readonly fragment = new ComparisonFragment();

  constructor(private readonly options: StageOptions) {
    const { directory, files } = options;
    this.comparison = directory === undefined ? undefined : new ComparisonFiles(directory);
    this.maker = directory === undefined ? undefined : new RolloutMaker(directory);
    this.rollouts = new RolloutFiles(directory, files);
  }

  /** @param path after the folder of the page, from its slash on */
  async answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'POST') {
      if (path === '/recordings') await this.makeRollout(request, response);
      else send(response, 405, KIND.text, 'only GET is answered here\n');
      return;
    }
    if (path === '/') return this.home(response);
    if (path === '/comparison') return this.sendFragment(request, response);
    if (path === '/report.html') return this.sendReport(response);
    const [, kind, id] = /^\/(replay|recordings)\/([0-9a-f]{16})$/.exec(path) ?? [];
    const rollout = id === undefined ? undefined : this.rollouts.find(id);
    if (rollout === undefined || rollout.fault !== undefined) return notFound(response);
    if (kind === 'recordings')
      return sendTagged(request, response, KIND.json, readFileSync(rollout.path, 'utf8'));
    return sendPage(response, replayPage(rollout, !this.isSingle()));
  }

  private isSingle(): boolean {
    return this.options.directory === undefined && this.options.files.length === 1;
  }

  private home(response: ServerResponse): void {
    const { title, files, listed } = this.options;
    if (this.isSingle()) response.writeHead(302, { Location: `replay/${rolloutId(files[0])}` }).end();
    else sendPage(response, comparisonPage(title, listed));
  }

  private sendFragment(request: IncomingMessage, response: ServerResponse): void {
    const nothing = {
      name: this.options.title,
      status: 'done',
      runs: [],
      evaluated: [],
      warnings: [],
    } as const;
    const comparison = this.comparison?.read() ?? nothing;
    const making = this.maker?.making ?? new Set<string>();
    const text = this.fragment.text(comparison, this.rollouts.list(), making);
    sendTagged(request, response, KIND.html, text);
  }

  private sendReport(response: ServerResponse): void {
    const report = this.comparison?.read().report;
    if (report === undefined) notFound(response);
    else sendPage(response, reportFile(readFileSync(report, 'utf8')));
  }

  private async makeRollout(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = (status: number, value: object) => send(response, status, KIND.json, JSON.stringify(value));
    const wanted = await bodyOf(request);
    const run = this.comparison?.read().runs.find((one) => runId(one) === wanted);
    if (run === undefined || this.maker === undefined) return reply(404, { message: 'there is no such run' });
    try {
      const file = await this.maker.make(run, runId(run));
      reply(201, { address: `replay/${rolloutId(file)}` });
    } catch (error) {
      if (!(error instanceof RolloutError)) throw error;
      reply(409, { message: error.message });
    }
  }

  close(): void {
    this.maker?.stop();
  }
}

/** The run that a request names; undefined for anything else. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  let text = '';
  for await (const part of request) {
    text += part;
    if (text.length > MOST_BODY) return undefined;
  }
  try {
    const { run } = JSON.parse(text) as { run?: unknown };
    return typeof run === 'string' ? run : undefined;
  } catch {
    return undefined;
  }
}
