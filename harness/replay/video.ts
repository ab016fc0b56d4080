/** A film as a video: drawn and encoded by a page in a browser without a window. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { script } from '../files/browser-modules.ts';
import { html } from '../report/html.ts';
import { UserError, unknownName } from '../text/errors.ts';
import { embedFilm } from './embedded-film.ts';
import type { Film } from './film.ts';
import { BrowserError, withPage } from './headless.ts';
import type { Scene } from './scene.ts';
import { framesShown, type VideoOrder } from './video-order.ts';

/** Twenty minutes at thirty pictures a second. */
const MOST_PICTURES = 36_000;
/** Seconds without a word from the page after which it is taken for blocked. */
const PATIENCE = 120;
const POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self'; img-src blob:; style-src 'unsafe-inline'";

/** The index of a camera by its name; without a name the first, and -1 for `free`, a view from above and the side. */
export function cameraNamed({ cameras }: Scene, name?: string): number {
  if (name === 'free' || cameras.length === 0) return -1;
  if (name === undefined) return 0;
  const names = cameras.map((camera) => camera.name);
  if (!names.includes(name)) throw unknownName('camera', name, [...names, 'free']);
  return names.indexOf(name);
}

/**
 * The bytes of a video file.
 * @param program a browser of the Chromium family
 * @param told called with the number of pictures drawn and of all
 * @throws UserError if the film is too long; BrowserError if the browser cannot make it
 */
export async function filmVideo(
  film: Film,
  order: VideoOrder,
  program: string,
  told: (drawn: number, all: number) => void = () => {},
): Promise<Buffer> {
  const data = embedFilm(film);
  const { controlStep } = film.facts;
  const all = data.shots.reduce((sum, { frames }) => sum + framesShown(frames, controlStep, order).length, 0);
  if (all > MOST_PICTURES)
    throw new UserError(
      `a video has at most ${MOST_PICTURES} pictures, this one ${all}: fewer --episodes, --steps or --fps, or more --speed`,
    );
  const studio = new Studio(order, JSON.stringify(data), (drawn) => told(drawn, all));
  const server = createServer((request, response) => studio.answer(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const address = `http://127.0.0.1:${port}/${studio.secret}/`;
    return await withPage(program, address, studio.video);
  } finally {
    studio.close();
    server.closeAllConnections();
    server.close();
  }
}

/** What the page asks for, and what it tells. */
class Studio {
  /** Other pages and programs of this machine cannot guess the address. */
  readonly secret = randomBytes(16).toString('hex');
  readonly video: Promise<Buffer>;
  private deliver!: (video: Buffer) => void;
  private fail!: (error: Error) => void;
  private patience: NodeJS.Timeout | undefined;

  constructor(
    private readonly order: VideoOrder,
    private readonly film: string,
    private readonly told: (drawn: number) => void,
  ) {
    this.video = new Promise((resolve, reject) => {
      this.deliver = resolve;
      this.fail = reject;
    });
    this.wait();
  }

  close(): void {
    clearTimeout(this.patience);
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    this.wait();
    const [, secret, name] = /^\/([0-9a-f]+)\/([\w.]*)$/.exec(request.url ?? '') ?? [];
    const send = (kind: string, text: string) =>
      void response.writeHead(200, { 'Content-Type': kind, 'Content-Security-Policy': POLICY }).end(text);
    if (secret !== this.secret) response.writeHead(404).end();
    else if (request.method === 'POST') void this.hear(name, request).finally(() => response.end());
    else if (name === '') send('text/html; charset=utf-8', this.page());
    else if (name === 'film.json') send('application/json', this.film);
    else if (name === 'video.js') send('text/javascript; charset=utf-8', script('video.js'));
    else response.writeHead(404).end();
  }

  private page(): string {
    return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>rfm-harness video</title></head>
<body data-order="${JSON.stringify(this.order)}"><script type="module" src="video.js"></script></body></html>
`.text;
  }

  private async hear(what: string, request: IncomingMessage): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    if (what === 'drawn') this.told(Number(body.toString()));
    else if (what === 'video') this.deliver(body);
    else if (what === 'fault') this.fail(new BrowserError(`the browser made no video: ${body.toString()}`));
  }

  private wait(): void {
    clearTimeout(this.patience);
    const tired = () => this.fail(new BrowserError(`the browser said nothing for ${PATIENCE} seconds`));
    this.patience = setTimeout(tired, 1000 * PATIENCE);
  }
}
