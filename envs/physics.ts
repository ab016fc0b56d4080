/**
 * One simulation: a compiled model and its data, stepped as the Control Suite steps it.
 *
 * Arrays are views of WASM memory that are held between steps. When that memory grows (creating any model or
 * data may do it) views lose their memory; every access here takes them anew then. So never keep one across
 * calls: ask for `physics.qpos` or `physics.data('xpos', 'torso')` where it is needed, at the cost of a look-up.
 */
import { readWarnings, warningView } from './data-layout.ts';
import { decodeFloat64, decodeUint8, encodeArray } from './encoding.ts';
import { DivergenceError, ModelError, StateError } from './errors.ts';
import { compileModel, type ModelSource } from './model-source.ts';
import type { MjData, MjModel, MuJoCo } from './mujoco.ts';
import { kindOf, objectId, rowName, rowOf } from './named-access.ts';

type NumericArray = Float64Array | Float32Array | Int32Array;

/** Everything that a later step depends on; arrays are base64. */
export interface PhysicsState {
  /** mjSTATE_INTEGRATION: time, positions, velocities, activations, controls, warm start and user inputs. */
  readonly integration: string;
  readonly sensordata: string;
  /** Stretches of the model's memory that resets changed: [first byte, bytes]. */
  readonly model: readonly (readonly [number, string])[];
  /** What the task keeps in `physics.taskState`. */
  readonly task: Record<string, number>;
}

export class Physics {
  readonly timestep: number;
  /** Numbers that a task keeps during an episode; emptied at every reset, saved with the state. */
  readonly taskState: Record<string, number> = {};
  /** Whether a joint has a range, by its id. */
  readonly jointLimited: readonly boolean[];
  /** Whether a control has a range, by its actuator's id. */
  readonly controlLimited: readonly boolean[];

  private readonly module: MuJoCo['module'];
  private readonly compiled: Uint8Array;
  private readonly isRungeKutta: boolean;
  private readonly skipsSensors: boolean;
  private readonly option: MjModel['opt'];
  private readonly sensorFlag: number;
  private readonly actuationFlag: number;
  private readonly warningCount: number;
  private readonly views = {
    qpos: new Float64Array(),
    qvel: new Float64Array(),
    act: new Float64Array(),
    ctrl: new Float64Array(),
    sensordata: new Float64Array(),
  };
  private warnings: Int32Array = new Int32Array();
  private readonly rows = new Map<string, Map<string, NumericArray>>();
  private readonly modelRows = new Map<string, Map<string, NumericArray>>();
  private readonly tails = new Map<number, Float64Array>();
  private readonly speedTails = new Map<number, Float64Array>();
  private disposed = false;

  private constructor(
    private readonly mujoco: MuJoCo,
    /** MuJoCo's own objects, for what the methods here do not cover. */
    readonly mjModel: MjModel,
    readonly mjData: MjData,
  ) {
    const { module } = mujoco;
    this.module = module;
    this.option = mjModel.opt;
    this.timestep = this.option.timestep;
    this.isRungeKutta = this.option.integrator === module.mjtIntegrator.mjINT_RK4.value;
    this.sensorFlag = module.mjtDisableBit.mjDSBL_SENSOR.value;
    this.actuationFlag = module.mjtDisableBit.mjDSBL_ACTUATION.value;
    // A delayed sensor reads its own history, so its every reading counts.
    this.skipsSensors =
      !this.isRungeKutta &&
      mjModel.nsensor > 0 &&
      mjModel.nhistory === 0 &&
      (this.option.disableflags & this.sensorFlag) === 0;
    this.jointLimited = flags(
      mjModel.njnt,
      (id) => mjModel.jnt(id),
      (joint) => joint.limited,
    );
    this.controlLimited = flags(
      mjModel.nu,
      (id) => mjModel.actuator(id),
      (actuator) => actuator.ctrllimited,
    );
    this.compiled = Uint8Array.from(mjModel.buffer as Uint8Array);
    this.warningCount = readWarnings(mjData).length / 2;
    this.renewViews();
  }

  /** Compiles MJCF. @throws ModelError with the compiler's message. */
  static compile(mujoco: MuJoCo, xml: string, source: ModelSource): Physics {
    const model = compileModel(mujoco.module, xml, source);
    return new Physics(mujoco, model, new mujoco.module.MjData(model));
  }

