/**
 * One simulation: a compiled model and its data, stepped as the Control Suite steps it.
 *
 * Arrays are held views of WASM memory (held-views.ts). Never keep one across calls: ask for `physics.qpos` or
 * `physics.data('xpos', 'torso')` where it is needed, at the cost of a look-up.
 */
import { decodeFloat64, encodeArray } from './encoding.ts';
import { DivergenceError, ModelError, SimulatorError, StateError } from './errors.ts';
import { HeldViews } from './held-views.ts';
import { type ModelChanges, ModelMemory, type NumericArray } from './model-memory.ts';
import { compileModel, compilerMessage, type ModelSource, type ModelText } from './model-source.ts';
import type { MjData, MjModel, MuJoCo } from './mujoco.ts';
import { arrayOf, kindOf, objectId, rowName, rowsOf } from './named-access.ts';
import { canSleep, decodeSleepState, type SleepState, sleepState } from './sleep-state.ts';

/** Everything that a later step depends on; arrays are base64. */
export interface PhysicsState {
  /** mjSTATE_INTEGRATION: time, positions, velocities, activations, controls, warm start and user inputs. */
  readonly integration: string;
  readonly sensordata: string;
  /** Of a model with `sleep="enable"`. */
  readonly sleep?: SleepState;
  /** Of the compiled model, as `ModelMemory.digest` has it; states of earlier versions have none. */
  readonly compiled?: string;
  /** What resets wrote into the model. */
  readonly model: ModelChanges;
  /** What the task keeps in `physics.taskState`. */
  readonly task: Record<string, number>;
}

/** One MuJoCo model with its data: named quantities, live views, steps. */
export class Physics {
  readonly timestep: number;
  /** Numbers that a task keeps during an episode; emptied at every reset, saved with the state. */
  readonly taskState: Record<string, number> = {};
  /** Whether a joint has a range, by its id. */
  readonly jointLimited: readonly boolean[];
  /** Whether a control has a range, by its actuator's id. */
  readonly controlLimited: readonly boolean[];

  private readonly module: MuJoCo['module'];
  /** The calls of a step, held: finding one among the module's thousands of members takes 15 ns. */
  private readonly stages: Pick<MuJoCo['module'], 'mj_step' | 'mj_step1' | 'mj_step2'>;
  /** The model as it was compiled, and what was written into it since. */
  readonly modelMemory: ModelMemory;
  private readonly isRungeKutta: boolean;
  private readonly canSleep: boolean;
  private readonly skipsSensors: boolean;
  private readonly option: MjModel['opt'];
  private readonly sensorFlag: number;
  private readonly actuationFlag: number;
  private readonly views: HeldViews;
  private disposed = false;

  private constructor(
    private readonly mujoco: MuJoCo,
    /** MuJoCo's own objects, for what the methods here do not cover. */
    readonly mjModel: MjModel,
    readonly mjData: MjData,
  ) {
    const { module } = mujoco;
    this.module = module;
    const { mj_step, mj_step1, mj_step2 } = module;
    this.stages = { mj_step, mj_step1, mj_step2 };
    this.option = mjModel.opt;
    this.timestep = this.option.timestep;
    this.isRungeKutta = this.option.integrator === module.mjtIntegrator.mjINT_RK4.value;
    this.sensorFlag = module.mjtDisableBit.mjDSBL_SENSOR.value;
    this.actuationFlag = module.mjtDisableBit.mjDSBL_ACTUATION.value;
    this.canSleep = canSleep(module, mjModel);
    // A delayed sensor reads its own history, that of a sleeping body its last reading: their every reading counts.
    this.skipsSensors =
      !this.isRungeKutta &&
      !this.canSleep &&
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
    this.modelMemory = new ModelMemory(mjModel, this.option);
    this.views = new HeldViews(module, mujoco.layout, mjModel, mjData);
  }

  /** Compiles MJCF. @throws ModelError with the compiler's message. */
  static compile(mujoco: MuJoCo, model: ModelText, source: ModelSource): Physics {
    const compiled = compileModel(mujoco, model, source);
    try {
      return mujoco.guarded(() => new Physics(mujoco, compiled, new mujoco.module.MjData(compiled)));
    } catch (error) {
      if (error instanceof SimulatorError) throw error;
      compiled.delete();
      if (error instanceof ModelError) throw error;
      // A model may ask for more memory than there is.
      throw new ModelError(compilerMessage(error), { cause: error });
    }
  }

