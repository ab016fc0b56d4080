/** The playground: a static site where a browser trains, written into a folder or served here. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { presets } from '../../agents/agent.ts';
import { estimatorForms } from '../../agents/posterior/estimators.ts';
import { builtInAgents } from '../../agents/registry.ts';
import { backends } from '../../engine/backends/records.ts';
import { taskNames } from '../../envs/index.ts';
import { type Choices, type Option, optionsWith, type Scalar } from '../../playground/options.ts';
import { limits } from '../../playground/settings.ts';
import { mujocoFolder, playgroundScript } from '../files/browser-modules.ts';
import { makeFolder, writeDurably } from '../files/durable.ts';
import { packagedModelFiles } from '../plugins/assets.ts';
import { playerStyle } from '../replay/player-style.ts';
import { reportScript } from '../report/page-file.ts';
import { style } from '../report/style.ts';
import { commit } from '../results/manifest.ts';
import { ownVersions } from '../results/versions.ts';
import { UserError } from '../text/errors.ts';
import { refusal } from './guard.ts';
import { listen } from './listen.ts';
import {
  methodPage,
  oldBrowserScript,
  resultsPage,
  siteMark,
  sitePolicy,
  siteStyle,
  trainingPage,
} from './playground-page.ts';

/** Agents that can be hidden in the plots of a training; the page of results adds what a report needs. */
const SERIES = limits.agents;

const playgroundScripts = [
  'page.js',
  'worker.js',
  'results.js',
  'results-worker.js',
  'method.js',
  'method-worker.js',
];

interface SiteFile {
  readonly kind: string;
  readonly bytes: () => string | Uint8Array;
}

/** Every file of the site by its address, which is relative. */
export function siteFiles(): Map<string, SiteFile> {
  const file = (kind: string, bytes: SiteFile['bytes']): SiteFile => ({ kind, bytes });
  const json = (value: () => unknown) => file('application/json', () => JSON.stringify(value()));
  const code = 'text/javascript; charset=utf-8';
  return new Map([
    ['index.html', file('text/html; charset=utf-8', trainingPage)],
    ['results.html', file('text/html; charset=utf-8', resultsPage)],
    ['method.html', file('text/html; charset=utf-8', methodPage)],
    ['style.css', file('text/css; charset=utf-8', () => [style(SERIES), playerStyle, siteStyle].join('\n'))],
    ['old.js', file(code, () => oldBrowserScript)],
    ['report.js', file(code, reportScript)],
    ...playgroundScripts.map((name) => [name, file(code, () => playgroundScript(name))] as const),
    ['mujoco.wasm', file('application/wasm', () => readFileSync(join(mujocoFolder(), 'mujoco.wasm')))],
    ['models.json', json(packagedModelFiles)],
    ['choices.json', json(choices)],
  ]);
}

function choices(): Choices {
  const options = optionsWith(estimatorForms());
  const { node: _, 'onnxruntime-node': __, ...versions } = ownVersions();
  return {
    tasks: taskNames(),
    agents: builtInAgents.map(({ name, description, presets: configs }) => ({
      name,
      description,
      values: Object.fromEntries(presets.map((preset) => [preset, valuesOf(configs[preset], options)])),
    })),
    presets,
    options,
    versions: { ...versions, backend: 'wasm' },
    commit: commit(),
    bits: backends.wasm.bits,
  };
}

function valuesOf(config: object, options: readonly Option[]): Record<string, Scalar> {
  const keys = options.map(({ key }) => key);
  return Object.fromEntries(Object.entries(config).filter(([key]) => keys.includes(key)));
}

/**
 * An earlier site of the playground is replaced.
 * @param force whether other files are, too
 * @throws UserError if the folder has files of these names that are no site of ours; DiskError if it cannot be written
 */
export function writeSite(folder: string, force = false): void {
  const files = siteFiles();
  const index = join(folder, 'index.html');
  const isOurs = existsSync(index) && readFileSync(index, 'utf8').includes(siteMark);
  const found =
    isOurs || force ? undefined : [...files.keys()].find((name) => existsSync(join(folder, name)));
  if (found !== undefined)
    throw new UserError(`${join(folder, found)} exists, and no playground wrote it; --force replaces it`);
  makeFolder(folder);
  for (const [name, { bytes }] of files) writeDurably(join(folder, name), bytes());
}

export interface Playground {
  readonly address: string;
  close(): Promise<void>;
}

/** @throws UserError if the port is taken or may not be used */
export async function servePlayground(host: string, port: number): Promise<Playground> {
  const files = siteFiles();
  const server: Server = createServer((request, response) => {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('Cache-Control', 'no-cache');
    response.setHeader('Content-Security-Policy', `${sitePolicy}; frame-ancestors 'none'`);
    const refused = refusal(request, host);
    const path = (request.url ?? '/').split('?')[0].slice(1);
    const found = files.get(path === '' ? 'index.html' : path);
    const [status, kind, text] =
      refused !== undefined
        ? [403, 'text/plain', `${refused}\n`]
        : request.method !== 'GET' && request.method !== 'HEAD'
          ? [405, 'text/plain', 'only GET is answered here\n']
          : found === undefined
            ? [404, 'text/plain', 'there is nothing here\n']
            : [200, found.kind, found.bytes()];
    response.writeHead(status, { 'Content-Type': kind, 'Content-Length': Buffer.byteLength(text) }).end(text);
  });
  const taken = await listen(server, { host, port });
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    address: `http://${name}:${taken}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
