/** Firefox as Debian packages it (firefox-esr), driven by WebDriver BiDi, https://w3c.github.io/webdriver-bidi/. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type Download, type InPage, type Page, waitFor } from './page.ts';

interface Event {
  readonly method: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the protocol says, of which a few fields are read
  readonly params: any;
}

/** A session of the protocol. */
class Session {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<
    number,
    { resolve(result: Event['params']): void; reject(error: Error): void }
  >();
  readonly #listeners = new Set<(event: Event) => void>();
  #sent = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      const { type, id, method, params, result, error, message } = JSON.parse(String(data));
      if (type === 'event') for (const listener of this.#listeners) listener({ method, params });
      else if (type === 'success') this.#waiting.get(id)?.resolve(result);
      else this.#waiting.get(id)?.reject(new Error(`${error}: ${message}`));
      this.#waiting.delete(id);
    });
    socket.addEventListener('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('Firefox has gone'));
      this.#waiting.clear();
    });
  }

  static async begin(address: string): Promise<Session> {
    const socket = new WebSocket(`${address}/session`);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve());
      socket.addEventListener('error', () => reject(new Error(`no connection with ${address}`)));
    });
    const session = new Session(socket);
    await session.send('session.new', { capabilities: {} });
    return session;
  }

  send(method: string, params: object): Promise<Event['params']> {
    const id = this.#sent++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** @returns what ends it */
  listen(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

class FirefoxPage implements Page {
  readonly complaints: string[] = [];
  readonly requests: string[] = [];
  readonly #session: Session;
  readonly #context: string;
  /** What it stores is its own. */
  readonly #userContext: string;
  readonly #unlisten: () => void;

  constructor(session: Session, context: string, userContext: string) {
    this.#session = session;
    this.#context = context;
    this.#userContext = userContext;
    this.#unlisten = session.listen(({ method, params }) => {
      // what a worker says has no context
      if (method === 'log.entryAdded' && [context, undefined].includes(params.source.context))
        this.complaints.push(params.text);
      if (method === 'network.beforeRequestSent' && params.context === context)
        this.requests.push(`${params.request.method} ${params.request.url}`);
    });
  }

  async goto(url: string): Promise<void> {
    await this.#send('browsingContext.navigate', { url, wait: 'complete' });
  }

  async reload(): Promise<void> {
    await this.#send('browsingContext.reload', { wait: 'complete' });
  }

  async evaluate<Args extends unknown[], Result>(what: InPage<Args, Result>, ...args: Args): Promise<Result> {
    const given = args.map((arg) => JSON.stringify(arg)).join();
    const text = await this.#run(`(async () => JSON.stringify(await (${what})(${given})))()`);
    return (text === undefined ? undefined : JSON.parse(text)) as Result;
  }

  async addScript(source: string): Promise<void> {
    await this.#run(`{${source}\n}; ''`);
  }

  async click(selector: string): Promise<void> {
    const ready = (selector: string) => {
      const element = document.querySelector(selector);
      element?.scrollIntoView({ block: 'center', inline: 'center' });
      return element !== null && !element.matches(':disabled');
    };
    await waitFor(this, ready, [selector]);
    const origin = { type: 'element', element: { sharedId: await this.#find(selector) } };
    const pointer = [
      { type: 'pointerMove', x: 0, y: 0, origin },
      { type: 'pointerDown', button: 0 },
      { type: 'pointerUp', button: 0 },
    ];
    await this.#send('input.performActions', {
      actions: [{ type: 'pointer', id: 'mouse', actions: pointer }],
    });
  }

  async choose(selector: string, ...files: string[]): Promise<void> {
    await this.#send('input.setFiles', { element: { sharedId: await this.#find(selector) }, files });
  }

  async download(selector: string): Promise<Download> {
    let unlisten = () => {};
    const taken = new Promise<Download>((resolve, reject) => {
      let name = '';
      unlisten = this.#session.listen(({ method, params }) => {
        if (params.context !== this.#context) return;
        if (method === 'browsingContext.downloadWillBegin') name = params.suggestedFilename;
        if (method !== 'browsingContext.downloadEnd') return;
        if (params.status === 'complete') resolve({ name, path: params.filepath });
        else reject(new Error(`${name} was not kept: ${params.status}`));
      });
    });
    try {
      const [file] = await Promise.all([taken, this.click(selector)]);
      return file;
    } finally {
      unlisten();
    }
  }

  async resize(width: number, height: number): Promise<void> {
    await this.#send('browsingContext.setViewport', { viewport: { width, height } });
  }

  async prefer(scheme: 'light' | 'dark'): Promise<void> {
    const { contexts } = await this.#session.send('browsingContext.getTree', { 'moz:scope': 'chrome' });
    const name = 'layout.css.prefers-color-scheme.content-override';
    await this.#session.send('script.evaluate', {
      expression: `Services.prefs.setIntPref('${name}', ${scheme === 'dark' ? 0 : 1})`,
      target: { context: contexts[0].context },
      awaitPromise: false,
    });
    const follows = (scheme: string) => matchMedia(`(prefers-color-scheme: ${scheme})`).matches;
    await waitFor(this, follows, [scheme]);
  }

  async close(): Promise<void> {
    this.#unlisten();
    await this.#session.send('browser.removeUserContext', { userContext: this.#userContext });
  }

  #send(method: string, params: object): Promise<Event['params']> {
    return this.#session.send(method, { context: this.#context, ...params });
  }

  async #run(expression: string): Promise<string | undefined> {
    const answer = await this.#session.send('script.evaluate', {
      expression,
      target: { context: this.#context },
      awaitPromise: true,
    });
    if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text);
    return answer.result.value;
  }

  async #find(selector: string): Promise<string> {
    const locator = { type: 'css', value: selector };
    const { nodes } = await this.#send('browsingContext.locateNodes', { locator, maxNodeCount: 1 });
    if (nodes.length === 0) throw new Error(`the page has no ${selector}`);
    return nodes[0].sharedId;
  }
}

