/** A recording as a film: MuJoCo computes from the recorded positions where every shape is. */
import { decodeFloat64, decodeUint8 } from '../../envs/encoding.ts';
import type { ModelSource } from '../../envs/model-source.ts';
import type { MuJoCo } from '../../envs/mujoco.ts';
import { Physics } from '../../envs/physics.ts';
import type { Film, FilmFacts, Shot } from './film.ts';
import type { RecordedEpisode, RecordedModel, Recording } from './recording.ts';
import { SceneReader } from './scene.ts';

export class SimulatedFilm implements Film {
  readonly facts: FilmFacts;
  private readonly physics: Physics;

  /** @throws ModelError if MuJoCo does not compile the recorded model */
  constructor(
    private readonly mujoco: MuJoCo,
    private readonly recording: Recording,
  ) {
    const { task, agent, trainedSteps, seed, mode, controlStep, model } = recording;
    this.facts = { task, agent, trainedSteps, seed, mode, controlStep };
    this.physics = Physics.compile(mujoco, { path: 'model.xml', ...model }, recordedFiles(model));
  }

  get episodes(): number {
    return this.recording.episodes.length;
  }

  /** @throws StateError if the episode is of another model */
  shot(episode: number): Shot {
    const recorded = this.recording.episodes[episode];
    const { physics } = this;
    physics.modelMemory.restore(recorded.model);
    const frames = recorded.steps + 1;
    const states = this.states(recorded);
    this.show(states, 0);
    const reader = new SceneReader(physics);
    return {
      scene: reader.scene,
      frames,
      rewards: decodeFloat64(recorded.rewards),
      pose: (frame, pose) => {
        this.show(states, frame);
        reader.read(pose);
      },
    };
  }

  private states({ qpos, mocap, steps }: RecordedEpisode) {
    const states = {
      qpos: decodeFloat64(qpos),
      mocap: mocap === undefined ? undefined : decodeFloat64(mocap),
    };
    const { qpos: own, mjModel } = this.physics;
    const fits = states.qpos.length === (steps + 1) * own.length;
    if (!fits || (states.mocap?.length ?? 0) !== (steps + 1) * mjModel.nmocap * 7) {
      throw new Error('the recorded positions do not fit the recorded model');
    }
    return states;
  }

  /** The position stage alone: where things are, without contacts, forces and sensors. */
  private show({ qpos, mocap }: { qpos: Float64Array; mocap?: Float64Array }, frame: number): void {
    const { module } = this.mujoco;
    const { mjModel, mjData, qpos: own } = this.physics;
    own.set(qpos.subarray(frame * own.length, (frame + 1) * own.length));
    if (mocap !== undefined) {
      const size = 7 * mjModel.nmocap;
      const now = mocap.subarray(frame * size, (frame + 1) * size);
      mjData.mocap_pos.set(now.subarray(0, 3 * mjModel.nmocap));
      mjData.mocap_quat.set(now.subarray(3 * mjModel.nmocap));
    }
    module.mj_kinematics(mjModel, mjData);
    module.mj_comPos(mjModel, mjData);
    module.mj_camlight(mjModel, mjData);
    module.mj_tendon(mjModel, mjData);
  }

  dispose(): void {
    this.physics.dispose();
  }
}

/** Reads the files of a recording, and no others. */
function recordedFiles({ files, binary = {}, folder }: RecordedModel): ModelSource {
  const read = (file: string) => {
    if (Object.hasOwn(files, file)) return files[file];
    if (Object.hasOwn(binary, file)) return decodeUint8(binary[file]);
    throw new Error(`the recording has no file '${file}'`);
  };
  return Object.assign(read, { folder });
}
