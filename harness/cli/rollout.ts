/** `harness rollout`: plays an agent and writes down what happened. */
import { dirname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { BackendName } from '../../engine/backends/records.ts';
import type { Recording } from '../replay/recording.ts';
import { MOST_FPS, MOST_FPS_OF_GIF, type VideoStyle, videoFormats } from '../replay/video-order.ts';
import type { PlayOrder } from '../run/player.ts';
import { playedBackendOption } from './backend-option.ts';
import { Exit, exitCodes } from './exit.ts';
import { parseSeconds } from './run-options.ts';

interface RolloutFlags {
  readonly agent?: string;
  readonly task?: string;
  readonly preset?: string;
  readonly backend?: BackendName;
  readonly episodes: string;
  readonly steps: string;
  readonly seed: string;
  readonly stallSeconds: string;
  readonly mode: 'explore' | 'exploit';
  readonly out?: string;
  readonly page?: string;
  readonly video?: string;
  readonly size?: string;
  readonly fps?: string;
  readonly speed?: string;
  readonly camera?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

interface WantedVideo {
  readonly file: string;
  readonly style: VideoStyle;
  /** The browser that makes it. */
  readonly program?: string;
}

export function rolloutCommand(): Command {
  return new Command('rollout')
    .description(
      'play a checkpoint, or a fresh agent, and write every step as CSV, for a replay, as an animated page or a video',
    )
    .argument('[path]', 'a run, or results with a single run; without it --agent and --task')
    .option(
      '--agent <agent>',
      "name or file of an agent to play untrained; or the file of a checkpoint's agent",
    )
    .option(
      '--tasks, --task <task>',
      "name or file of the task for --agent; or the file of a checkpoint's task",
    )
    .option('--preset <name>', 'size of --agent (default: smoke)')
    .addOption(playedBackendOption())
    .option('--episodes <count>', 'episodes to play', '1')
    .option('--steps <count>', 'at most so many control steps per episode', '100k')
    .option('--seed <seed>', 'seed of the episodes', '0')
    .addOption(new Option('--mode <mode>', 'policy').choices(['explore', 'exploit']).default('exploit'))
    .option('--out <file>', "trajectory: FILE.csv with every step, FILE.json for 'harness view'")
    .option('--page <file>', 'one HTML file that shows the rollout in 3-D, without network')
    .option(
      '--video <file>',
      'FILE.mp4, .webm or .gif, drawn by an installed Chromium or Chrome; where there is none, a page',
    )
    .option('--size <pixels>', 'of the video, width x height (default: 640x480)')
    .option('--fps <count>', 'pictures per second of the video, of a GIF at most 50 (default: 25)')
    .option('--speed <factor>', 'of the video: 0.5 takes twice the simulated time (default: 1)')
    .option('--camera <name>', "of the video: a camera of the model, or 'free' (default: the model's first)")
    .option('--force', 'replace --out, --page and --video')
    .option('--stall-seconds <seconds>', "how long a user's agent or task may give no sign of life", '30')
    .option('--json', 'print the returns as JSON')
    .addHelpText(
      'after',
      `
Examples:
  harness rollout results/sac-walker-walk-0 --out walk.csv
  harness rollout --agent random --task cheetah-run --steps 200 --out random.csv
  harness rollout results/sac-walker-walk-0 --page walk.html      a page to send to somebody
  harness rollout results/sac-walker-walk-0 --video walk.mp4 --size 1280x720 --fps 40
  harness rollout results/sac-walker-walk-0 --steps 200 --video walk.gif --size 320x240
  harness rollout results/mine/runs/walker-walk/sac/0 --out results/mine/rollouts/sac.json
  harness rollout --agent ./my-agent.ts --task cartpole-swingup --episodes 3 --json`,
    )
    .action(rollout);
}

async function rollout(path: string | undefined, flags: RolloutFlags): Promise<void> {
  const { parseCount } = await import('../text/quantity.ts');
  const { playRollout } = await import('../replay/play-rollout.ts');
  const { trajectoryCsv } = await import('../replay/rollout.ts');
  const { makeFolder, writeDurably } = await import('../files/durable.ts');
  const episodes = parseCount(flags.episodes, '--episodes', 1, 10_000);
  const steps = parseCount(flags.steps, '--steps', 1, 1e7);
  const seed = parseCount(flags.seed, '--seed', 0, Number.MAX_SAFE_INTEGER);
  const stallSeconds = parseSeconds(flags.stallSeconds, '--stall-seconds');
  const video = await wantedVideo(flags);
  let { page } = flags;
  await checkFiles(flags);
  if (video !== undefined && video.program === undefined) page ??= await pageInsteadOf(video, flags);
  const play = await playOf(path, flags, seed);
  const recorded = page !== undefined || video !== undefined || flags.out?.endsWith('.json') === true;
  const order = { play, episodes, steps, seed, mode: flags.mode, recorded };
  const played = await playRollout(order, stallSeconds);
  const { columns, recording, returns } = played;
  const write = (file: string, content: string | Uint8Array) => {
    makeFolder(dirname(resolve(file)));
    writeDurably(file, content);
  };
  if (flags.out?.endsWith('.json')) write(flags.out, `${JSON.stringify(recording)}\n`);
  else if (flags.out !== undefined) write(flags.out, trajectoryCsv(columns, played.episodes));
  let fault: string | undefined;
  if (video !== undefined && recording !== undefined) {
    const made = await makeVideo(video, recording);
    if (typeof made === 'string') fault = made;
    else write(video.file, made);
    if (fault !== undefined) page ??= await pageInsteadOf(video, flags);
  }
  if (page !== undefined && recording !== undefined) {
    const { recordingPage } = await import('../replay/take.ts');
    write(page, await recordingPage(recording));
  }
  const result = {
    ...play.job.identity,
    seed,
    episodes,
    steps: played.episodes.reduce((sum, rows) => sum + rows.length / columns.length, 0),
    returns,
  };
  if (flags.json) console.log(JSON.stringify(result, null, 2));
  else {
    console.log(
      `${result.agent} on ${result.task}: returns ${result.returns.map((r) => r.toFixed(2)).join(', ')}`,
    );
    if (flags.out !== undefined) console.log(`trajectory: ${flags.out} (${result.steps} steps)`);
    if (page !== undefined) console.log(`page: ${page}`);
    if (video !== undefined && fault === undefined) console.log(`video: ${video.file}`);
  }
  if (fault === undefined) return;
  process.stderr.write(`harness: no video: ${fault}; ${page} shows the rollout\n`);
  throw new Exit(exitCodes.failed);
}

/** @throws UserError for a video that nobody can make */
async function wantedVideo(flags: RolloutFlags): Promise<WantedVideo | undefined> {
  const { UserError } = await import('../text/errors.ts');
  const { parseCount } = await import('../text/quantity.ts');
  const { findChromium } = await import('../replay/headless.ts');
  const { video: file, size = '640x480', fps = '25', speed = '1', camera } = flags;
  if (file === undefined) {
    const stray = (['size', 'fps', 'speed', 'camera'] as const).find((name) => flags[name] !== undefined);
    if (stray !== undefined) throw new UserError(`--${stray} needs --video`);
    return undefined;
  }
  const format = videoFormats.find((name) => file.toLowerCase().endsWith(`.${name}`));
  if (format === undefined)
    throw new UserError(`--video ${file}: expected a name that ends in .mp4, .webm or .gif`);
  const [, width, height] = (/^(\d+)[x×](\d+)$/.exec(size) ?? []).map(Number);
  const isSide = (side: number) => side >= 16 && side <= 4096 && side % 2 === 0;
  if (!isSide(width) || !isSide(height))
    throw new UserError(`--size expects two even numbers from 16 to 4096 such as 640x480, found '${size}'`);
  const factor = Number(speed);
  if (!(factor >= 0.01 && factor <= 100))
    throw new UserError(`--speed must be a number from 0.01 to 100, found '${speed}'`);
  const rate =
    format === 'gif'
      ? parseCount(fps, '--fps of a GIF', 1, MOST_FPS_OF_GIF)
      : parseCount(fps, '--fps', 1, MOST_FPS);
  const style = { format, width, height, fps: rate, speed: factor, camera };
  return { file, style, program: findChromium() };
}

/** The bytes of a video, or why there is none. */
async function makeVideo(
  { style, program }: WantedVideo,
  recording: Recording,
): Promise<Uint8Array | string> {
  if (program === undefined) return 'no Chromium or Chrome is installed (CHROMIUM may name one)';
  const { recordingVideo } = await import('../replay/take.ts');
  const { BrowserError, Interrupted } = await import('../replay/headless.ts');
  const told = (drawn: number, all: number) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${drawn} of ${all} pictures${drawn < all ? '' : '\n'}`);
  };
  try {
    return await recordingVideo(recording, style, program, told);
  } catch (error) {
    if (error instanceof BrowserError) return error.message;
    if (error instanceof Interrupted) throw new Exit(exitCodes.interrupted);
    throw error;
  }
}

/** The page that takes the place of a video: beside it, and under a name that is free, unless --force replaces. */
async function pageInsteadOf({ file }: WantedVideo, { force }: RolloutFlags): Promise<string> {
  const { existsSync } = await import('node:fs');
  const stem = file.replace(/\.\w+$/, '');
  for (let number = 1; ; number++) {
    const page = number === 1 ? `${stem}.html` : `${stem}-${number}.html`;
    if (force || !existsSync(page)) return page;
  }
}

/** @throws UserError for files that exist or have endings that say something else */
async function checkFiles({ out, page, video, force }: RolloutFlags): Promise<void> {
  const { existsSync } = await import('node:fs');
  const { UserError } = await import('../text/errors.ts');
  for (const file of [out, page, video]) {
    if (file !== undefined && existsSync(file) && !force)
      throw new UserError(`${file} exists; --force replaces it`);
  }
  if (out !== undefined && !/\.(csv|json)$/.test(out))
    throw new UserError(`--out ${out}: expected a name that ends in .csv or .json`);
  if (page !== undefined && !/\.html?$/.test(page))
    throw new UserError(`--page ${page}: expected a name that ends in .html`);
}

async function playOf(path: string | undefined, flags: RolloutFlags, seed: number): Promise<PlayOrder> {
  const { UserError } = await import('../text/errors.ts');
  const { playOfCheckpoint } = await import('../run/player.ts');
  const { resolvePlan } = await import('../plan/resolve.ts');
  const { jobsOf } = await import('../plan/plan.ts');
  if (path !== undefined && flags.preset !== undefined)
    throw new UserError(`the checkpoint of ${path} has its own preset: omit --preset`);
  if (path !== undefined) return playOfCheckpoint(path, flags);
  if (flags.agent === undefined || flags.task === undefined) {
    throw new UserError('give a checkpoint, or --agent and --task');
  }
  const { agent, task, preset = 'smoke', backend } = flags;
  const settings = { agents: [agent], tasks: [task], seeds: [seed], preset, backend, evaluationEpisodes: 1 };
  const jobs = jobsOf(await resolvePlan(settings));
  if (jobs.length !== 1) throw new UserError(`rollout plays one task; '${task}' names ${jobs.length}`);
  return { job: jobs[0] };
}