/** Without a window WebGL depends on the machine's drivers: here there is none anywhere. */
const preferences = `
user_pref("ui.prefersReducedMotion", 1);
user_pref("webgl.disabled", true);
`;

/** @returns where the program listens */
function listening(firefox: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    firefox.on('error', reject);
    firefox.on('close', () => reject(new Error(`Firefox has ended: ${said}`)));
    firefox.stderr?.on('data', (text) => {
      said += text;
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(said);
      if (found !== null) resolve(found[1]);
    });
  });
}

/** @throws Error without WebSocket, which Node 20 has with --experimental-websocket; if the program does not start */
export async function startFirefox(executablePath: string): Promise<Browser> {
  if (globalThis.WebSocket === undefined)
    throw new Error('Firefox is driven by WebSocket: Node 22, or Node 20 with --experimental-websocket');
  const profile = mkdtempSync(join(tmpdir(), 'firefox-'));
  writeFileSync(join(profile, 'user.js'), preferences);
  const words = ['--headless', '--no-remote', '--remote-allow-system-access', '--remote-debugging-port', '0'];
  const firefox = spawn(executablePath, [...words, '--profile', profile], {
    env: { ...process.env, HOME: profile },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = new Promise((resolve) => firefox.once('close', resolve));
  const close = async () => {
    firefox.kill();
    await closed;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const session = await Session.begin(await listening(firefox));
    await session.send('session.subscribe', {
      events: [
        'log.entryAdded',
        'network.beforeRequestSent',
        'browsingContext.downloadWillBegin',
        'browsingContext.downloadEnd',
      ],
    });
    await session.send('browser.setDownloadBehavior', {
      downloadBehavior: { type: 'allowed', destinationFolder: profile },
    });
    return {
      close,
      async open() {
        const { userContext } = await session.send('browser.createUserContext', {});
        const { context } = await session.send('browsingContext.create', { type: 'window', userContext });
        return new FirefoxPage(session, context, userContext);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
