/** The viewer's local web server. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import sirv, { type RequestHandler } from 'sirv';
import { mujocoFolder, scriptFolder } from '../files/browser-modules.ts';
import { KIND, notFound, send } from './answers.ts';
import { directoryKind } from './comparison-files.ts';
import { refusal } from './guard.ts';
import { listen } from './listen.ts';
import { Lobby } from './lobby.ts';
import { Stage, type StageOptions } from './stage.ts';

export interface ViewOptions extends StageOptions {
  /** The folder of several comparisons, which are listed in the place of one directory. */
  readonly root?: string;
  /** Whether the directory is empty: it may yet become the folder of several. */
  readonly undecided?: boolean;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
}

export interface Viewer {
  readonly address: string;
  close(): Promise<void>;
}

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
  private shown: Stage | Lobby;
  private undecided: boolean;
  /** Folders whose files are served as they are. */
  private readonly folders: readonly (readonly [prefix: string, serve: RequestHandler])[];

  constructor(private readonly options: ViewOptions) {
    const { root, title } = options;
    this.shown = root === undefined ? new Stage(options) : new Lobby(root, title);
    this.undecided = options.undecided ?? false;
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
    const { method, url = '/' } = request;
    const refused = refusal(request, this.options.host);
    if (refused !== undefined) return send(response, 403, KIND.text, `${refused}\n`);
    if (method !== 'GET' && method !== 'HEAD' && method !== 'POST')
      return send(response, 405, KIND.text, 'only GET is answered here\n');
    const path = url.split('?')[0];
    const folder = method === 'POST' ? undefined : this.folders.find(([prefix]) => path.startsWith(prefix));
    if (folder === undefined) {
      this.decide();
      return this.shown.answer(path, request, response);
    }
    const [prefix, serve] = folder;
    request.url = `/${url.slice(prefix.length)}`;
    serve(request, response, () => notFound(response));
  }

  /** Looks again at a directory in which there was nothing. */
  private decide(): void {
    const { directory, title } = this.options;
    if (!this.undecided || directory === undefined) return;
    const kind = directoryKind(directory);
    this.undecided = kind === 'nothing' || kind === 'other';
    if (kind === 'several') this.shown = new Lobby(directory, title);
  }

  close(): void {
    this.shown.close();
  }
}
