/** Entry of the page that a browser without a window opens: draws every picture of a film, encodes them, sends the file back. */
import { applyPalette, GIFEncoder, quantize } from 'gifenc';
import {
  BufferTarget,
  CanvasSource,
  getFirstEncodableVideoCodec,
  Mp4OutputFormat,
  Output,
  Quality,
  WebMOutputFormat,
} from 'mediabunny';
import { EmbeddedFilm } from '../embedded-film.ts';
import type { Film } from '../film.ts';
import { poseSize } from '../scene.ts';
import { framesShown, gifDelay, type VideoOrder } from '../video-order.ts';
import { Painter } from './painter.ts';
import { Viewpoint } from './viewpoint.ts';

/** Takes pictures as the canvas shows them. */
interface Encoder {
  add(): Promise<void>;
  finish(): Promise<Uint8Array<ArrayBuffer>>;
}

/** Pictures between two words on how far it is. */
const WORD_EVERY = 25;

const say = (what: string, body: BodyInit) => fetch(what, { method: 'POST', body });

async function shoot(): Promise<Uint8Array<ArrayBuffer>> {
  const order = JSON.parse(document.body.dataset.order ?? '') as VideoOrder;
  const film = new EmbeddedFilm(await (await fetch('film.json')).json());
  const canvas = document.createElement('canvas');
  document.body.append(canvas);
  const painter = new Painter(canvas);
  const viewpoint = new Viewpoint(painter.camera, canvas, () => {});
  const encoder = order.format === 'gif' ? gifEncoder(canvas, order) : await videoEncoder(canvas, order);
  let drawn = 0;
  for (const draw of pictures(film, order, painter, viewpoint)) {
    draw();
    await encoder.add();
    if (++drawn % WORD_EVERY === 1) await say('drawn', String(drawn));
  }
  return encoder.finish();
}

/** What draws the pictures, one after another. */
function* pictures(
  film: Film,
  order: VideoOrder,
  painter: Painter,
  viewpoint: Viewpoint,
): Generator<() => void> {
  const { width, height, camera } = order;
  for (let episode = 0; episode < film.episodes; episode++) {
    const shot = film.shot(episode);
    const pose = new Float64Array(poseSize(shot.scene));
    painter.setScene(shot.scene);
    viewpoint.setScene(shot.scene);
    shot.pose(0, pose);
    const { reach, distance } = viewpoint.choose(camera, pose);
    painter.light(reach, distance);
    painter.fit(width, height, viewpoint.fieldOfView);
    for (const frame of framesShown(shot.frames, film.facts.controlStep, order)) {
      yield () => {
        shot.pose(frame, pose);
        viewpoint.follow(pose);
        painter.place(pose);
        painter.draw();
      };
    }
  }
}

/** H.264 where the browser has it: what plays everywhere. */
async function videoEncoder(
  canvas: HTMLCanvasElement,
  { format, width, height, fps }: VideoOrder,
): Promise<Encoder> {
  const quality = new Quality('high');
  const container = format === 'mp4' ? new Mp4OutputFormat() : new WebMOutputFormat();
  const codecs = format === 'mp4' ? (['avc', 'av1', 'vp9'] as const) : (['vp9', 'av1', 'vp8'] as const);
  const codec = await getFirstEncodableVideoCodec([...codecs], { width, height, quality });
  if (codec === null)
    throw new Error(`the browser encodes no ${codecs.join(', ')} at ${width}x${height} pixels`);
  const target = new BufferTarget();
  const output = new Output({ format: container, target });
  const source = new CanvasSource(canvas, { codec, quality });
  output.addVideoTrack(source, { frameRate: fps });
  let count = 0;
  return {
    async add() {
      if (count === 0) await output.start();
      await source.add(count++ / fps, 1 / fps);
    },
    async finish() {
      await output.finalize();
      if (target.buffer === null) throw new Error('the encoder gave nothing');
      return new Uint8Array(target.buffer);
    },
  };
}

function gifEncoder(canvas: HTMLCanvasElement, { width, height, fps }: VideoOrder): Encoder {
  const gif = GIFEncoder();
  const flat = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (flat === null) throw new Error('the browser draws no pictures');
  let count = 0;
  return {
    async add() {
      flat.drawImage(canvas, 0, 0, width, height);
      const { data } = flat.getImageData(0, 0, width, height);
      const palette = quantize(data, 256);
      gif.writeFrame(applyPalette(data, palette), width, height, {
        palette,
        delay: gifDelay(count++, fps),
      });
    },
    async finish() {
      gif.finish();
      return gif.bytes();
    },
  };
}

shoot().then(
  (file) => say('video', file),
  (error: unknown) => say('fault', error instanceof Error ? error.message : String(error)),
);