  // ---- arrays ----------------------------------------------------------------------------------------

  /** Generalised positions [nq]. */
  get qpos(): Float64Array {
    this.renewDetachedViews();
    return this.views.qpos;
  }

  /** Generalised velocities [nv]. */
  get qvel(): Float64Array {
    this.renewDetachedViews();
    return this.views.qvel;
  }

  /** Activations of actuators with a state of their own [na]. */
  get act(): Float64Array {
    this.renewDetachedViews();
    return this.views.act;
  }

  /** Controls [nu]. */
  get ctrl(): Float64Array {
    this.renewDetachedViews();
    return this.views.ctrl;
  }

  /** All sensor readings, one after the other. */
  get sensordata(): Float64Array {
    this.renewDetachedViews();
    return this.views.sensordata;
  }

  // ---- reading and writing by name ----------------------------------------------------------------

  /**
   * The row of a named object in an array of MjData, by MuJoCo's name of the array: `data('xpos', 'torso')` [3],
   * `data('xmat', 'torso')` [9, row major], `data('qpos', 'hip')`, `data('geom_xpos', 'ball')`. A live view.
   */
  data(field: string, name: string): NumericArray {
    this.renewDetachedViews();
    return this.rows.get(field)?.get(name) ?? this.findRow(this.mjData, this.rows, field, name);
  }

  /** The row of a named object in an array of MjModel: `model('geom_pos', 'target').set([0, 0, 1])`. */
  model(field: string, name: string): NumericArray {
    this.renewDetachedViews();
    return this.modelRows.get(field)?.get(name) ?? this.findRow(this.mjModel, this.modelRows, field, name);
  }

  /** The reading of a sensor, [its dimension]. */
  sensor(name: string): NumericArray {
    return this.data('sensordata', name);
  }

  /** `qpos` without its first `start` numbers. */
  qposFrom(start: number): Float64Array {
    return this.tail(this.tails, this.qpos, start);
  }

  /** `qvel` without its first `start` numbers. */
  qvelFrom(start: number): Float64Array {
    return this.tail(this.speedTails, this.qvel, start);
  }

  /** The id of a named object, as MuJoCo's arrays of ids hold it: `id('geom', 'floor')`. */
  id(kind: 'body' | 'joint' | 'geom' | 'site' | 'actuator' | 'sensor' | 'tendon', name: string): number {
    return objectId(this.module, this.mjModel, kindOf(`${kind === 'joint' ? 'jnt' : kind}_`), name);
  }

  get time(): number {
    return this.mjData.time;
  }

  /** Number of contacts found in the last position stage. */
  get contacts(): number {
    return this.mjData.ncon;
  }

  // ---- stepping ------------------------------------------------------------------------------------

  /**
   * `steps` physics steps, then the position and velocity stage of the new state, so that what is read afterwards
   * belongs to it. Euler models have done that stage for the present state already and go on from there.
   * @throws DivergenceError with MuJoCo's warning.
   */
  step(steps: number): void {
    const { mjModel, mjData, option, sensorFlag, module } = this;
    if (this.isRungeKutta) {
      for (let i = 0; i < steps; i++) module.mj_step(mjModel, mjData);
    } else if (this.skipsSensors && steps > 2) {
      // Only the last step's readings can be seen. Its position and velocity stage is done apart, because the
      // readings of that stage are overwritten below; those of the acceleration stage are the ones that stay.
      const flags = option.disableflags;
      option.disableflags = flags | sensorFlag;
      try {
        module.mj_step2(mjModel, mjData);
        for (let i = 2; i < steps; i++) module.mj_step(mjModel, mjData);
        module.mj_step1(mjModel, mjData);
      } finally {
        option.disableflags = flags;
      }
      module.mj_step2(mjModel, mjData);
    } else {
      module.mj_step2(mjModel, mjData);
      for (let i = 1; i < steps; i++) module.mj_step(mjModel, mjData);
    }
    module.mj_step1(mjModel, mjData);
    this.checkWarnings();
  }

  /** `steps` physics steps, then the clock starts from 0 again: lets a model come to rest at a reset. */
  settle(steps: number): void {
    this.step(steps);
    this.mjData.time = 0;
  }

