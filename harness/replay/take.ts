/** A rollout that is recorded to be seen: as a file to replay, or as a page. */
import { ControlEnvironment, loadMuJoCo } from '../../envs/index.ts';
import type { Player } from '../run/player.ts';
import { UserError } from '../text/errors.ts';
import type { FilmFacts } from './film.ts';
import { filmPage } from './film-page.ts';
import { recordedModel } from './recorded-model.ts';
import { RECORDING_FORMAT, Recorder, type Recording } from './recording.ts';
import { SimulatedFilm } from './simulated-film.ts';
import { cameraNamed, filmVideo } from './video.ts';
import type { VideoStyle } from './video-order.ts';

export interface Take {
  /** Called at every step. */
  readonly recorder: Recorder;
  /** What has been recorded. */
  recording(): Recording;
}

/**
 * Gets ready to record what a player plays next.
 * @throws UserError for a task without a MuJoCo model
 */
export async function beginTake(
  { parts: { environment, job }, trainedSteps }: Player,
  { seed, mode }: Pick<FilmFacts, 'seed' | 'mode'>,
): Promise<Take> {
  if (!(environment instanceof ControlEnvironment)) {
    throw new UserError(`${environment.task} has no MuJoCo model to draw; --out FILE.csv writes its steps`);
  }
  const recorder = new Recorder(environment.physics);
  const model = await recordedModel(job.task);
  const { controlStep } = environment;
  const recording = (): Recording => ({
    format: RECORDING_FORMAT,
    task: job.identity.task,
    agent: job.identity.agent,
    ...(trainedSteps > 0 && { trainedSteps }),
    seed,
    mode,
    controlStep,
    model,
    episodes: recorder.episodes,
  });
  return { recorder, recording };
}

/**
 * A recording as the bytes of a video file.
 * @param program a browser of the Chromium family
 * @param told called with the number of pictures drawn and of all
 * @throws UserError for a camera that the model has not, or a film that is too long; BrowserError if the browser fails
 */
export async function recordingVideo(
  recording: Recording,
  style: VideoStyle,
  program: string,
  told?: (drawn: number, all: number) => void,
): Promise<Uint8Array> {
  const film = new SimulatedFilm(await loadMuJoCo(), recording);
  try {
    const camera = cameraNamed(film.shot(0).scene, style.camera);
    return await filmVideo(film, { ...style, camera }, program, told);
  } finally {
    film.dispose();
  }
}

/** A recording as one HTML file. */
export async function recordingPage(recording: Recording): Promise<string> {
  const film = new SimulatedFilm(await loadMuJoCo(), recording);
  try {
    return await filmPage(film);
  } finally {
    film.dispose();
  }
}