  // ---- arrays ----------------------------------------------------------------------------------------

  /** Generalised positions [nq]. */
  get qpos(): Float64Array {
    return this.views.qpos;
  }

  /** Generalised velocities [nv]. */
  get qvel(): Float64Array {
    return this.views.qvel;
  }

  /** Activations of actuators with a state of their own [na]. */
  get act(): Float64Array {
    return this.views.act;
  }

  /** Controls [nu]. */
  get ctrl(): Float64Array {
    return this.views.ctrl;
  }

  /** All sensor readings, one after the other. */
  get sensordata(): Float64Array {
    return this.views.sensordata;
  }

  // ---- reading and writing by name ----------------------------------------------------------------

  /**
   * The row of a named object in an array of MjData, by MuJoCo's name of the array: `data('xpos', 'torso')` [3],
   * `data('xmat', 'torso')` [9, row major], `data('qpos', 'hip')`, `data('geom_xpos', 'ball')`. A live view.
   */
  data(field: string, name: string): NumericArray {
    return this.views.dataRow(field, name);
  }

  /** The row of a named object in an array of MjModel: `model('geom_pos', 'target').set([0, 0, 1])`. */
  model(field: string, name: string): NumericArray {
    return this.views.modelRow(field, name);
  }

  /** The reading of a sensor, [its dimension]. */
  sensor(name: string): NumericArray {
    return this.data('sensordata', name);
  }

  /** `qpos` without its first `start` numbers. */
  qposFrom(start: number): Float64Array {
    return this.views.qposFrom(start);
  }

  /** `qvel` without its first `start` numbers. */
  qvelFrom(start: number): Float64Array {
    return this.views.qvelFrom(start);
  }

  /** The id of a named object, as MuJoCo's arrays of ids hold it: `id('geom', 'floor')`. */
  id(kind: 'body' | 'joint' | 'geom' | 'site' | 'actuator' | 'sensor' | 'tendon', name: string): number {
    return objectId(this.module, this.mjModel, kindOf(`${kind === 'joint' ? 'jnt' : kind}_`), name);
  }