  /** The position and velocity stage of the present state: after writing a state from which step() goes on. */
  updatePosition(): void {
    this.module.mj_step1(this.mjModel, this.mjData);
    this.checkWarnings();
  }

  /**
   * The position stage alone: how many contacts the present positions have. Enough to reject a start, at a
   * fraction of the time of forward(); what is kept of a start must come from forward() or restart().
   */
  findContacts(): number {
    this.module.mj_fwdPosition(this.mjModel, this.mjData);
    this.checkWarnings();
    return this.contacts;
  }

  /** All stages of the present state, nothing integrated. */
  forward(): void {
    this.module.mj_forward(this.mjModel, this.mjData);
    this.checkWarnings();
  }

  /** forward() without forces of actuators: no control has been chosen yet at a reset. */
  forwardUnactuated(): void {
    const flags = this.option.disableflags;
    this.option.disableflags = flags | this.actuationFlag;
    try {
      this.forward();
    } finally {
      this.option.disableflags = flags;
    }
  }

  /**
   * Back to the model's initial state, then `initialize`, with a forward pass after each of both: the warm start
   * of the solver depends on how many there are. A try of a rejection loop may be such a restart.
   */
  restart(initialize: () => void): void {
    this.module.mj_resetData(this.mjModel, this.mjData);
    this.forwardUnactuated();
    initialize();
    this.forwardUnactuated();
  }

  private checkWarnings(): void {
    this.renewDetachedViews();
    const { warnings } = this;
    let count = 0;
    for (let i = 1; i < warnings.length; i += 2) count += warnings[i];
    if (count > 0) this.refuseWarnings();
  }

  private refuseWarnings(): never {
    const { warnings } = this;
    const messages: string[] = [];
    for (let i = 0; i < warnings.length; i += 2) {
      if (warnings[i + 1] > 0) messages.push(this.module.mju_warningText(i / 2, warnings[i]).trim());
    }
    throw new DivergenceError(messages.join(' '));
  }

  // ---- state ---------------------------------------------------------------------------------------

  state(): PhysicsState {
    const { module } = this;
    const kind = module.mjtState.mjSTATE_INTEGRATION.value;
    const buffer = new module.DoubleBuffer(module.mj_stateSize(this.mjModel, kind));
    try {
      module.mj_getState(this.mjModel, this.mjData, buffer, kind);
      return {
        integration: encodeArray(Float64Array.from(buffer.GetView() as Float64Array)),
        sensordata: encodeArray(this.sensordata),
        model: this.changedStretches(),
        task: { ...this.taskState },
      };
    } finally {
      buffer.delete();
    }
  }

  /** @throws StateError if the state is of another model; nothing is changed then. */
  setState(state: PhysicsState): void {
    const { module } = this;
    const kind = module.mjtState.mjSTATE_INTEGRATION.value;
    const integration = decodeFloat64(state.integration);
    const sensordata = decodeFloat64(state.sensordata);
    const stretches = state.model.map(([start, bytes]) => [start, decodeUint8(bytes)] as const);
    const fits =
      integration.length === module.mj_stateSize(this.mjModel, kind) &&
      sensordata.length === this.sensordata.length &&
      stretches.every(([start, bytes]) => start >= 0 && start + bytes.length <= this.compiled.length);
    if (!fits) throw new StateError('the saved state is of another model');
    const memory = this.mjModel.buffer as Uint8Array;
    memory.set(this.compiled);
    for (const [start, bytes] of stretches) memory.set(bytes, start);
    module.mj_resetData(this.mjModel, this.mjData);
    module.mj_setState(this.mjModel, this.mjData, [...integration], kind);
    module.mj_step1(this.mjModel, this.mjData);
    this.renewViews();
    this.sensordata.set(sensordata);
    this.clearTaskState();
    Object.assign(this.taskState, state.task);
  }

  clearTaskState(): void {
    for (const key of Object.keys(this.taskState)) delete this.taskState[key];
  }

  /** Stretches of the model's memory that differ from the compiled model, close ones joined. */
  private changedStretches(): [number, string][] {
    const memory = this.mjModel.buffer as Uint8Array;
    const { compiled } = this;
    const found: [number, string][] = [];
    for (let i = 0; i < compiled.length; i++) {
      if (memory[i] === compiled[i]) continue;
      let end = i + 1;
      for (let j = end; j < compiled.length && j < end + 32; j++) if (memory[j] !== compiled[j]) end = j + 1;
      found.push([i, encodeArray(memory.slice(i, end))]);
      i = end;
    }
    return found;
  }

