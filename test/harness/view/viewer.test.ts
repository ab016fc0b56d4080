import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RECORDING_FORMAT } from '../../../harness/replay/recording.ts';
import { ComparisonFiles } from '../../../harness/view/comparison-files.ts';
import { comparisonPage, replayPage } from '../../../harness/view/pages.ts';
import { RolloutMaker } from '../../../harness/view/rollout-maker.ts';
import { startViewer, type Viewer, type ViewOptions } from '../../../harness/view/server.ts';
import { viewSubject } from '../../../harness/view/subject.ts';
import { hostileNames, madeManifest, makeComparison } from '../report/made-comparison.ts';
import { command } from '../support/command.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'view-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const viewers: Viewer[] = [];
afterEach(async () => {
  for (const viewer of viewers.splice(0)) await viewer.close();
});

async function serve(options: Partial<ViewOptions>): Promise<Viewer> {
  const viewer = await startViewer({ files: [], title: 'made', host: '127.0.0.1', port: 0, ...options });
  viewers.push(viewer);
  return viewer;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** A request with exactly this path, which `fetch` would tidy up, and these headers. */
function ask(
  { address }: Viewer,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
  body = '',
): Promise<Answer> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, path, headers, method }, (response) => {
      let text = '';
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

function made(name: string, runs: readonly Record<string, unknown>[] = []): string {
  const directory = join(root, name);
  makeComparison(directory, {
    tasks: ['walker-walk'],
    agents: ['sac', 'td3'],
    seeds: 3,
    evaluations: 4,
    manifest: madeManifest(name, runs),
  });
  return directory;
}

const record = (agent: string, seed: number, status: string) => ({
  ...{ task: 'walker-walk', agent, seed, status },
  ...{ attempts: 1, steps: 0, wallSeconds: 0, checkpointSeconds: 0 },
});

/** A comparison at work: one run with rows of its own, one that has not begun. */
function atWork(name: string): string {
  const directory = join(root, name);
  const own = join(directory, 'runs/walker-walk/sac/0');
  makeComparison(own, { tasks: ['walker-walk'], agents: ['sac'], seeds: 1, evaluations: 3 });
  const { endedAt: _, ...manifest } = madeManifest(name, [
    record('sac', 0, 'running'),
    record('sac', 1, 'waiting'),
  ]);
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
  mkdirSync(join(directory, '.lock'));
  return directory;
}

describe('the files of a comparison', () => {
  it('at work: state, step, speed and last evaluation come from the runs themselves', () => {
    const directory = atWork('at-work');
    const { status, runs, evaluated, plannedSteps } = new ComparisonFiles(directory).read();
    expect(status).toBe('running');
    expect(plannedSteps).toBe(100_000);
    expect(runs.map((run) => [run.seed, run.status, run.step])).toEqual([
      ['0', 'running', 15_000],
      ['1', 'waiting', 0],
    ]);
    expect(runs[0].lastEvaluation?.step).toBe(15_000);
    expect(runs[0].stepsPerSecond).toBeCloseTo(90, 6); // wall_seconds is step / 90 in made comparisons
    expect(evaluated).toHaveLength(1);
  });

  it('of which nobody has been heard is stopped', () => {
    const directory = atWork('stopped');
    const then = Date.now() / 1000 - 60;
    utimesSync(join(directory, '.lock'), then, then);
    expect(new ComparisonFiles(directory).read().status).toBe('stopped');
  });

  it('that grow are read again, and what is damaged is said', () => {
    const directory = atWork('grows');
    const files = new ComparisonFiles(directory);
    files.read();
    const own = join(directory, 'runs/walker-walk/sac/0');
    makeComparison(own, { tasks: ['walker-walk'], agents: ['sac'], seeds: 1, evaluations: 5 });
    expect(files.read().runs[0].step).toBe(25_000);
    writeFileSync(join(own, 'evaluations.csv'), 'task,agent\nx,y\n');
    const { runs, warnings } = files.read();
    expect(runs[0].status).toBe('running');
    expect(warnings[0]).toMatch(/evaluations\.csv, line 1: no column/);
  });

  it('with a damaged manifest are called unreadable, as harness list calls them', async () => {
    const directory = made('damaged', [record('sac', 0, 'done')]);
    writeFileSync(join(directory, 'manifest.json'), '{"runs": [');
    const { status, warnings } = new ComparisonFiles(directory).read();
    expect(status).toBe('unreadable');
    expect(warnings).toEqual(['manifest.json is damaged: how the runs stand is not known']);
    expect((await ask(await serve({ directory }), '/comparison')).text).toContain('data-status="unreadable"');
  });

  it('whose manifest points elsewhere are not followed there', () => {
    const elsewhere = atWork('elsewhere');
    const directory = join(root, 'points');
    mkdirSync(join(directory, 'runs'), { recursive: true });
    const task = '../../elsewhere/runs/walker-walk';
    const manifest = madeManifest('points', [{ ...record('sac', 0, 'running'), task }]);
    writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
    expect(new ComparisonFiles(elsewhere).read().evaluated).toHaveLength(1);
    expect(new ComparisonFiles(directory).read().evaluated).toHaveLength(0);
  });
});

describe('the viewer', () => {
  it('shows curves with labelled axes, runs and why one failed', async () => {
    const failed = { ...record('td3', 2, 'failed'), reason: 'loss is not finite' };
    const viewer = await serve({ directory: made('finished', [record('sac', 0, 'done'), failed]) });
    const { status, text } = await ask(viewer, '/comparison');
    expect(status).toBe(200);
    expect(text).toContain('Learning curves on walker-walk');
    expect(text).toContain('environment steps');
    expect(text).toContain('evaluation return');
    expect(text).toContain('loss is not finite');
    expect(text).toMatch(/data-status="failed"/);
  });

  it('sends what changed, and nothing else', async () => {
    const directory = made('tags');
    const viewer = await serve({ directory });
    const first = await ask(viewer, '/comparison');
    const etag = String(first.headers.etag);
    const second = await ask(viewer, '/comparison', { 'if-none-match': etag });
    expect([second.status, second.text]).toEqual([304, '']);
    writeFileSync(join(directory, 'evaluations.csv'), 'task,agent,seed,step,episode,return\na,b,0,1,0,5\n');
    const third = await ask(viewer, '/comparison', { 'if-none-match': etag });
    expect(third.status).toBe(200);
  });

  it('shows an empty directory, and fills when a comparison begins in it', async () => {
    const directory = join(root, 'empty');
    mkdirSync(directory);
    const viewer = await serve(viewSubject([directory]));
    expect((await ask(viewer, '/comparison')).text).toContain('There is no comparison here yet');
    made('empty');
    expect((await ask(viewer, '/comparison')).text).toContain('Learning curves on walker-walk');
  });

  it('shows an empty directory, and lists what begins in folders of it', async () => {
    const directory = join(root, 'empty-results');
    mkdirSync(directory);
    const viewer = await serve(viewSubject([directory]));
    expect((await ask(viewer, '/comparison')).text).toContain('There is no comparison here yet');
    mkdirSync(join(directory, 'begins'));
    expect((await ask(viewer, '/comparison')).text).toContain('There is no comparison here yet');
    made('empty-results/begins');
    const { text } = await ask(viewer, '/comparison');
    expect(text).toContain('Comparisons and runs');
    const [, page] = /<a href="(at\/[0-9a-f]{16}\/)">/.exec(text) ?? [];
    expect((await ask(viewer, `/${page}comparison`)).text).toContain('Learning curves on walker-walk');
  });

  it('shows hostile names as text', async () => {
    const directory = join(root, 'hostile');
    makeComparison(directory, { tasks: ['<b>t</b>'], agents: hostileNames, seeds: 1, evaluations: 2 });
    mkdirSync(join(directory, 'rollouts'));
    writeFileSync(join(directory, 'rollouts', '<img src=x onerror=alert(1)>.json'), '{}');
    const viewer = await serve({ directory, title: '</title><script>alert(1)</script>' });
    for (const path of ['/', '/comparison']) {
      const { text } = await ask(viewer, path);
      expect(text).not.toMatch(/<script>alert|<img|<b>t/);
    }
  });

  it('is not read by pages of others: foreign names, origins and sites are refused', async () => {
    const viewer = await serve({ directory: made('private') });
    const { host } = new URL(viewer.address);
    const refused: Record<string, string>[] = [
      { host: 'evil.example' },
      { host: `evil.example:${host.split(':')[1]}` },
      { host, origin: 'http://evil.example' },
      { host, origin: 'null' },
      { host, 'sec-fetch-site': 'cross-site' },
      { host, 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of refused) expect((await ask(viewer, '/comparison', headers)).status).toBe(403);
    const answered = await ask(viewer, '/comparison', { host, origin: `http://${host}` });
    expect(answered.status).toBe(200);
    expect(answered.headers['access-control-allow-origin']).toBeUndefined();
    expect(answered.headers['cross-origin-resource-policy']).toBe('same-origin');
    const port = host.split(':')[1];
    expect((await ask(viewer, '/', { host: `localhost:${port}` })).status).toBe(200);
    for (const name of [hostname(), `${hostname()}.local`.toUpperCase()])
      expect((await ask(viewer, '/', { host: `${name}:${port}` })).status).toBe(200);
    const elsewhere = await ask(viewer, '/', { host: `${hostname()}.evil.example:${port}` });
    expect(elsewhere).toMatchObject({
      status: 403,
      text: expect.stringMatching(/--host NAME adds a name\n$/),
    });
    const link = { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await ask(viewer, '/', { ...link, 'sec-fetch-dest': 'document' })).status).toBe(200);
    expect((await ask(viewer, '/', { ...link, 'sec-fetch-dest': 'iframe' })).status).toBe(403);
    const form = { host, 'content-type': 'text/plain' };
    expect((await ask(viewer, '/recordings', form, 'POST', '{}')).status).toBe(403);
  });

  it('gives no file but those it is there for', async () => {
    const viewer = await serve({ directory: made('shut') });
    const paths = [
      '/../../../../../../etc/passwd',
      '/mujoco/../package.json',
      '/mujoco/..%2f..%2f..%2fpackage.json',
      '/scripts/../../package.json',
      '/scripts/%2e%2e/%2e%2e/package.json',
      '/recordings/..%2f..%2fmanifest.json',
      '/recordings/0123456789abcdef',
      '/replay/0123456789abcdef',
      '/manifest.json',
    ];
    for (const path of paths) expect((await ask(viewer, path)).status, path).toBe(404);
    expect((await ask(viewer, '/', {}, 'DELETE')).status).toBe(405);
    const unknown = JSON.stringify({ run: '../../x' });
    const json = { 'content-type': 'application/json' };
    expect((await ask(viewer, '/recordings', json, 'POST', unknown)).status).toBe(404);
  });

  it('serves a report under a policy by which no script runs but its own', async () => {
    const directory = made('reported');
    await command(root, 'report', 'reported', '--quiet');
    const viewer = await serve({ directory });
    const own = await ask(viewer, '/report.html');
    const policy = String(own.headers['content-security-policy']);
    const hashes = [...own.text.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
      ([, script]) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
    );
    expect(hashes).toHaveLength(1);
    expect(policy).toBe(
      `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src ${hashes[0]}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    // A report that came from elsewhere has no policy of its own.
    writeFileSync(join(directory, 'report.html'), '<script>fetch("/comparison")</script>');
    const foreign = await ask(viewer, '/report.html');
    expect(foreign.headers['content-security-policy']).toBe(policy);
  });

  it('follows no link out of its directory, neither to read nor to write', async () => {
    const secret = join(root, 'secret');
    makeComparison(secret, { tasks: ['secret-task'], agents: ['spy'], seeds: 1, evaluations: 2 });
    writeFileSync(join(secret, 'report.html'), 'secret page');
    writeFileSync(join(secret, 'take.json'), '{"format":"secret"}');
    mkdirSync(join(secret, 'spy/0/checkpoint'), { recursive: true });
    const manifest = madeManifest('secret', [record('spy', 0, 'done')]);
    writeFileSync(join(secret, 'manifest.json'), JSON.stringify(manifest));
    const directory = join(root, 'linked');
    mkdirSync(join(directory, 'rollouts'), { recursive: true });
    for (const name of ['report.html', 'evaluations.csv', 'manifest.json'])
      symlinkSync(join(secret, name), join(directory, name));
    symlinkSync(join(secret, 'take.json'), join(directory, 'rollouts/take.json'));
    const viewer = await serve({ directory });
    expect((await ask(viewer, '/report.html')).status).toBe(404);
    const { text } = await ask(viewer, '/comparison');
    expect(text).not.toMatch(/secret-task|spy|take\.json/);
    expect(text).toContain('report.html is a link that leads out of the directory or nowhere');

    const runs = made('linked-runs', [record('sac', 0, 'done')]);
    symlinkSync(secret, join(runs, 'rollouts'));
    mkdirSync(join(runs, 'runs/walker-walk/sac'), { recursive: true });
    symlinkSync(join(secret, 'spy/0'), join(runs, 'runs/walker-walk/sac/0'));
    const files = new ComparisonFiles(runs).read();
    expect(files.runs.find(({ status }) => status === 'done')?.playable).toBeUndefined();
    const playable = { ...files.runs[0], playable: join(secret, 'spy/0') };
    await expect(new RolloutMaker(runs).make(playable, '0123456789abcdef')).rejects.toThrow(
      /rollouts is a link out of the directory; nothing is written there/,
    );
    expect(existsSync(join(secret, 'walker-walk-sac-0-01234567.json'))).toBe(false);
  });

  it('serves every script of its pages, and what those import by name', async () => {
    const viewer = await serve({ directory: made('scripts') });
    const rollout = { id: '0', path: '', name: 'r', returns: [], steps: 0 };
    const imported: Record<string, string[]> = {};
    for (const { text } of [comparisonPage('made'), replayPage(rollout, true)]) {
      const { imports } = JSON.parse(
        /<script type="importmap">(.*?)<\/script>/.exec(text)?.[1] ?? '{"imports":{}}',
      );
      for (const [, path] of text.matchAll(/<script type="module" src="([^"]+)"/g)) {
        const { status, text: code } = await ask(viewer, path);
        expect(status, path).toBe(200);
        imported[path] = [...code.matchAll(/\bimport\b[^;()]*?["']([^"']+)["']/g)].map(([, name]) => name);
        for (const name of imported[path]) expect((await ask(viewer, imports[name])).status, name).toBe(200);
      }
    }
    expect(imported).toEqual({
      '/scripts/comparison.js': [],
      '/scripts/simulated-replay.js': ['@mujoco/mujoco'],
    });
  });

  it('serves MuJoCo from its package, and scripts that hold all else', async () => {
    const viewer = await serve({ directory: made('modules') });
    const kinds = await Promise.all(
      [
        '/mujoco/mujoco.wasm',
        '/mujoco/mujoco.js',
        '/scripts/comparison.js',
        '/scripts/simulated-replay.js',
      ].map(async (path) => (await ask(viewer, path, {}, 'HEAD')).headers['content-type']),
    );
    expect(kinds[0]).toBe('application/wasm');
    for (const kind of kinds.slice(1)) expect(kind).toMatch(/^text\/javascript/);
  });
});

describe('the page of several comparisons', () => {
  /** Two comparisons, one in a folder of its own and with a report and a replay. */
  const several = () => {
    const folder = mkdtempSync(join(root, 'several-'));
    const group = join(folder, 'group/<b>old');
    for (const [at, name, startedAt] of [
      [group, 'old', '2026-01-02T03:04:05.678Z'],
      [join(folder, 'new'), 'new', '2026-02-03T04:05:06.789Z'],
    ]) {
      makeComparison(at, {
        tasks: ['walker-walk'],
        agents: ['sac'],
        seeds: 2,
        evaluations: 2,
        manifest: {
          ...madeManifest(name, [record('sac', 0, 'done'), record('sac', 1, 'failed')]),
          startedAt,
        },
      });
    }
    writeFileSync(join(group, 'report.html'), '<title>the report</title>');
    mkdirSync(join(group, 'rollouts'));
    writeFileSync(join(group, 'rollouts/walk.json'), JSON.stringify(recording));
    return folder;
  };
  const episode = { seed: 0, return: 0, steps: 0, model: { arrays: [], options: [] }, qpos: '', rewards: '' };
  const recording = {
    ...{ format: RECORDING_FORMAT, task: 'walker-walk', agent: 'sac', seed: 0, mode: 'exploit' },
    ...{ controlStep: 0.025, model: { xml: '', files: {} } },
    episodes: [{ ...episode, actions: '' }],
  };
  /** Addresses of links, from the page's own folder. */
  const links = (text: string) => [...text.matchAll(/<a href="([^"]+)"/g)].map(([, address]) => address);

  it('lists them, the newest first, with state, date, command and what there is to see', async () => {
    const viewer = await serve(viewSubject([several()]));
    expect((await ask(viewer, '/')).text).toContain('src="/scripts/comparison.js"');
    const { text } = await ask(viewer, '/comparison');
    const names = [...text.matchAll(/<th scope="row"[^>]*><a[^>]*>(.*?)<\/a>/g)].map(([, name]) =>
      name.replace(/<[^>]+>/g, ''),
    );
    expect(names).toEqual(['new', 'group/&lt;b&gt;old']);
    expect(text).toContain('2026-01-02 03:04');
    expect(text).toContain('1 of 2');
    expect(text).toMatch(/<code class="command">[^<]*harness/);
    expect(links(text).map((address) => address.replace(/[0-9a-f]{16}/g, 'ID'))).toEqual([
      ...['at/ID/', 'at/ID/', 'at/ID/report.html', 'at/ID/replay/ID'],
    ]);
  });

  it('leads to every one, with its curves, report and replays, and back', async () => {
    const viewer = await serve(viewSubject([several()]));
    const [, page, report, replay] = links((await ask(viewer, '/comparison')).text);
    expect(links((await ask(viewer, `/${page}`)).text)).toContain('../../');
    const { text } = await ask(viewer, `/${page}comparison`);
    expect(text).toContain('Learning curves on walker-walk');
    expect(links(text)).toEqual(['report.html', replay.slice(page.length)]);
    expect((await ask(viewer, `/${report}`)).text).toContain('the report');
    const film = await ask(viewer, `/${replay}`);
    const [, data] = /data-recording="([^"]+)"/.exec(film.text) ?? [];
    const { pathname } = new URL(data, `${viewer.address}${replay}`);
    expect(JSON.parse((await ask(viewer, pathname)).text)).toEqual(recording);
  });

  it('knows no address but those of its list', async () => {
    const viewer = await serve(viewSubject([several()]));
    const json = { 'content-type': 'application/json' };
    for (const path of ['/at/0123456789abcdef/', '/at/..%2f/', '/at/', '/report.html', '/new/'])
      expect((await ask(viewer, path)).status, path).toBe(404);
    expect((await ask(viewer, '/recordings', json, 'POST', '{}')).status).toBe(405);
    const [page] = links((await ask(viewer, '/comparison')).text);
    expect((await ask(viewer, `/${page}recordings`, json, 'POST', '{}')).status).toBe(404);
  });

  it('is shown alone, and by default of results', async () => {
    const folder = several();
    writeFileSync(join(root, 'one.json'), JSON.stringify(recording));
    expect(() => viewSubject([folder, join(root, 'one.json')])).toThrow(
      'view shows a folder of comparisons alone, without FILE.json',
    );
    const { code, stderr } = await command(mkdtempSync(join(root, 'empty-')), 'view');
    expect([code, stderr]).toEqual([2, 'harness: cannot find results\n']);
  });
});

describe('harness view, wrongly used', () => {
  it('says in one line what is wrong, with exit code 2', async () => {
    mkdirSync(join(root, 'wrong'));
    writeFileSync(join(root, 'wrong/notes.txt'), 'nothing of ours');
    writeFileSync(join(root, 'not-json.json'), 'x');
    const viewer = await serve({ directory: made('taken') });
    const taken = new URL(viewer.address).port;
    const cases: [string[], RegExp][] = [
      [['nowhere'], /^harness: cannot find nowhere\n$/],
      [['wrong'], /^harness: .*wrong holds no comparison .*\n$/],
      [['not-json.json'], /^harness: .*not-json\.json is no rollout .*: it is not JSON\n$/],
      [['taken', '--port', taken], new RegExp(`^harness: port ${taken} of 127.0.0.1 is in use; .*\n$`)],
      [['taken', '--port', '70000'], /^harness: --port must lie between 0 and .*\n$/],
      [['taken', '--host', '203.0.113.7'], /^harness: this machine has no address '203.0.113.7'\n$/],
    ];
    for (const [words, line] of cases) {
      const { code, stderr } = await command(root, 'view', ...words);
      expect(stderr).toMatch(line);
      expect(code).toBe(2);
    }
  });
});
