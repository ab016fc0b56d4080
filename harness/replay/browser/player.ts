/** Plays a film: the picture, and below it play, scrub, speed, episode and camera. Works by keyboard too. */
import { type Film, returnsUntil, rewardRange, type Shot } from '../film.ts';
import { poseSize } from '../scene.ts';
import { Painter } from './painter.ts';
import { Viewpoint } from './viewpoint.ts';

/** How a player begins; in an address `#episode=1&frame=20&camera=side&paused&bare`. */
export interface Beginning {
  readonly episode?: number;
  readonly frame?: number;
  /** Name of a camera of the model. */
  readonly camera?: string;
  readonly paused?: boolean;
  /** The picture alone. */
  readonly bare?: boolean;
}

export function beginningOf(hash: string): Beginning {
  const words = new URLSearchParams(hash.replace(/^#/, ''));
  const count = (name: string) => {
    const value = Number(words.get(name) ?? Number.NaN);
    return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  };
  return {
    episode: count('episode'),
    frame: count('frame'),
    camera: words.get('camera') ?? undefined,
    paused: words.has('paused'),
    bare: words.has('bare'),
  };
}

const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4];

export class Player {
  private readonly canvas = element('canvas', { tabIndex: 0 });
  private readonly play = element('button', { type: 'button', className: 'play' });
  private readonly scrub = element('input', { type: 'range', min: '0', step: '1' });
  private readonly readout = element('output', { className: 'readout' });
  private readonly rewards = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  private readonly speed = select(
    'Speed',
    SPEEDS.map((value) => [String(value), `${value}×`]),
    '1',
  );
  private readonly episode: HTMLSelectElement;
  private readonly view = select('Camera', []);
  private readonly painter: Painter;
  private readonly viewpoint: Viewpoint;
  private shot!: Shot;
  private pose = new Float64Array();
  private sums = new Float64Array();
  /** What the light is made for. */
  private lit = { reach: 1, distance: 1 };
  /** Seconds of simulated time since the episode began. */
  private time = 0;
  private frame = 0;
  private playing = false;
  private lastTick: number | undefined;

  /** @throws Error where the browser has no WebGL */
  constructor(
    private readonly root: HTMLElement,
    private film: Film,
    beginning: Beginning = {},
  ) {
    const { episodes } = film;
    this.name();
    this.canvas.setAttribute('role', 'img');
    this.painter = new Painter(this.canvas);
    this.viewpoint = new Viewpoint(this.painter.camera, this.canvas, () => this.painter.draw());
    this.scrub.setAttribute('aria-label', 'Control step');
    this.rewards.setAttribute('class', 'rewards');
    this.rewards.setAttribute('preserveAspectRatio', 'none');
    this.rewards.setAttribute('role', 'img');
    this.episode = select(
      'Episode',
      episodeNames(episodes),
      String(Math.min(beginning.episode ?? 0, episodes - 1)),
    );
    this.build(beginning.bare ?? false);
    this.listen();
    this.open(Number(this.episode.value), beginning);
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (!beginning.paused && !still) this.setPlaying(true);
    else this.setPlaying(false);
    root.dataset.ready = 'true';
  }

  /**
   * Shows another film, and plays it from its beginning if the one before was played, or had come to its end. Where it is of
   * the same task, the view stays, and the step at which the reader has paused.
   * @throws Error if it cannot be shown; then the one before stays
   */
  replace(film: Film): void {
    const ended = this.frame === this.shot.frames - 1;
    const plays = this.playing || (ended && !matchMedia('(prefers-reduced-motion: reduce)').matches);
    const alike = film.facts.task === this.film.facts.task;
    const shot = film.shot(0);
    this.film = film;
    this.name();
    fill(this.episode, episodeNames(film.episodes));
    this.show(shot, { frame: alike && !plays && !ended ? this.frame : 0 }, alike);
    this.setPlaying(plays);
  }

  private name(): void {
    const { agent, task } = this.film.facts;
    this.canvas.setAttribute('aria-label', `${agent} on ${task}; drag to turn, wheel to zoom`);
  }

  private build(bare: boolean): void {
    const stage = element('div', { className: 'stage' });
    stage.append(this.canvas);
    this.root.classList.add('player');
    this.root.classList.toggle('bare', bare);
    const track = element('div', { className: 'track' });
    track.append(this.rewards, this.scrub);
    const row = element('div', { className: 'controls' });
    row.append(this.play, ...[this.speed, this.episode, this.view].map(labelled), this.readout);
    this.root.replaceChildren(stage, track, row);
    const fit = () => {
      const { clientWidth, clientHeight } = stage;
      this.painter.fit(clientWidth, clientHeight, this.viewpoint.fieldOfView);
      this.painter.draw();
    };
    new ResizeObserver(fit).observe(stage);
  }

  private listen(): void {
    this.play.addEventListener('click', () => this.setPlaying(!this.playing));
    this.canvas.addEventListener('keydown', (event) => {
      if (event.key !== ' ') return;
      event.preventDefault();
      this.setPlaying(!this.playing);
    });
    this.scrub.addEventListener('input', () => {
      this.setPlaying(false);
      this.seek(Number(this.scrub.value));
    });
    this.episode.addEventListener('change', () => this.open(Number(this.episode.value)));
    this.view.addEventListener('change', () => this.look(Number(this.view.value)));
  }

  /** Shows an episode from its beginning, or from a frame of it. */
  private open(episode: number, beginning: Beginning = {}): void {
    this.show(this.film.shot(episode), beginning, false);
  }

  /** @param stays whether it is looked at from where the reader looks now */
  private show(shot: Shot, { frame = 0, camera }: Beginning, stays: boolean): void {
    this.shot = shot;
    const { scene, frames, rewards } = shot;
    this.pose = new Float64Array(poseSize(scene));
    this.sums = returnsUntil(rewards);
    this.scrub.max = String(frames - 1);
    drawRewards(this.rewards, rewards);
    const before = Number(this.view.value);
    const names = scene.cameras.map(({ name }, i): [string, string] => [String(i), name]);
    fill(this.view, names.length > 0 ? names : [['0', 'free']]);
    const named = scene.cameras.findIndex(({ name }) => name === camera);
    const chosen = named >= 0 ? named : before < scene.cameras.length ? before : 0;
    this.view.value = String(chosen);
    this.painter.setScene(scene);
    this.viewpoint.setScene(scene);
    const first = Math.min(frame, frames - 1);
    shot.pose(first, this.pose);
    if (stays) this.painter.light(this.lit.reach, this.lit.distance);
    else this.look(chosen);
    this.seek(first);
  }

  private look(camera: number): void {
    this.lit = this.viewpoint.choose(camera, this.pose);
    this.painter.light(this.lit.reach, this.lit.distance);
    const { clientWidth, clientHeight } = this.canvas;
    this.painter.fit(clientWidth, clientHeight, this.viewpoint.fieldOfView);
    this.painter.place(this.pose);
    this.painter.draw();
  }

  /** Shows a frame. */
  private seek(frame: number): void {
    this.time = frame * this.film.facts.controlStep;
    this.showFrame(frame);
  }

  private showFrame(frame: number): void {
    this.frame = frame;
    this.shot.pose(frame, this.pose);
    this.viewpoint.follow(this.pose);
    this.painter.place(this.pose);
    this.painter.draw();
    this.scrub.value = String(frame);
    const reward = frame === 0 ? '' : `, reward ${this.shot.rewards[frame - 1].toFixed(3)}`;
    const text = `step ${frame} of ${this.shot.frames - 1}, ${this.time.toFixed(2)} s, return ${this.sums[frame].toFixed(1)}${reward}`;
    this.readout.textContent = text;
    this.scrub.setAttribute('aria-valuetext', text);
  }

  private setPlaying(playing: boolean): void {
    const last = this.shot.frames - 1;
    if (playing && this.frame === last) this.seek(0);
    const began = playing && !this.playing;
    this.playing = playing;
    this.play.textContent = playing ? 'Pause' : 'Play';
    this.lastTick = undefined;
    if (began) requestAnimationFrame((now) => this.tick(now));
  }

  private tick(now: number): void {
    if (!this.playing) return;
    const { controlStep } = this.film.facts;
    const last = this.shot.frames - 1;
    const passed = this.lastTick === undefined ? 0 : Math.min(0.25, (now - this.lastTick) / 1000);
    this.lastTick = now;
    this.time = Math.min(this.time + passed * Number(this.speed.value), last * controlStep);
    const frame = Math.min(last, Math.floor(this.time / controlStep + 1e-6));
    if (frame !== this.frame) this.showFrame(frame);
    if (frame === last) this.setPlaying(false);
    else requestAnimationFrame((then) => this.tick(then));
  }
}

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(name), properties);
}