  /** Names of the model's arrays that differ from the compiled model. */
  changedModelFields(): string[] {
    const stretches = this.changedStretches();
    if (stretches.length === 0) return [];
    const { byteOffset: origin, buffer } = this.mjModel.buffer as Uint8Array;
    const fields = this.mjModel as unknown as Record<string, unknown>;
    return Object.getOwnPropertyNames(Object.getPrototypeOf(fields)).filter((field) => {
      const view = field === 'buffer' ? undefined : readable(fields, field);
      if (!ArrayBuffer.isView(view) || view.buffer !== buffer) return false;
      const start = view.byteOffset - origin;
      const now = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      return now.some((byte, i) => byte !== this.compiled[start + i]);
    });
  }

  /** The name of the object that a row of a model array belongs to, `#index` if it has none. */
  rowName(field: string, index: number): string {
    return rowName(this.module, this.mjModel, kindOf(field), field, index);
  }

  /** The compiled value of the model array `field`, from before any reset changed it. */
  compiledArray(field: string): NumericArray {
    const view = this.array(this.mjModel, field);
    const start = view.byteOffset - (this.mjModel.buffer as Uint8Array).byteOffset;
    const bytes = this.compiled.slice(start, start + view.byteLength);
    const Kind = view.constructor as new (buffer: ArrayBufferLike) => NumericArray;
    return new Kind(bytes.buffer);
  }

  // ---- views ---------------------------------------------------------------------------------------

  private renewDetachedViews(): void {
    // A detached view has lost its memory, and with it its length; every model has warnings.
    if (this.warnings.length === 0) this.renewViews();
  }

  private renewViews(): void {
    if (this.disposed) throw new ModelError('this simulation has been disposed of');
    const { mjData: data, views } = this;
    views.qpos = data.qpos;
    views.qvel = data.qvel;
    views.act = data.act;
    views.ctrl = data.ctrl;
    views.sensordata = data.sensordata;
    this.warnings = warningView(data, this.mujoco.layout, this.warningCount);
    this.rows.clear();
    this.modelRows.clear();
    this.tails.clear();
    this.speedTails.clear();
  }

  private array(owner: MjModel | MjData, field: string): NumericArray {
    const view = (owner as unknown as Record<string, unknown>)[field];
    if (ArrayBuffer.isView(view)) return view as NumericArray;
    throw new ModelError(
      `MuJoCo has no array '${field}' in ${owner === this.mjModel ? 'mjModel' : 'mjData'}`,
    );
  }

  private findRow(
    owner: MjModel | MjData,
    cache: Map<string, Map<string, NumericArray>>,
    field: string,
    name: string,
  ): NumericArray {
    const all = this.array(owner, field);
    const { start, length } = rowOf(this.module, this.mjModel, field, all.length, name);
    const row = all.subarray(start, start + length);
    const rows = cache.get(field) ?? new Map<string, NumericArray>();
    cache.set(field, rows.set(name, row));
    return row;
  }

  private tail(cache: Map<number, Float64Array>, whole: Float64Array, start: number): Float64Array {
    let view = cache.get(start);
    if (view === undefined) {
      view = whole.subarray(start);
      cache.set(start, view);
    }
    return view;
  }

  /** Frees the simulator's memory. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.option.delete();
    this.mjData.delete();
    this.mjModel.delete();
    this.warnings = new Int32Array();
  }
}

/** A flag per object. The bindings cannot give arrays of flags, only those of one object at a time. */
function flags<T extends { delete(): void }>(
  count: number,
  object: (id: number) => T,
  flag: (accessor: T) => unknown,
): boolean[] {
  return Array.from({ length: count }, (_, id) => {
    const accessor = object(id);
    const value = Boolean(flag(accessor));
    accessor.delete();
    return value;
  });
}

/** A property of a binding, undefined where the bindings cannot read it (arrays of flags). */
function readable(binding: Record<string, unknown>, field: string): unknown {
  try {
    return binding[field];
  } catch {
    return undefined;
  }
}
