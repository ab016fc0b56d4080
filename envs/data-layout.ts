/**
 * Where MuJoCo keeps the warning counts of an MjData in WASM memory.
 *
 * Reading `data.warning` through the bindings copies a vector of objects (microseconds); the check runs after
 * every control step. The counts' place inside mjData depends on MuJoCo's version, so it is not written down
 * here but found when the module is loaded: two simulations are given states that MuJoCo warns about, and the
 * counts and the clock that the bindings report are searched for in the memory behind them.
 */
import type { MainModule, MjData } from '@mujoco/mujoco';

/** Distances in bytes from the address that word `pointer` of the binding's object holds. */
export interface DataLayout {
  readonly pointer: number;
  readonly time: number;
  readonly warnings: number;
}

/** A bad position makes MuJoCo warn; one slide joint has one. */
const PROBE = '<mujoco><worldbody><body><joint type="slide"/><geom size="1"/></body></worldbody></mujoco>';
/** mjData with its statistics is 160 kB in MuJoCo 3.14. */
const SEARCHED_BYTES = 1 << 19;
const POINTER_WORDS = 12;

/** Address of the binding's C++ object. */
function bindingAddress(data: MjData): number {
  return (data as unknown as { $$: { ptr: number } }).$$.ptr;
}

/** MuJoCo's warnings as pairs (last information, count), in the order of mjtWarning. */
export function readWarnings(data: MjData): number[] {
  const all = data.warning; // MjData's own vector: not to be deleted; its items are copies
  const pairs: number[] = [];
  for (let i = 0; i < all.size(); i++) {
    const one = all.get(i);
    if (one === undefined) continue;
    pairs.push(one.lastinfo, one.number);
    one.delete();
  }
  return pairs;
}

/** The layout of this build, found by search. @throws Error if MuJoCo keeps its data in no such way. */
export function findDataLayout(module: MainModule): DataLayout {
  const model = module.MjModel.from_xml_string(PROBE);
  const option = model.opt;
  option.disableflags = module.mjtDisableBit.mjDSBL_AUTORESET.value;
  const probes = [new module.MjData(model), new module.MjData(model)];
  try {
    probes.forEach((data, i) => {
      for (let warned = 0; warned < 3 + i; warned++) {
        data.qpos[0] = Number.NaN;
        data.qvel[0] = Number.NaN;
        module.mj_step(model, data);
      }
      data.time = 1.25e77 * (i + 3);
    });
    const [first, ...others] = probes.map((data) => candidates(data));
    const shared = first.find((one) => others.every((list) => list.some((other) => same(one, other))));
    if (shared === undefined)
      throw new Error('this build of MuJoCo keeps its warning counts in an unknown place');
    return shared;
  } finally {
    for (const data of probes) data.delete();
    option.delete();
    model.delete();
  }
}

const same = (a: DataLayout, b: DataLayout) =>
  a.pointer === b.pointer && a.time === b.time && a.warnings === b.warnings;

function candidates(data: MjData): DataLayout[] {
  const memory: ArrayBuffer = data.qpos.buffer;
  const doubles = new Float64Array(memory);
  const words = new Int32Array(memory);
  const binding = bindingAddress(data) >> 2;
  const clock = data.time; // read once: the search compares it with a million numbers
  const expected = readWarnings(data);
  // A distinctive word of the counts, one that is not 0, is looked for; the others are compared where it stands.
  const marked = expected.findIndex((word) => word !== 0);
  const isAt = (start: number) => expected.every((word, i) => words[start + i] === word);
  const found: DataLayout[] = [];
  for (let pointer = 0; pointer < POINTER_WORDS; pointer++) {
    const base = words[binding + pointer];
    if (base <= 0 || base % 8 !== 0 || base + SEARCHED_BYTES > memory.byteLength) continue;
    const times = [...positions(doubles.subarray(base >> 3, (base + SEARCHED_BYTES) >> 3), clock)];
    if (times.length === 0) continue;
    const counts = words.subarray(base >> 2, (base + SEARCHED_BYTES) >> 2);
    for (const mark of positions(counts, expected[marked])) {
      const warnings = mark - marked;
      if (warnings < 0 || !isAt((base >> 2) + warnings)) continue;
      for (const time of times) found.push({ pointer, time: 8 * time, warnings: 4 * warnings });
    }
  }
  return found;
}

/** Where `value` stands in an array. */
function* positions(array: Float64Array | Int32Array, value: number): Generator<number> {
  for (let at = array.indexOf(value); at >= 0; at = array.indexOf(value, at + 1)) yield at;
}

/** A live view of the warnings of `data`, pairs (last information, count) as in readWarnings(). */
export function warningView(data: MjData, layout: DataLayout, count: number): Int32Array {
  const memory: ArrayBuffer = data.qpos.buffer;
  const base = new Int32Array(memory, bindingAddress(data) + 4 * layout.pointer, 1)[0];
  return new Int32Array(memory, base + layout.warnings, 2 * count);
}
