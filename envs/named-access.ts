/** Rows of MuJoCo's arrays by object name: `data.xpos['torso']` of Python, as held views. */
import { ModelError } from './errors.ts';
import type { NumericArray } from './model-memory.ts';
import type { MainModule, MjData, MjModel } from './mujoco.ts';

/** The kinds of named objects whose rows can be asked for. */
export type Kind =
  | 'BODY'
  | 'JOINT'
  | 'GEOM'
  | 'SITE'
  | 'CAMERA'
  | 'LIGHT'
  | 'TENDON'
  | 'ACTUATOR'
  | 'SENSOR'
  | 'HFIELD'
  | 'EQUALITY'
  | 'PAIR'
  | 'MATERIAL';

const PREFIXES: readonly (readonly [RegExp, Kind])[] = [
  [/^(body_|x(?:pos|quat|mat|ipos|imat|frc_applied)$|subtree_|c(?:vel|acc|inert|frc_int|frc_ext)$)/, 'BODY'],
  [/^(jnt_|dof_|qpos|qvel$|qacc|qfrc_|xanchor$|xaxis$)/, 'JOINT'],
  [/^geom_/, 'GEOM'],
  [/^site_/, 'SITE'],
  [/^cam_/, 'CAMERA'],
  [/^light_/, 'LIGHT'],
  [/^(ten_|tendon_)/, 'TENDON'],
  [/^(actuator_|ctrl$|act$)/, 'ACTUATOR'],
  [/^(sensor_|sensordata$)/, 'SENSOR'],
  [/^hfield_/, 'HFIELD'],
  [/^eq_/, 'EQUALITY'],
  [/^pair_/, 'PAIR'],
  [/^mat_/, 'MATERIAL'],
];
const COUNTS: Record<Kind, keyof MjModel> = {
  BODY: 'nbody',
  JOINT: 'njnt',
  GEOM: 'ngeom',
  SITE: 'nsite',
  CAMERA: 'ncam',
  LIGHT: 'nlight',
  TENDON: 'ntendon',
  ACTUATOR: 'nu',
  SENSOR: 'nsensor',
  HFIELD: 'nhfield',
  EQUALITY: 'neq',
  PAIR: 'npair',
  MATERIAL: 'nmat',
};
/** Numbers per joint in qpos and in the arrays over degrees of freedom: free, ball, slide, hinge. */
const POSITIONS = [7, 4, 1, 1];
const VELOCITIES = [6, 3, 1, 1];

export interface Row {
  readonly start: number;
  readonly length: number;
}

/** The id of a named object. @throws ModelError naming those that exist. */
export function objectId(module: MainModule, model: MjModel, kind: Kind, name: string): number {
  const type = module.mjtObj[`mjOBJ_${kind}`].value;
  const id = module.mj_name2id(model, type, name);
  if (id >= 0) return id;
  const count = Number(model[COUNTS[kind]]);
  const names = Array.from({ length: count }, (_, i) => nameOf(module, model, type, i)).filter(Boolean);
  throw new ModelError(
    `the model has no ${kind.toLowerCase()} '${name}'; it has: ${names.join(', ') || 'none'}`,
  );
}

/** Arrays over objects that have no row for each: matrices that MuJoCo keeps without their zeros. */
const SPARSE = /^(actuator_moment|ten_J|ten_J_colind)$/;

/** The kind of object that an array of MuJoCo has rows for; undefined where there is none. */
function findKind(field: string): Kind | undefined {
  return SPARSE.test(field) ? undefined : PREFIXES.find(([pattern]) => pattern.test(field))?.[1];
}

export function kindOf(field: string): Kind {
  const kind = findKind(field);
  if (kind === undefined) throw new ModelError(`rows of '${field}' have no names`);
  return kind;
}

/** An array of the model or of its data. @throws ModelError for what is none, and for flags, which the bindings refuse */
export function arrayOf(owner: MjModel | MjData, field: string, title: 'mjModel' | 'mjData'): NumericArray {
  let found: unknown;
  try {
    found = (owner as unknown as Record<string, unknown>)[field];
  } catch {
    throw new ModelError(`'${field}' of ${title} holds flags, which MuJoCo's bindings do not give out`);
  }
  if (!ArrayBuffer.isView(found)) throw new ModelError(`MuJoCo has no array '${field}' in ${title}`);
  return found as NumericArray;
}

/** Where the row of a named object lies in an array of `length` numbers. */
export function rowOf(module: MainModule, model: MjModel, field: string, length: number, name: string): Row {
  const kind = kindOf(field);
  const id = objectId(module, model, kind, name);
  if (kind === 'SENSOR' && field === 'sensordata')
    return { start: model.sensor_adr[id], length: model.sensor_dim[id] };
  if (field === 'hfield_data') {
    return { start: model.hfield_adr[id], length: model.hfield_nrow[id] * model.hfield_ncol[id] };
  }
  if (kind === 'JOINT' && /^qpos/.test(field)) {
    return { start: model.jnt_qposadr[id], length: POSITIONS[model.jnt_type[id]] };
  }
  if (kind === 'JOINT' && /^(dof_|qvel|qacc|qfrc_)/.test(field)) {
    const width = length / model.nv;
    return { start: model.jnt_dofadr[id] * width, length: VELOCITIES[model.jnt_type[id]] * width };
  }
  if (field === 'act') return { start: model.actuator_actadr[id], length: model.actuator_actnum[id] };
  const width = length / Number(model[COUNTS[kind]]);
  return { start: id * width, length: width };
}

/** All rows of an array: one per degree of freedom in those over degrees of freedom, else one per object, or per number. */
export function rowsOf(model: MjModel, field: string, length: number): Row[] {
  const kind = findKind(field);
  if (kind === 'JOINT' && /^qpos/.test(field))
    return Array.from({ length: model.njnt }, (_, id) => ({
      start: model.jnt_qposadr[id],
      length: POSITIONS[model.jnt_type[id]],
    }));
  const objects = kind === undefined ? length : Number(model[COUNTS[kind]]);
  const count = isOverVelocities(field) ? model.nv : objects;
  return Array.from({ length: count }, (_, i) => ({ start: (i * length) / count, length: length / count }));
}

const isOverVelocities = (field: string): boolean => field.startsWith('dof_');

/** The name of the object that row `index` of `rowsOf` belongs to, `#index` if it has none. */
export function rowName(module: MainModule, model: MjModel, field: string, index: number): string {
  const kind = findKind(field);
  if (kind === undefined) return `#${index}`;
  const id = isOverVelocities(field) ? model.dof_jntid[index] : index;
  return nameOf(module, model, module.mjtObj[`mjOBJ_${kind}`].value, id) ?? `#${id}`;
}

/** The name of an object; undefined if it has none, for which the bindings give some text all the same. */
function nameOf(module: MainModule, model: MjModel, type: number, id: number): string | undefined {
  const name = module.mj_id2name(model, type, id);
  return name && module.mj_name2id(model, type, name) === id ? name : undefined;
}
