/**
 * What there is to see of a simulation: its shapes and cameras, and where they are. Read from MuJoCo's compiled
 * model, in Node and in a browser alike.
 *
 * MuJoCo's own viewers decide what is visible: geoms, sites and tendons of groups 0 to 2 that are not transparent;
 * a colour of the geom's own wins over its material's.
 */
import { encodeArray } from '../../envs/encoding.ts';
import type { NumericArray } from '../../envs/model-memory.ts';
import type { MjModel } from '../../envs/mujoco.ts';
import type { Physics } from '../../envs/physics.ts';

/** In the order of mjtGeom; a cord is a stretch of a tendon. */
const KINDS = ['plane', 'hfield', 'sphere', 'capsule', 'ellipsoid', 'cylinder', 'box', 'mesh'] as const;
export type ShapeKind = (typeof KINDS)[number] | 'cord';

/** A picture on a surface; rows from the bottom. */
export interface Texture {
  readonly width: number;
  readonly height: number;
  /** RGB bytes, base64. */
  readonly pixels: string;
  /** Repetitions over the surface, or per metre if uniform. */
  readonly repeat: readonly [number, number];
  readonly uniform: boolean;
}

/** Triangles in the shape's own frame; arrays are base64. */
export interface Surface {
  /** Float64 [vertices, 3], m. */
  readonly vertices: string;
  /** Uint32 [triangles, 3]. */
  readonly triangles: string;
}

export interface Shape {
  readonly kind: ShapeKind;
  /** MuJoCo's sizes (half lengths and radii), m. */
  readonly size: readonly [number, number, number];
  /** Red, green, blue, opacity in [0, 1]. */
  readonly colour: readonly [number, number, number, number];
  readonly texture?: Texture;
  /** Of a mesh or a height field. */
  readonly surface?: Surface;
}

export interface SceneCamera {
  readonly name: string;
  /** Vertical field of view, degrees. */
  readonly fieldOfView: number;
  /** Moves with a body. */
  readonly follows: boolean;
}

export interface Scene {
  readonly shapes: readonly Shape[];
  readonly cameras: readonly SceneCamera[];
  /** Size of the model, m. */
  readonly extent: number;
}

/** Numbers per shape and camera in a pose: place and quaternion (w, x, y, z); of a cord, its two ends. */
export const POSE = 7;

/** Where the pose of the first camera is; after the cameras comes the focus, 3 numbers. */
export const cameraStart = ({ shapes }: Scene): number => POSE * shapes.length;
export const focusStart = ({ shapes, cameras }: Scene): number => POSE * (shapes.length + cameras.length);
/** Length of a pose of the whole scene. */
export const poseSize = (scene: Scene): number => focusStart(scene) + 3;

/** The scene of a simulation, which must have had a forward pass. */
export class SceneReader {
  readonly scene: Scene;
  private readonly geoms: readonly number[];
  private readonly sites: readonly number[];
  private readonly cords: readonly { readonly tendon: number; readonly stretch: number }[];
  private readonly focusBody: number;

  constructor(private readonly physics: Physics) {
    const { mjModel } = physics;
    this.geoms = visible(mjModel, 'geom', mjModel.ngeom);
    this.sites = visible(mjModel, 'site', mjModel.nsite);
    this.cords = visibleCords(physics);
    this.focusBody = heaviestTree(mjModel);
    const stat = mjModel.stat;
    this.scene = {
      shapes: [
        ...this.geoms.map((id) => geomShape(mjModel, id)),
        ...this.sites.map((id) => plainShape(mjModel, 'site', id)),
        ...this.cords.map(({ tendon }) => cordShape(mjModel, tendon)),
      ],
      cameras: Array.from({ length: mjModel.ncam }, (_, id) => ({
        name: physics.rowName('cam_fovy', id),
        fieldOfView: mjModel.cam_fovy[id],
        follows: mjModel.cam_bodyid[id] > 0 || mjModel.cam_mode[id] > 0,
      })),
      extent: stat.extent,
    };
    stat.delete();
  }

