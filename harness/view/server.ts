/** The viewer's local web server. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import sirv, { type RequestHandler } from 'sirv';
import { sha256 } from '../files/durable.ts';
import { mujocoFolder, scriptFolder } from '../replay/browser-modules.ts';
import { ComparisonFiles } from './comparison-files.ts';
import { ComparisonFragment, runId } from './comparison-fragment.ts';
import { refusal } from './guard.ts';
import { listen } from './listen.ts';
import { comparisonPage, replayPage, reportFile, type ServedPage } from './pages.ts';
import { RolloutFiles, rolloutId } from './rollout-files.ts';
import { RolloutError, RolloutMaker } from './rollout-maker.ts';

export interface ViewOptions {
  /** Of a comparison, a run's results, or of rollouts alone. */
  readonly directory?: string;
  /** Recordings besides those in the directory. */
  readonly files: readonly string[];
  readonly title: string;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
}

export interface Viewer {
  readonly address: string;
  close(): Promise<void>;
}

const KIND = {
  html: 'text/html; charset=utf-8',
  json: 'application/json',
  text: 'text/plain; charset=utf-8',
};
/** Longest body of a request that is read, bytes. */
const MOST_BODY = 4096;

/** @throws UserError if the port is taken or may not be used */
export async function startViewer(options: ViewOptions): Promise<Viewer> {
  const site = new Site(options);
  const server = createServer((request, response) => {
    site.answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) send(response, 500, KIND.text, 'the viewer failed at this request\n');
      else response.destroy();
      process.stderr.write(`harness: ${error instanceof Error ? error.message : String(error)}\n`);
    });
  });
  const port = await listen(server, options);
  const name = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    address: `http://${name}:${port}/`,
    async close() {
      site.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

class Site {
  private readonly comparison: ComparisonFiles | undefined;
  private readonly rollouts: RolloutFiles;
  private readonly maker: RolloutMaker | undefined;
  private readonly fragment = new ComparisonFragment();
  /** Folders whose files are served as they are. */
  private readonly folders: readonly (readonly [prefix: string, serve: RequestHandler])[];

  constructor(private readonly options: ViewOptions) {
    const { directory, files } = options;
    this.comparison = directory === undefined ? undefined : new ComparisonFiles(directory);
    this.maker = directory === undefined ? undefined : new RolloutMaker(directory);
    this.rollouts = new RolloutFiles(directory, files);
    this.folders = [
      ['/scripts/', scriptFolder()],
      ['/mujoco/', mujocoFolder()],
    ].map(([prefix, folder]) => [prefix, sirv(folder, { etag: true, extensions: [] })] as const);
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('Cache-Control', 'no-cache');
    const refused = refusal(request, this.options.host);
    if (refused !== undefined) return send(response, 403, KIND.text, `${refused}\n`);
    const path = (request.url ?? '/').split('?')[0];
    if (request.method === 'POST' && path === '/recordings') return this.makeRollout(request, response);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return send(response, 405, KIND.text, 'only GET is answered here\n');
    }
    const folder = this.folders.find(([prefix]) => path.startsWith(prefix));
    if (folder !== undefined) return this.serveFile(request, response, folder);
    if (path === '/') return this.home(response);
    if (path === '/comparison') return this.sendFragment(request, response);
    if (path === '/report.html') return this.sendReport(response);
    const [, kind, id] = /^\/(replay|recordings)\/([0-9a-f]{16})$/.exec(path) ?? [];
    const rollout = id === undefined ? undefined : this.rollouts.find(id);
    if (rollout === undefined || rollout.fault !== undefined) return notFound(response);
    if (kind === 'recordings') {
      return sendTagged(request, response, KIND.json, readFileSync(rollout.path, 'utf8'));
    }
    return sendPage(response, replayPage(rollout, !this.isSingle()));
  }

  private isSingle(): boolean {
    return this.options.directory === undefined && this.options.files.length === 1;
  }

  private home(response: ServerResponse): void {
    const { title, files } = this.options;
    if (this.isSingle()) response.writeHead(302, { Location: `/replay/${rolloutId(files[0])}` }).end();
    else sendPage(response, comparisonPage(title));
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

  private serveFile(
    request: IncomingMessage,
    response: ServerResponse,
    [prefix, serve]: readonly [string, RequestHandler],
  ): void {
    request.url = `/${(request.url ?? '').slice(prefix.length)}`;
    serve(request, response, () => notFound(response));
  }

  private async makeRollout(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = (status: number, value: object) => send(response, status, KIND.json, JSON.stringify(value));
    const wanted = await bodyOf(request);
    const run = this.comparison?.read().runs.find((one) => runId(one) === wanted);
    if (run === undefined || this.maker === undefined) return reply(404, { message: 'there is no such run' });
    try {
      const file = await this.maker.make(run, runId(run));
      reply(201, { address: `/replay/${rolloutId(file)}` });
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

function send(response: ServerResponse, status: number, kind: string, text: string): void {
  response.writeHead(status, { 'Content-Type': kind, 'Content-Length': Buffer.byteLength(text) }).end(text);
}

function sendPage(response: ServerResponse, { text, policy }: ServedPage): void {
  response.setHeader('Content-Security-Policy', policy);
  send(response, 200, KIND.html, text);
}

/** With a tag, so that what the browser has already is not sent again. */
function sendTagged(request: IncomingMessage, response: ServerResponse, kind: string, text: string): void {
  const tag = `"${sha256(text).slice(0, 32)}"`;
  response.setHeader('ETag', tag);
  if (request.headers['if-none-match'] === tag) response.writeHead(304).end();
  else send(response, 200, kind, text);
}

const notFound = (response: ServerResponse): void =>
  send(response, 404, KIND.text, 'there is nothing here\n');
