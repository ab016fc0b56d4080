import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeFloat64 } from '../../../envs/encoding.ts';
import { type ControlEnvironment, loadMuJoCo, makeEnvironment } from '../../../envs/index.ts';
import { packagedModels } from '../../../harness/plugins/assets.ts';
import { loadTask } from '../../../harness/plugins/load-task.ts';
import { EmbeddedFilm, embedFilm } from '../../../harness/replay/embedded-film.ts';
import { returnsUntil, rewardRange } from '../../../harness/replay/film.ts';
import { recordedModel } from '../../../harness/replay/recorded-model.ts';
import {
  RECORDING_FORMAT,
  Recorder,
  type Recording,
  recordingFault,
} from '../../../harness/replay/recording.ts';
import { cameraStart, POSE, poseSize } from '../../../harness/replay/scene.ts';
import { SimulatedFilm } from '../../../harness/replay/simulated-film.ts';
import { png } from '../../envs/png.ts';

interface Seen {
  readonly geoms: Float64Array;
  readonly camera: Float64Array;
  readonly cord: Float64Array;
}

/** Plays two short episodes: the recording as it comes back from a file, and MuJoCo's own arrays at each step. */
async function recorded(task: string, steps: number): Promise<{ recording: Recording; seen: Seen[][] }> {
  const environment = await makeEnvironment(task, { models: packagedModels });
  const recorder = new Recorder(environment.physics);
  const seen = [7, 8].map((seed) => {
    environment.reset(seed);
    recorder.begin(seed);
    const frames = [arraysOf(environment)];
    for (let step = 0; step < steps; step++) {
      const action = Float64Array.from(
        { length: environment.actionSpec.size },
        (_, i) => 0.7 * Math.sin(step + i),
      );
      recorder.step(action, environment.step(action).reward);
      frames.push(arraysOf(environment));
    }
    recorder.end();
    return frames;
  });
  const recording = {
    format: RECORDING_FORMAT,
    task,
    agent: 'waves',
    seed: 0,
    mode: 'exploit',
    controlStep: environment.controlStep,
    model: await recordedModel({ name: task }),
    episodes: recorder.episodes,
  } as const;
  environment.dispose();
  return { recording: JSON.parse(JSON.stringify(recording)) as Recording, seen };
}

const arraysOf = ({ physics: { mjData } }: ControlEnvironment): Seen => ({
  geoms: Float64Array.from(mjData.geom_xpos),
  camera: Float64Array.from(mjData.cam_xpos.subarray(0, 3)),
  cord: Float64Array.from(mjData.wrap_xpos),
});

/** The largest distance along an axis between numbers of a pose and of MuJoCo's arrays. */
const apart = (pose: Float64Array, at: number, real: Float64Array, from = 0, count = 3) =>
  Math.max(...Array.from({ length: count }, (_, i) => Math.abs(pose[at + i] - real[from + i])));

describe.each([
  // The model's geoms that are not drawn: those of a group above 2 or without colour.
  { task: 'fish-swim', hidden: 'torso_massive' },
  { task: 'quadruped-escape', hidden: undefined },
  { task: 'ball_in_cup-catch', hidden: undefined },
])('a replay of $task', ({ task, hidden }) => {
  it('has every shape where the simulation had it, in both episodes', async () => {
    const { recording, seen } = await recorded(task, 12);
    expect(recordingFault(recording)).toBeUndefined();
    const mujoco = await loadMuJoCo();
    const film = new SimulatedFilm(mujoco, recording);
    const embedded = new EmbeddedFilm(embedFilm(film));
    const environment = await makeEnvironment(task, { models: packagedModels });
    const skipped = hidden === undefined ? -1 : environment.physics.id('geom', hidden);
    environment.dispose();
    for (const [episode, frames] of seen.entries()) {
      const exact = film.shot(episode);
      const rounded = embedded.shot(episode);
      expect(exact.frames).toBe(13);
      expect(rounded.scene).toEqual(exact.scene);
      const pose = new Float64Array(poseSize(exact.scene));
      const roundedPose = new Float64Array(pose.length);
      for (const [frame, real] of frames.entries()) {
        exact.pose(frame, pose);
        rounded.pose(frame, roundedPose);
        let shape = 0;
        const worst = { exact: 0, rounded: 0 };
        for (let geom = 0; geom < real.geoms.length / 3; geom++) {
          if (geom === skipped) continue;
          worst.exact = Math.max(worst.exact, apart(pose, POSE * shape, real.geoms, 3 * geom));
          worst.rounded = Math.max(worst.rounded, apart(roundedPose, POSE * shape++, real.geoms, 3 * geom));
        }
        expect(worst.exact).toBeLessThan(1e-12); // unit quaternions may be normalised once more
        expect(worst.rounded).toBeLessThan(0.51e-4);
        expect(apart(pose, cameraStart(exact.scene), real.camera)).toBeLessThan(1e-12);
        const cord = exact.scene.shapes.findIndex(({ kind }) => kind === 'cord');
        expect(cord >= 0).toBe(task.startsWith('ball_in_cup'));
        if (cord >= 0) expect(apart(pose, POSE * cord, real.cord, 0, 6)).toBeLessThan(1e-12);
      }
    }
    film.dispose();
  });
});