function select(label: string, options: readonly [string, string][], value?: string): HTMLSelectElement {
  const made = element('select');
  made.setAttribute('aria-label', label);
  fill(made, options);
  if (value !== undefined) made.value = value;
  return made;
}

function fill(list: HTMLSelectElement, options: readonly [string, string][]): void {
  list.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
}

const episodeNames = (count: number): [string, string][] =>
  Array.from({ length: count }, (_, i) => [String(i), `${i + 1} of ${count}`]);

function labelled(list: HTMLSelectElement): HTMLElement {
  const label = element('label');
  label.append(element('span', { textContent: list.getAttribute('aria-label') ?? '' }), list);
  return label;
}

/** The rewards of an episode as a line over its steps. */
function drawRewards(svg: SVGSVGElement, rewards: Float64Array): void {
  const [bottom, top] = rewardRange(rewards);
  const points = Array.from(
    rewards,
    (reward, i) => `${i + 1},${((top - reward) / (top - bottom)).toFixed(4)}`,
  );
  const line = document.createElementNS(svg.namespaceURI, 'polyline') as SVGPolylineElement;
  line.setAttribute('points', points.join(' '));
  line.setAttribute('vector-effect', 'non-scaling-stroke');
  svg.setAttribute('viewBox', `0 0 ${Math.max(1, rewards.length)} 1`);
  svg.setAttribute('aria-label', `Reward of each control step, from ${bottom} to ${top}`);
  svg.replaceChildren(line);
}
