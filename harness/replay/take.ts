/** A rollout that is recorded to be seen: as a file to replay, or as a page. */
import { ControlEnvironment, loadMuJoCo } from '../../envs/index.ts';
import type { Player } from '../run/player.ts';
import { UserError } from '../text/errors.ts';
import type { FilmFacts } from './film.ts';
import { filmPage } from './film-page.ts';
import { recordedModel } from './recorded-model.ts';
import { RECORDING_FORMAT, Recorder, type Recording } from './recording.ts';
import { SimulatedFilm } from './simulated-film.ts';

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

/** A recording as one HTML file. */
export async function recordingPage(recording: Recording): Promise<string> {
  const film = new SimulatedFilm(await loadMuJoCo(), recording);
  try {
    return await filmPage(film);
  } finally {
    film.dispose();
  }
}