describe("a recording of a task in a user's folder", () => {
  const cube = [...'01234567'].map((i) => `v ${[4, 2, 1].map((bit) => (+i & bit ? 0.1 : -0.1)).join(' ')}`);
  const mesh = [...cube, 'f 1 2 4', 'f 1 4 3', 'f 5 7 8', 'f 5 8 6', 'f 1 5 6', 'f 2 4 8'].join('\n');
  const rows = [
    [0, 255],
    [51, 102],
  ];

  it.each([
    ['beside it', 'meshes'],
    ['outside it', '../shared'],
  ])('carries the files that the model uses, %s', async (_, meshdir) => {
    const folder = join(mkdtempSync(join(tmpdir(), 'film-')), 'task');
    for (const inner of ['meshes', '../shared', 'xml']) mkdirSync(join(folder, inner), { recursive: true });
    writeFileSync(join(folder, meshdir, 'hills.png'), png(rows, 1));
    writeFileSync(join(folder, meshdir, 'cube.obj'), mesh);
    writeFileSync(join(folder, 'xml/parts.xml'), '<mujoco><worldbody><geom size=".1"/></worldbody></mujoco>');
    writeFileSync(
      join(folder, 'xml/hills.xml'),
      `<mujoco><compiler meshdir="../${meshdir}"/><include file="parts.xml"/><asset>
      <hfield name="hills" file="hills.png" size="1 1 .5 .1"/><mesh name="cube" file="cube.obj"/></asset>
      <worldbody><geom type="hfield" hfield="hills"/><body><freejoint/><geom type="mesh" mesh="cube" mass="1"/></body></worldbody></mujoco>`,
    );
    const task = join(folder, 'task.mjs');
    writeFileSync(
      task,
      `import { defineTask } from 'rfm-harness';
      export default defineTask('hills-any', { model: (asset) => asset('xml/hills.xml'), timeLimit: 1,
        observe(physics, observation) { observation.add('place', physics.qpos); }, reward: () => 0 });`,
    );
    const environment = (await (await loadTask({ name: 'hills-any', file: task }))()) as ControlEnvironment;
    const recorder = new Recorder(environment.physics);
    environment.reset(0);
    recorder.begin(0);
    recorder.step([], environment.step([]).reward);
    recorder.end();
    const recording = {
      format: RECORDING_FORMAT,
      ...{ task: 'hills-any', agent: 'none', seed: 0, mode: 'exploit', controlStep: environment.controlStep },
      model: await recordedModel({ name: 'hills-any', file: task }),
      episodes: recorder.episodes,
    } as const;
    environment.dispose();
    const text = JSON.stringify(recording);
    rmSync(dirname(folder), { recursive: true });
    const film = new SimulatedFilm(await loadMuJoCo(), JSON.parse(text) as Recording);
    const { shapes } = film.shot(0).scene;
    expect(shapes.map(({ kind }) => kind)).toEqual(['sphere', 'hfield', 'mesh']);
    const vertices = decodeFloat64(shapes[1].surface?.vertices ?? '');
    // Rows of a picture run from the top, those of a height field from the bottom.
    expect([2, 5, 8, 11].map((z) => vertices[z])).toEqual(
      [0.1, 0.2, 0, 0.5].map((z) => expect.closeTo(z, 7)),
    );
    film.dispose();
  });
});

describe('the texture of a shape', () => {
  /** Width and height of the picture on a box. */
  async function sizeOf(texture: string): Promise<unknown> {
    const xml = `<mujoco><asset><texture name="t" builtin="gradient" rgb1="1 0 0" rgb2="0 0 1" ${texture}/>
      <material name="m" texture="t"/></asset><worldbody><geom type="box" size="1 1 1" material="m"/></worldbody></mujoco>`;
    const nothing = { qpos: '', rewards: '', actions: '' };
    const film = new SimulatedFilm(await loadMuJoCo(), {
      format: RECORDING_FORMAT,
      ...{ task: 't', agent: 'a', seed: 0, mode: 'exploit', controlStep: 1, model: { xml, files: {} } },
      episodes: [{ seed: 0, return: 0, steps: 0, model: { arrays: [], options: [] }, ...nothing }],
    });
    const [{ texture: picture }] = film.shot(0).scene.shapes;
    film.dispose();
    return [picture?.width, picture?.height];
  }

  it('is whole if it is flat, and the first face of a cube', async () => {
    expect(await sizeOf('type="2d" width="4" height="10"')).toEqual([4, 10]);
    expect(await sizeOf('type="cube" width="4" height="4"')).toEqual([4, 4]);
  });
});

describe('the rewards of a film', () => {
  it('are summed and drawn however many there are', () => {
    const rewards = new Float64Array(300_000).fill(0.5);
    rewards[7] = -2;
    expect(returnsUntil(rewards).at(-1)).toBe(149_997.5);
    expect(rewardRange(rewards)).toEqual([-2, 1]);
  });
});

describe('a recording', () => {
  it('of another kind, damaged or torn is told apart', async () => {
    const { recording } = await recorded('cartpole-balance', 3);
    expect(recordingFault(null)).toBe('it is not an object');
    expect(recordingFault({ ...recording, format: 'x' })).toMatch(/format/);
    expect(recordingFault({ ...recording, model: undefined })).toBe('it has no model');
    expect(recordingFault({ ...recording, episodes: [] })).toBe('it has no episodes');
    const [first, second] = recording.episodes;
    const torn = { ...second, qpos: second.qpos.slice(0, -12) };
    expect(recordingFault({ ...recording, episodes: [first, torn] })).toBe('its episode 1 is damaged');
  });

  it('whose positions are of another model is refused', async () => {
    const [walker, cartpole] = [await recorded('walker-walk', 2), await recorded('cartpole-balance', 2)];
    const mixed = { ...walker.recording, episodes: cartpole.recording.episodes };
    const film = new SimulatedFilm(await loadMuJoCo(), mixed);
    expect(() => film.shot(0)).toThrow(/do not fit/);
    film.dispose();
  });
});
