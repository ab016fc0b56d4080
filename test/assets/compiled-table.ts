/**
 * A compiled MuJoCo model as tables of numbers by named object, in the layout of test/data/dmc/models: enums as
 * words, unnamed objects as `#id`, nothing left out for being a default.
 */
import type { MainModule, MjModel } from '@mujoco/mujoco';

export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
type Row = { [key: string]: Value };
type Arrays = Record<string, ArrayLike<number>>;

const JOINT_TYPES = ['free', 'ball', 'slide', 'hinge'];
const GEOM_TYPES = ['plane', 'hfield', 'sphere', 'capsule', 'ellipsoid', 'cylinder', 'box', 'mesh'];
const WRAP_TYPES = ['none', 'joint', 'pulley', 'site', 'sphere', 'cylinder'];
const INTEGRATORS = ['euler', 'rk4', 'implicit', 'implicitfast'];
const SOLVERS = ['pgs', 'cg', 'newton'];
const CONES = ['pyramidal', 'elliptic'];
const JACOBIANS = ['dense', 'sparse', 'auto'];
const TRANSMISSIONS = ['joint', 'jointinparent', 'slidercrank', 'tendon', 'site', 'body'];
const DYNAMICS = ['none', 'integrator', 'filter', 'filterexact', 'muscle', 'user'];
const GAINS = ['fixed', 'affine', 'muscle', 'user'];
const BIASES = ['none', 'affine', 'muscle', 'user'];
const DATA_TYPES = ['real', 'positive', 'axis', 'quaternion'];
const EQUALITIES = ['connect', 'weld', 'joint', 'tendon', 'flex'];
const DISABLE_FLAGS = [
  'constraint',
  'equality',
  'frictionloss',
  'limit',
  'contact',
  'spring',
  'damper',
  'gravity',
];
const ENABLE_FLAGS = ['override', 'energy', 'fwdinv', 'invdiscrete'];
const OBJECT_KINDS = ['unknown', 'body', 'xbody', 'joint', 'dof', 'geom', 'site', 'camera', 'light'];
const SIZES = [
  ...[
    'nq',
    'nv',
    'nu',
    'na',
    'nbody',
    'njnt',
    'ngeom',
    'nsite',
    'ncam',
    'nlight',
    'nmesh',
    'nhfield',
    'nsensor',
  ],
  ...['nsensordata', 'ntendon', 'nwrap', 'neq', 'nexclude', 'npair', 'nkey', 'nmocap', 'nnumeric', 'ntuple'],
  ...['nuserdata', 'nM', 'nconmax', 'njmax', 'narena', 'nhistory', 'nflex'],
];
const OPTION_SCALARS = [
  ...[
    'ccd_iterations',
    'ccd_tolerance',
    'density',
    'disableactuator',
    'disableflags',
    'enableflags',
    'impratio',
  ],
  ...['iterations', 'ls_iterations', 'ls_tolerance', 'noslip_iterations', 'noslip_tolerance', 'o_margin'],
  ...['sdf_initpoints', 'sdf_iterations', 'sleep_tolerance', 'timestep', 'tolerance', 'viscosity'],
];