  /** Where everything is. @param pose [poseSize], overwritten */
  read(pose: Float64Array): void {
    const { mjData, mjModel } = this.physics;
    let at = 0;
    const put = (places: NumericArray, frames: NumericArray, id: number) => {
      for (let i = 0; i < 3; i++) pose[at + i] = places[3 * id + i];
      putQuaternion(frames, 9 * id, pose, at + 3);
      at += POSE;
    };
    const { geom_xpos, geom_xmat, site_xpos, site_xmat, cam_xpos, cam_xmat } = mjData;
    for (const id of this.geoms) put(geom_xpos, geom_xmat, id);
    for (const id of this.sites) put(site_xpos, site_xmat, id);
    const { ten_wrapadr, ten_wrapnum, wrap_xpos } = mjData;
    for (const { tendon, stretch } of this.cords) {
      const first = ten_wrapadr[tendon] + Math.min(stretch, ten_wrapnum[tendon] - 2);
      for (let i = 0; i < 6; i++) pose[at + i] = wrap_xpos[3 * first + i];
      at += POSE;
    }
    for (let id = 0; id < mjModel.ncam; id++) put(cam_xpos, cam_xmat, id);
    const { subtree_com } = mjData;
    for (let i = 0; i < 3; i++) pose[at + i] = subtree_com[3 * this.focusBody + i];
  }
}

type Kind = 'geom' | 'site';

function visible(model: MjModel, kind: Kind, count: number): number[] {
  const groups = model[`${kind}_group`];
  return Array.from({ length: count }, (_, id) => id).filter(
    (id) => groups[id] <= 2 && colour(model, kind, id)[3] > 0,
  );
}

/** Stretches between the points of spatial tendons; their number is taken as fixed. */
function visibleCords({ mjModel, mjData }: Physics): { tendon: number; stretch: number }[] {
  return Array.from({ length: mjModel.ntendon }, (_, tendon) => tendon)
    .filter((tendon) => mjModel.tendon_group[tendon] <= 2 && colour(mjModel, 'tendon', tendon)[3] > 0)
    .flatMap((tendon) => {
      const stretches = Math.max(0, mjData.ten_wrapnum[tendon] - 1);
      return Array.from({ length: stretches }, (_, stretch) => ({ tendon, stretch }));
    });
}

/** The body on the ground floor of the tree that weighs most with all that hangs on it. */
function heaviestTree({ nbody, body_parentid, body_subtreemass, body_dofnum }: MjModel): number {
  const moves = (body: number) => body_dofnum[body] > 0;
  let best = 0;
  for (let body = 1; body < nbody; body++) {
    if (body_parentid[body] !== 0) continue;
    const better = best === 0 || body_subtreemass[body] > body_subtreemass[best];
    if ((better && moves(body) === moves(best)) || (moves(body) && !moves(best))) best = body;
  }
  return best;
}

const PLAIN = [0.5, 0.5, 0.5, 1];

function colour(model: MjModel, kind: Kind | 'tendon', id: number): [number, number, number, number] {
  const own = [...model[`${kind}_rgba`].subarray(4 * id, 4 * id + 4)];
  const material = model[`${kind}_matid`][id];
  const given = own.some((value, i) => value !== PLAIN[i]);
  const [r, g, b, a] = given || material < 0 ? own : model.mat_rgba.subarray(4 * material, 4 * material + 4);
  return [r, g, b, a];
}

function plainShape(model: MjModel, kind: Kind, id: number): Shape {
  const type = model[`${kind}_type`][id];
  const [x, y, z] = model[`${kind}_size`].subarray(3 * id, 3 * id + 3);
  return { kind: KINDS[type] ?? 'sphere', size: [x, y, z], colour: colour(model, kind, id) };
}

function geomShape(model: MjModel, id: number): Shape {
  const shape = plainShape(model, 'geom', id);
  const material = model.geom_matid[id];
  const texture = material < 0 ? undefined : textureOf(model, material);
  const data = model.geom_dataid[id];
  const surface =
    shape.kind === 'hfield' ? heights(model, data) : shape.kind === 'mesh' ? mesh(model, data) : undefined;
  return { ...shape, ...(texture && { texture }), ...(surface && { surface }) };
}

function cordShape(model: MjModel, tendon: number): Shape {
  const radius = model.tendon_width[tendon];
  return { kind: 'cord', size: [radius, 0, 0], colour: colour(model, 'tendon', tendon) };
}

