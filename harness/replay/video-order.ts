/** How a film becomes a video, and the instants of it that are shown: known to the command and to the page that draws. */

export const videoFormats = ['mp4', 'webm', 'gif'] as const;
export type VideoFormat = (typeof videoFormats)[number];

/** Pictures per second. Browsers show a picture of a GIF that asks for less than 20 ms for 100 ms. */
export const MOST_FPS = 120;
export const MOST_FPS_OF_GIF = 50;

export interface VideoStyle {
  readonly format: VideoFormat;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Pictures per second. */
  readonly fps: number;
  /** Seconds of simulated time in a second of the video. */
  readonly speed: number;
  /** Name of a camera of the model, or `free`; by default the model's first. */
  readonly camera?: string;
}

export interface VideoOrder extends Omit<VideoStyle, 'camera'> {
  /** Index of a camera of the model; -1 for a view of the harness's own. */
  readonly camera: number;
}

/**
 * The frames of an episode that are shown one after another, from its first to its last.
 * @param frames of the episode; @param controlStep seconds between two of them
 */
export function framesShown(
  frames: number,
  controlStep: number,
  { fps, speed }: Pick<VideoOrder, 'fps' | 'speed'>,
): number[] {
  const step = speed / fps / controlStep;
  const count = Math.ceil((frames - 1) / step - 1e-9) + 1;
  return Array.from({ length: count }, (_, i) => Math.min(frames - 1, Math.floor(i * step + 1e-6)));
}

/** How long a GIF shows picture i, ms: its clock counts hundredths of a second. */
export const gifDelay = (i: number, fps: number): number =>
  10 * (Math.round((100 * (i + 1)) / fps) - Math.round((100 * i) / fps));