/** Describes a compiled model; the keys and the order of rows are those of the recorded tables. */
export function compiledTable(mujoco: MainModule, model: MjModel): Record<string, Value> {
  const arrays = model as unknown as Arrays;
  const scalars = model as unknown as Record<string, number>;

  const objectType = (kind: string): number =>
    (mujoco.mjtObj as unknown as Record<string, { value: number }>)[`mjOBJ_${kind.toUpperCase()}`].value;
  const name = (kind: string, id: number): string | null => {
    if (id < 0) return null;
    return mujoco.mj_id2name(model, objectType(kind), id) || `#${id}`;
  };
  /** Row `id` of a model array which holds `width` numbers per object. */
  const row = (key: string, id: number, width: number): number[] =>
    Array.from({ length: width }, (_, i) => Number(arrays[key][id * width + i]));
  const one = (key: string, id: number): number => Number(arrays[key][id]);
  /**
   * Element `id` of a boolean array. The package cannot hand those out, but they lie in the model's buffer
   * `places` arrays before one that it can, each array starting on a line of 64 bytes.
   */
  const flagBefore = (next: string, places: number, count: number, id: number): boolean => {
    const known = arrays[next] as unknown as Float64Array;
    const line = 64 * Math.ceil(count / 64);
    return new Uint8Array(known.buffer, known.byteOffset - places * line, count)[id] !== 0;
  };
  const word = (words: string[], value: number): string => words[value] ?? `unknown ${value}`;
  const rows = (count: number, describe: (id: number) => Row): Row[] =>
    Array.from({ length: count }, (_, id) => ({ id, ...describe(id) }));

  const sensorTypes = enumWords(mujoco.mjtSensor, 'mjSENS_');

  const bodies = rows(model.nbody, (id) => ({
    name: name('body', id),
    parent: id === 0 ? null : name('body', one('body_parentid', id)),
    pos: row('body_pos', id, 3),
    quat: row('body_quat', id, 4),
    ipos: row('body_ipos', id, 3),
    iquat: row('body_iquat', id, 4),
    mass: one('body_mass', id),
    inertia: row('body_inertia', id, 3),
    subtreemass: one('body_subtreemass', id),
    invweight0: row('body_invweight0', id, 2),
    gravcomp: one('body_gravcomp', id),
    mocapid: one('body_mocapid', id),
    weldid: one('body_weldid', id),
    contype: one('body_contype', id),
    conaffinity: one('body_conaffinity', id),
    margin: one('body_margin', id),
  }));

  const joints = rows(model.njnt, (id) => {
    const type = word(JOINT_TYPES, one('jnt_type', id));
    const [positions, dofs] = type === 'free' ? [7, 6] : type === 'ball' ? [4, 3] : [1, 1];
    const qposadr = one('jnt_qposadr', id);
    const dofadr = one('jnt_dofadr', id);
    const span = (key: string, start: number, length: number): number[] =>
      Array.from({ length }, (_, i) => one(key, start + i));
    return {
      name: name('joint', id),
      type,
      body: name('body', one('jnt_bodyid', id)),
      qposadr,
      dofadr,
      pos: row('jnt_pos', id, 3),
      axis: row('jnt_axis', id, 3),
      limited: flagBefore('jnt_solref', 3, model.njnt, id),
      range: row('jnt_range', id, 2),
      actfrclimited: flagBefore('jnt_solref', 2, model.njnt, id),
      actfrcrange: row('jnt_actfrcrange', id, 2),
      actgravcomp: flagBefore('jnt_solref', 1, model.njnt, id),
      stiffness: one('jnt_stiffness', id),
      qpos_spring: span('qpos_spring', qposadr, positions),
      margin: one('jnt_margin', id),
      solref_limit: row('jnt_solref', id, 2),
      solimp_limit: row('jnt_solimp', id, 5),
      qpos0: span('qpos0', qposadr, positions),
      group: one('jnt_group', id),
      dof: {
        damping: span('dof_damping', dofadr, dofs),
        armature: span('dof_armature', dofadr, dofs),
        frictionloss: span('dof_frictionloss', dofadr, dofs),
        solref_friction: row('dof_solref', dofadr, 2),
        solimp_friction: row('dof_solimp', dofadr, 5),
        invweight0: span('dof_invweight0', dofadr, dofs),
        dampingpoly: span('dof_dampingpoly', 2 * dofadr, 2 * dofs),
      },
      stiffnesspoly: row('jnt_stiffnesspoly', id, 2),
    };
  });

  const geoms = rows(model.ngeom, (id) => {
    const material = one('geom_matid', id);
    return {
      name: name('geom', id),
      type: word(GEOM_TYPES, one('geom_type', id)),
      body: name('body', one('geom_bodyid', id)),
      size: row('geom_size', id, 3),
      pos: row('geom_pos', id, 3),
      quat: row('geom_quat', id, 4),
      friction: row('geom_friction', id, 3),
      solref: row('geom_solref', id, 2),
      solimp: row('geom_solimp', id, 5),
      solmix: one('geom_solmix', id),
      margin: one('geom_margin', id),
      gap: one('geom_gap', id),
      condim: one('geom_condim', id),
      contype: one('geom_contype', id),
      conaffinity: one('geom_conaffinity', id),
      priority: one('geom_priority', id),
      fluid: row('geom_fluid', id, 12),
      rbound: one('geom_rbound', id),
      dataid: one('geom_dataid', id),
      rgba: row('geom_rgba', id, 4),
      matrgba: material < 0 ? null : row('mat_rgba', material, 4),
      material: name('material', material),
      group: one('geom_group', id),
    };
  });

  const sites = rows(model.nsite, (id) => ({
    name: name('site', id),
    type: word(GEOM_TYPES, one('site_type', id)),
    body: name('body', one('site_bodyid', id)),
    pos: row('site_pos', id, 3),
    quat: row('site_quat', id, 4),
    size: row('site_size', id, 3),
    rgba: row('site_rgba', id, 4),
    group: one('site_group', id),
  }));

  const cameras = rows(model.ncam, (id) => ({
    name: name('camera', id),
    body: name('body', one('cam_bodyid', id)),
    mode: one('cam_mode', id),
    pos: row('cam_pos', id, 3),
    quat: row('cam_quat', id, 4),
    fovy: one('cam_fovy', id),
  }));

  const tendons = rows(model.ntendon, (id) => ({
    name: name('tendon', id),
    wrap: Array.from({ length: one('tendon_num', id) }, (_, i) => {
      const wrap = one('tendon_adr', id) + i;
      const type = word(WRAP_TYPES, one('wrap_type', wrap));
      return { type, object: name(type, one('wrap_objid', wrap)), prm: one('wrap_prm', wrap) };
    }),
    stiffness: one('tendon_stiffness', id),
    damping: one('tendon_damping', id),
    frictionloss: one('tendon_frictionloss', id),
    armature: one('tendon_armature', id),
    limited: flagBefore('tendon_width', 2, model.ntendon, id),
    range: row('tendon_range', id, 2),
    actfrclimited: flagBefore('tendon_width', 1, model.ntendon, id),
    actfrcrange: row('tendon_actfrcrange', id, 2),
    margin: one('tendon_margin', id),
    lengthspring: row('tendon_lengthspring', id, 2),
    length0: one('tendon_length0', id),
    invweight0: one('tendon_invweight0', id),
    solref_limit: row('tendon_solref_lim', id, 2),
    solimp_limit: row('tendon_solimp_lim', id, 5),
    solref_friction: row('tendon_solref_fri', id, 2),
    solimp_friction: row('tendon_solimp_fri', id, 5),
    width: one('tendon_width', id),
    rgba: row('tendon_rgba', id, 4),
    group: one('tendon_group', id),
  }));

  const actuators = rows(model.nu, (id) => {
    const trntype = word(TRANSMISSIONS, one('actuator_trntype', id));
    return {
      name: name('actuator', id),
      trntype,
      target: name(trntype, one('actuator_trnid', 2 * id)),
      gaintype: word(GAINS, one('actuator_gaintype', id)),
      gainprm: row('actuator_gainprm', id, 10),
      biastype: word(BIASES, one('actuator_biastype', id)),
      biasprm: row('actuator_biasprm', id, 10),
      dyntype: word(DYNAMICS, one('actuator_dyntype', id)),
      dynprm: row('actuator_dynprm', id, 10),
      gear: row('actuator_gear', id, 6),
      ctrllimited: Boolean(model.actuator(id).ctrllimited),
      ctrlrange: row('actuator_ctrlrange', id, 2),
      forcelimited: Boolean(model.actuator(id).forcelimited),
      forcerange: row('actuator_forcerange', id, 2),
      actlimited: Boolean(model.actuator(id).actlimited),
      actrange: row('actuator_actrange', id, 2),
      actadr: one('actuator_actadr', id),
      actnum: one('actuator_actnum', id),
      actearly: flagBefore('actuator_history', 1, model.nu, id),
      cranklength: one('actuator_cranklength', id),
      length0: one('actuator_length0', id),
      acc0: one('actuator_acc0', id),
      lengthrange: row('actuator_lengthrange', id, 2),
      damping: one('actuator_damping', id),
      armature: one('actuator_armature', id),
      delay: one('actuator_delay', id),
    };
  });

  const sensors = rows(model.nsensor, (id) => {
    const objtype = word(OBJECT_KINDS, one('sensor_objtype', id));
    const reftype = one('sensor_reftype', id);
    return {
      name: name('sensor', id),
      type: word(sensorTypes, one('sensor_type', id)),
      objtype,
      object: name(objtype, one('sensor_objid', id)),
      reftype: reftype === 0 ? null : word(OBJECT_KINDS, reftype),
      ref: reftype === 0 ? null : name(word(OBJECT_KINDS, reftype), one('sensor_refid', id)),
      datatype: word(DATA_TYPES, one('sensor_datatype', id)),
      cutoff: one('sensor_cutoff', id),
      noise: one('sensor_noise', id),
      adr: one('sensor_adr', id),
      dim: one('sensor_dim', id),
      needstage: one('sensor_needstage', id),
      intprm: row('sensor_intprm', id, 3),
    };
  });

  const equalities = rows(model.neq, (id) => {
    const type = word(EQUALITIES, one('eq_type', id));
    return {
      name: name('equality', id),
      type,
      objtype: word(OBJECT_KINDS, one('eq_objtype', id)),
      obj1: name(type, one('eq_obj1id', id)),
      obj2: name(type, one('eq_obj2id', id)),
      active0: Boolean(model.eq(id).active0),
      data: row('eq_data', id, 11),
      solref: row('eq_solref', id, 2),
      solimp: row('eq_solimp', id, 5),
    };
  });

  const heightFields = rows(model.nhfield, (id) => ({
    name: name('hfield', id),
    nrow: one('hfield_nrow', id),
    ncol: one('hfield_ncol', id),
    size: row('hfield_size', id, 4),
  }));

  return {
    sizes: Object.fromEntries(SIZES.map((key) => [key, Number(scalars[key])])),
    opt: options(model.opt as unknown as Record<string, number & ArrayLike<number>>),
    stat: {
      meaninertia: model.stat.meaninertia,
      meanmass: model.stat.meanmass,
      meansize: model.stat.meansize,
      extent: model.stat.extent,
      center: Array.from(model.stat.center as ArrayLike<number>),
    },
    qpos0: Array.from(arrays.qpos0),
    qpos_spring: Array.from(arrays.qpos_spring),
    body: bodies,
    joint: joints,
    geom: geoms,
    site: sites,
    camera: cameras,
    tendon: tendons,
    actuator: actuators,
    sensor: sensors,
    equality: equalities,
    hfield: heightFields,
    // No model of the suite has these; a row here is a difference whatever it holds.
    exclude: rows(model.nexclude, (id) => ({ name: name('exclude', id) })),
    pair: rows(model.npair, (id) => ({ name: name('pair', id) })),
    keyframe: rows(model.nkey, (id) => ({ name: name('key', id) })),
    numeric: rows(model.nnumeric, (id) => ({ name: name('numeric', id) })),
  };
}