/** mjTEXROLE_RGB: the role of a material's ordinary texture. */
const COLOUR_ROLE = 1;

/** mjTEXTURE_2D */
const FLAT = 0;

function textureOf(model: MjModel, material: number): Texture | undefined {
  const roles = model.mat_texid.length / model.nmat;
  const texture = model.mat_texid[material * roles + COLOUR_ROLE];
  if (texture < 0 || model.tex_nchannel[texture] !== 3) return undefined;
  const width = model.tex_width[texture];
  // Six faces of a cube lie one below the other; the first stands for all.
  const isFlat = model.tex_type[texture] === FLAT;
  const height = isFlat ? model.tex_height[texture] : Math.min(model.tex_height[texture], width);
  const start = Number(model.tex_adr[texture]);
  const pixels = Uint8Array.from(model.tex_data.subarray(start, start + 3 * width * height));
  const [across, along] = model.mat_texrepeat.subarray(2 * material, 2 * material + 2);
  const accessor = model.mat(material); // arrays of flags cannot be read, only those of one object
  const uniform = Boolean(accessor.texuniform);
  accessor.delete();
  return {
    width,
    height,
    pixels: encodeArray(pixels),
    repeat: [across, along],
    uniform,
  };
}

/** A height field as triangles: a grid over [-x, x] × [-y, y], data in [0, 1] times the height z. */
function heights(model: MjModel, id: number): Surface {
  const [rows, columns] = [model.hfield_nrow[id], model.hfield_ncol[id]];
  const [x, y, z] = model.hfield_size.subarray(4 * id, 4 * id + 3);
  const start = model.hfield_adr[id];
  const vertices = new Float64Array(3 * rows * columns);
  const triangles: number[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      const place = [(2 * column) / (columns - 1) - 1, (2 * row) / (rows - 1) - 1];
      vertices.set([x * place[0], y * place[1], z * model.hfield_data[start + at]], 3 * at);
      if (row === 0 || column === 0) continue;
      const [here, left, below] = [at, at - 1, at - columns];
      triangles.push(below - 1, below, here, below - 1, here, left);
    }
  }
  return { vertices: encodeArray(vertices), triangles: encodeArray(Uint32Array.from(triangles)) };
}

function mesh(model: MjModel, id: number): Surface {
  const [vertex, vertices] = [model.mesh_vertadr[id], model.mesh_vertnum[id]];
  const [face, faces] = [model.mesh_faceadr[id], model.mesh_facenum[id]];
  return {
    vertices: encodeArray(Float64Array.from(model.mesh_vert.subarray(3 * vertex, 3 * (vertex + vertices)))),
    triangles: encodeArray(Uint32Array.from(model.mesh_face.subarray(3 * face, 3 * (face + faces)))),
  };
}

/** A rotation matrix (row major) as a unit quaternion w, x, y, z, by its largest component. */
function putQuaternion(m: NumericArray, from: number, to: Float64Array, at: number): void {
  const e = (row: number, column: number) => m[from + 3 * row + column];
  const squares = [
    1 + e(0, 0) + e(1, 1) + e(2, 2),
    1 + e(0, 0) - e(1, 1) - e(2, 2),
    1 - e(0, 0) + e(1, 1) - e(2, 2),
    1 - e(0, 0) - e(1, 1) + e(2, 2),
  ]; // 4 w², 4 x², 4 y², 4 z²
  const largest = squares.indexOf(Math.max(...squares));
  // Row i: 4 × component i times each component.
  const products = [
    [squares[0], e(2, 1) - e(1, 2), e(0, 2) - e(2, 0), e(1, 0) - e(0, 1)],
    [e(2, 1) - e(1, 2), squares[1], e(0, 1) + e(1, 0), e(0, 2) + e(2, 0)],
    [e(0, 2) - e(2, 0), e(0, 1) + e(1, 0), squares[2], e(1, 2) + e(2, 1)],
    [e(1, 0) - e(0, 1), e(0, 2) + e(2, 0), e(1, 2) + e(2, 1), squares[3]],
  ][largest];
  const scale = 2 * Math.sqrt(squares[largest]);
  for (let i = 0; i < 4; i++) to[at + i] = products[i] / scale;
}