  /** Simulated seconds since the episode began. */
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
    this.mujoco.guarded(() => this.advance(steps));
    this.checkWarnings();
  }

  private advance(steps: number): void {
    const { mjModel, mjData, option, sensorFlag, stages } = this;
    if (this.isRungeKutta) {
      for (let i = 0; i < steps; i++) stages.mj_step(mjModel, mjData);
    } else if (this.skipsSensors && steps > 2) {
      // Only the last step's readings can be seen. Its position and velocity stage is done apart, because the
      // readings of that stage are overwritten below; those of the acceleration stage are the ones that stay.
      const flags = option.disableflags;
      option.disableflags = flags | sensorFlag;
      try {
        stages.mj_step2(mjModel, mjData);
        for (let i = 2; i < steps; i++) stages.mj_step(mjModel, mjData);
        stages.mj_step1(mjModel, mjData);
      } finally {
        option.disableflags = flags;
      }
      stages.mj_step2(mjModel, mjData);
    } else {
      stages.mj_step2(mjModel, mjData);
      for (let i = 1; i < steps; i++) stages.mj_step(mjModel, mjData);
    }
    stages.mj_step1(mjModel, mjData);
  }

  /** `steps` physics steps, then the clock starts from 0 again: lets a model come to rest at a reset. */
  settle(steps: number): void {
    this.step(steps);
    this.mjData.time = 0;
  }

  /** The position and velocity stage of the present state: after writing a state from which step() goes on. */
  updatePosition(): void {
    this.mujoco.guarded(() => this.stages.mj_step1(this.mjModel, this.mjData));
    this.checkWarnings();
  }

  /**
   * The position stage alone: how many contacts the present positions have. Enough to reject a start, at a
   * fraction of the time of forward(); what is kept of a start must come from forward() or restart().
   */
  findContacts(): number {
    this.mujoco.guarded(() => this.module.mj_fwdPosition(this.mjModel, this.mjData));
    this.checkWarnings();
    return this.contacts;
  }

  /** All stages of the present state, nothing integrated. */
  forward(): void {
    this.mujoco.guarded(() => this.module.mj_forward(this.mjModel, this.mjData));
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
    this.mujoco.guarded(() => this.module.mj_resetData(this.mjModel, this.mjData));
    this.forwardUnactuated();
    initialize();
    this.forwardUnactuated();
  }

  private checkWarnings(): void {
    const { warnings } = this.views;
    let count = 0;
    for (let i = 1; i < warnings.length; i += 2) count += warnings[i];
    if (count > 0) this.refuseWarnings();
  }

  private refuseWarnings(): never {
    const { warnings } = this.views;
    const messages: string[] = [];
    for (let i = 0; i < warnings.length; i += 2) {
      if (warnings[i + 1] === 0) continue;
      // MuJoCo has no words for this one.
      const isFull = i / 2 === this.module.mjtWarning.mjWARN_CNSTRFULL.value;
      messages.push(
        isFull
          ? `Too many constraints. The arena memory is full, increase arena memory allocation. (nefc = ${warnings[i]})`
          : this.module.mju_warningText(i / 2, warnings[i]).trim(),
      );
    }
    throw new DivergenceError(messages.join(' '));
  }

  // ---- state ---------------------------------------------------------------------------------------

  /** Everything that a later step depends on. */
  state(): PhysicsState {
    const { module, mjModel, mjData } = this;
    const kind = module.mjtState.mjSTATE_INTEGRATION.value;
    return this.mujoco.guarded(() => {
      const buffer = new module.DoubleBuffer(module.mj_stateSize(mjModel, kind));
      try {
        module.mj_getState(mjModel, mjData, buffer, kind);
        return {
          integration: encodeArray(Float64Array.from(buffer.GetView() as Float64Array)),
          sensordata: encodeArray(this.sensordata),
          ...(this.canSleep && { sleep: sleepState(mjData) }),
          compiled: this.modelMemory.digest,
          model: this.modelMemory.changes(),
          task: { ...this.taskState },
        };
      } finally {
        buffer.delete();
      }
    });
  }

  /** @throws StateError if the state is of another model; nothing is changed then. */
  setState(state: PhysicsState): void {
    const { module, mjModel, mjData } = this;
    const kind = module.mjtState.mjSTATE_INTEGRATION.value;
    const integration = decodeFloat64(state.integration);
    const sensordata = decodeFloat64(state.sensordata);
    const asleep = this.canSleep ? decodeSleepState(mjData, state.sleep) : undefined;
    const fits =
      (state.compiled === undefined || state.compiled === this.modelMemory.digest) &&
      integration.length === module.mj_stateSize(mjModel, kind) &&
      sensordata.length === this.sensordata.length;
    if (!fits) throw new StateError('the saved state is of another model');
    this.modelMemory.restore(state.model);
    this.mujoco.guarded(() => {
      module.mj_resetData(mjModel, mjData);
      module.mj_setState(mjModel, mjData, [...integration], kind);
      asleep?.write(mjData);
      module.mj_step1(mjModel, mjData);
      // The stage has computed anew what belongs to trees that are awake.
      asleep?.write(mjData);
    });
    this.sensordata.set(sensordata);
    this.clearTaskState();
    Object.assign(this.taskState, state.task);
  }

  /** Empties `taskState`. */
  clearTaskState(): void {
    for (const key of Object.keys(this.taskState)) delete this.taskState[key];
  }

  /** The name of the object that a row of a model array belongs to, `#index` if it has none. */
  rowName(field: string, index: number): string {
    return rowName(this.module, this.mjModel, field, index);
  }

  /** The rows of a model array, one after another, as views. */
  modelRows(field: string): NumericArray[] {
    const array = arrayOf(this.mjModel, field, 'mjModel');
    return rowsOf(this.mjModel, field, array.length).map(({ start, length }) =>
      array.subarray(start, start + length),
    );
  }

  /** Frees the simulator's memory. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.views.release();
    if (this.mujoco.hasBrokenDown) return; // its memory goes with it
    this.mujoco.guarded(() => {
      this.option.delete();
      this.mjData.delete();
      this.mjModel.delete();
    });
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