function options(opt: Record<string, number & ArrayLike<number>>): Row {
  const vector = (key: string): number[] => Array.from(opt[key] as ArrayLike<number>);
  const bits = (flags: number, words: string[]): string[] => words.filter((_, bit) => (flags >> bit) & 1);
  return {
    ...Object.fromEntries(OPTION_SCALARS.map((key) => [key, Number(opt[key])])),
    ...Object.fromEntries(
      ['gravity', 'magnetic', 'wind', 'o_friction', 'o_solimp', 'o_solref'].map((key) => [key, vector(key)]),
    ),
    cone: CONES[opt.cone],
    integrator: INTEGRATORS[opt.integrator],
    jacobian: JACOBIANS[opt.jacobian],
    solver: SOLVERS[opt.solver],
    disabled: bits(opt.disableflags, DISABLE_FLAGS),
    enabled: bits(opt.enableflags, ENABLE_FLAGS),
  };
}

/** The lower-case words of a MuJoCo enum, by value: mjSENS_TOUCH → 'touch'. */
function enumWords(values: unknown, prefix: string): string[] {
  const words: string[] = [];
  for (const [key, entry] of Object.entries(values as Record<string, { value: number }>)) {
    if (key.startsWith(prefix)) words[entry.value] = key.slice(prefix.length).toLowerCase();
  }
  return words;
}
