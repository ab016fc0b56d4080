/** What a checkpoint holds, for scripts. */
import type { Layer } from '../../engine/parameters.ts';
import type { NdArray } from '../../engine/types.ts';
import { UserError } from '../text/errors.ts';
import { CheckpointStore } from './checkpoint.ts';
import type { RunJob } from './job.ts';
import { checkpointFolder } from './player.ts';

/** A run's newest state, without its replay buffer. */
export interface CheckpointContents {
  /** The run that it is of, with the agent's complete config. */
  readonly job: RunJob;
  /** Control steps of training. */
  readonly step: number;
  /** The agent's flat arrays by name, such as `actor/params` [P] or `critic/params` [2, P]. */
  readonly arrays: Readonly<Record<string, NdArray>>;
  /** Where each layer lies in a flat array, by the array's name; absent for arrays without layers. */
  readonly layers: Readonly<Record<string, readonly Layer[]>>;
  /**
   * The layers of one array by their names, copied; with an ensemble of n each is [n, ...shape].
   * @throws UserError for an array without layers
   */
  weights(array: string): Record<string, NdArray>;
}

/**
 * Reads a checkpoint, of which `last.safetensors` is enough; nothing of it is run.
 * @param path a run, its checkpoint, or results with a single run
 * @throws UserError where there is none that can be read
 */
export function readCheckpoint(path: string): CheckpointContents {
  const folder = checkpointFolder(path);
  const { layers, agent, state } = new CheckpointStore(folder).readAgent();
  const { arrays } = agent;
  return {
    job: state.job,
    step: state.step,
    arrays,
    layers,
    weights(array) {
      const flat = arrays[array];
      const own = layers[array];
      if (flat === undefined || own === undefined)
        throw new UserError(
          `${path} names no layers of '${array}'; it does of ${Object.keys(layers).join(', ')}`,
        );
      return Object.fromEntries(own.map((layer) => [layer.name, layerOf(flat, layer)]));
    },
  };
}

/** The values of a layer in a flat array [P] or [n, P]. */
function layerOf({ data, shape }: NdArray, layer: Layer): NdArray {
  const size = layer.shape.reduce((product, length) => product * length, 1);
  const width = shape[shape.length - 1];
  const members = data.length / width;
  const values = new Float32Array(members * size);
  for (let member = 0; member < members; member++) {
    const start = member * width + layer.offset;
    values.set(data.subarray(start, start + size), member * size);
  }
  return { data: values, shape: shape.length > 1 ? [members, ...layer.shape] : [...layer.shape] };
}
