/**
 * A small picture of every task for docs/environments.md, as the replay shows it in headless Chromium.
 *
 *     npm run build && npx jiti bench/task-pictures.ts docs/pictures/tasks [TASK...]
 *
 * Chromium is /usr/bin/chromium unless CHROMIUM says otherwise; WebGL is drawn in software.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { loadMuJoCo, makeEnvironment, taskNames } from '../envs/index.ts';
import { packagedModels } from '../harness/plugins/assets.ts';
import { filmPage } from '../harness/replay/film-page.ts';
import { recordedModel } from '../harness/replay/recorded-model.ts';
import { RECORDING_FORMAT, Recorder } from '../harness/replay/recording.ts';
import { SimulatedFilm } from '../harness/replay/simulated-film.ts';

/** CSS px; each is drawn as two. */
const SIZE = { width: 240, height: 180 };
const QUALITY = 82;

interface Look {
  /** Of the reset. */
  readonly seed?: number;
  /** The model's own pose instead of the one that the reset drew. */
  readonly ownPose?: boolean;
  /** Positions of joints (rad, m, quaternions) after that. */
  readonly joints?: Readonly<Record<string, readonly number[]>>;
  readonly camera?: string;
}

const onItsFeet: Look = { ownPose: true, camera: 'y' };

/** Where a reset by itself does not show well what the task is about; by task, else by domain. */
const looks: Readonly<Record<string, Look>> = {
  acrobot: { camera: 'lookat' },
  cheetah: { ownPose: true },
  fish: { seed: 3, camera: 'tracking_y' },
  hopper: { ownPose: true, joints: { hip: [-0.5], knee: [1], ankle: [-0.4] } },
  humanoid: { ownPose: true, camera: 'side' },
  quadruped: onItsFeet,
  'quadruped-fetch': { ...onItsFeet, joints: { ball_root: [-1.4, 0.6, 0.15, 1, 0, 0, 0] } },
  swimmer: { seed: 2 },
  walker: {
    ownPose: true,
    joints: { right_hip: [0.5], right_knee: [-0.5], left_hip: [-0.2], left_knee: [-0.5], left_ankle: [0.3] },
  },
};

async function page(task: string): Promise<{ html: string; look: Look }> {
  const look = looks[task] ?? looks[task.split('-')[0]] ?? {};
  const environment = await makeEnvironment(task, { models: packagedModels });
  const { physics, controlStep } = environment;
  const seed = look.seed ?? 0;
  environment.reset(seed);
  if (look.ownPose) physics.qpos.set(physics.mjModel.qpos0);
  for (const [joint, position] of Object.entries(look.joints ?? {}))
    physics.data('qpos', joint).set(position);
  const recorder = new Recorder(physics);
  recorder.begin(seed);
  recorder.end();
  environment.dispose();
  const facts = { task, agent: 'start', seed, mode: 'exploit', controlStep } as const;
  const recording = {
    format: RECORDING_FORMAT,
    ...facts,
    model: await recordedModel({ name: task }),
    episodes: recorder.episodes,
  } as const;
  const film = new SimulatedFilm(await loadMuJoCo(), recording);
  try {
    return { html: filmPage(film), look };
  } finally {
    film.dispose();
  }
}

async function picture(browser: Browser, task: string, folder: string, out: string): Promise<void> {
  const { html, look } = await page(task);
  const file = join(folder, `${task}.html`);
  writeFileSync(file, html);
  const tab = await browser.newPage({ viewport: SIZE, deviceScaleFactor: 2 });
  const camera = look.camera === undefined ? '' : `&camera=${look.camera}`;
  await tab.goto(`${pathToFileURL(file).href}#bare&paused${camera}`);
  await tab.waitForSelector('#player[data-ready]');
  await tab.screenshot({ path: join(out, `${task}.jpg`), type: 'jpeg', quality: QUALITY });
  await tab.close();
}

const [out, ...wanted] = process.argv.slice(2);
if (out === undefined) throw new Error('usage: task-pictures.ts FOLDER [TASK...]');
mkdirSync(out, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
const args = ['--headless', '--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [...args, '--no-first-run', '--disable-background-networking'],
});
try {
  for (const task of wanted.length > 0 ? wanted : taskNames()) await picture(browser, task, folder, out);
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
