/** Draws a scene with three.js: one mesh per shape, moved from frame to frame. */
import * as THREE from 'three';
import { decodeFloat64, decodeUint8, decodeUint32 } from '../../../envs/encoding.ts';
import { focusStart, POSE, type Scene, type Shape, type Texture } from '../scene.ts';

/** Half the side of a plane without end, m. */
const ENDLESS = 150;
const SKY = 0xdfe7ee;

export class Painter {
  readonly camera = new THREE.PerspectiveCamera(45, 4 / 3, 0.01, 1000);
  private readonly renderer: THREE.WebGLRenderer;
  private readonly sun = new THREE.DirectionalLight(0xffffff, 2.1);
  private readonly world = new THREE.Scene();
  private objects: { readonly object: THREE.Object3D; readonly kind: Shape['kind'] }[] = [];
  private scene: Scene = { shapes: [], cameras: [], extent: 1 };

  /** @throws Error where the browser has no WebGL */
  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('webgl2', { antialias: true, preserveDrawingBuffer: true });
    if (context === null) throw new Error('this browser has no WebGL');
    this.renderer = new THREE.WebGLRenderer({ canvas, context });
    this.renderer.shadowMap.enabled = true;
    this.camera.up.set(0, 0, 1);
    this.world.background = new THREE.Color(SKY);
  }

  /** Replaces what is drawn. */
  setScene(scene: Scene): void {
    this.world.traverse(dispose);
    this.world.clear();
    this.scene = scene;
    this.objects = scene.shapes.map((shape) => ({ object: objectOf(shape), kind: shape.kind }));
    for (const { object } of this.objects) this.world.add(object);
    this.world.add(new THREE.HemisphereLight(0xffffff, 0x8a8f98, 1.7), this.sun, this.sun.target);
    this.world.fog = new THREE.Fog(SKY);
  }

  /** Light, shadow and haze for a view. @param reach size of what is looked at, m; @param distance to it, m */
  light(reach: number, distance: number): void {
    this.camera.near = distance / 100;
    this.camera.far = distance + 4 * ENDLESS;
    Object.assign(this.world.fog ?? {}, { near: distance + 5 * reach, far: distance + 30 * reach });
    const { shadow } = this.sun;
    const half = 0.9 * reach;
    Object.assign(shadow.camera, { left: -half, right: half, top: half, bottom: -half });
    Object.assign(shadow.camera, { near: 0.1 * reach, far: 6 * reach });
    shadow.camera.updateProjectionMatrix();
    shadow.mapSize.set(1024, 1024);
    shadow.normalBias = reach / 400;
    this.sun.castShadow = true;
    this.sun.userData.offset = new THREE.Vector3(-0.9, -1.2, 2.6).multiplyScalar(reach);
  }

  /** Moves everything to its place. */
  place(pose: Float64Array): void {
    this.objects.forEach(({ object, kind }, i) => {
      const at = POSE * i;
      if (kind === 'cord') stretch(object, pose, at);
      else {
        object.position.set(pose[at], pose[at + 1], pose[at + 2]);
        object.quaternion.set(pose[at + 4], pose[at + 5], pose[at + 6], pose[at + 3]);
      }
    });
    const focus = focusStart(this.scene);
    this.sun.target.position.set(pose[focus], pose[focus + 1], pose[focus + 2]);
    this.sun.position.copy(this.sun.target.position).add(this.sun.userData.offset);
  }

  /** Fits the picture to its element. @param fieldOfView vertical angle at 4:3, degrees */
  fit(width: number, height: number, fieldOfView: number): void {
    this.renderer.setPixelRatio(Math.min(2, devicePixelRatio));
    this.renderer.setSize(width, height, false);
    const aspect = width / Math.max(1, height);
    const half = Math.tan((fieldOfView * Math.PI) / 360) * Math.max(1, 4 / 3 / aspect);
    this.camera.aspect = aspect;
    this.camera.fov = (360 / Math.PI) * Math.atan(half);
    this.camera.updateProjectionMatrix();
  }

  draw(): void {
    this.renderer.render(this.world, this.camera);
  }
}

function dispose(object: THREE.Object3D): void {
  if (!(object instanceof THREE.Mesh)) return;
  object.geometry.dispose();
  const material = object.material as THREE.MeshStandardMaterial;
  material.map?.dispose();
  material.dispose();
}

function objectOf(shape: Shape): THREE.Object3D {
  const [red, green, blue, opacity] = shape.colour;
  const material = new THREE.MeshStandardMaterial({
    color: new THREE.Color().setRGB(red, green, blue, THREE.SRGBColorSpace),
    roughness: 0.6,
    transparent: opacity < 1,
    opacity,
    depthWrite: opacity > 0.5,
  });
  if (shape.kind === 'plane' || shape.kind === 'hfield') material.side = THREE.DoubleSide;
  if (shape.texture) {
    material.map = textureOf(shape.texture, shape);
    material.color.set(0xffffff);
    material.roughness = 0.9;
  }
  const mesh = new THREE.Mesh(geometryOf(shape), material);
  mesh.castShadow = shape.kind !== 'plane' && opacity > 0.5;
  mesh.receiveShadow = true;
  mesh.frustumCulled = false;
  return mesh;
}

/** MuJoCo's capsules and cylinders stand along z, three's along y. */
function geometryOf({ kind, size: [x, y, z], surface }: Shape): THREE.BufferGeometry {
  switch (kind) {
    case 'plane':
      // In parts, so that a corner just beside the eye spoils no more than its own part.
      return new THREE.PlaneGeometry(2 * (x || ENDLESS), 2 * (y || ENDLESS), 16, 16);
    case 'sphere':
      return new THREE.SphereGeometry(x, 32, 24);
    case 'ellipsoid':
      return new THREE.SphereGeometry(1, 32, 24).scale(x, y, z);
    case 'capsule':
      return new THREE.CapsuleGeometry(x, 2 * y, 12, 24).rotateX(Math.PI / 2);
    case 'cylinder':
      return new THREE.CylinderGeometry(x, x, 2 * y, 32).rotateX(Math.PI / 2);
    case 'box':
      return new THREE.BoxGeometry(2 * x, 2 * y, 2 * z);
    case 'cord':
      return new THREE.CylinderGeometry(x, x, 1, 8).rotateX(Math.PI / 2);
    case 'mesh':
    case 'hfield': {
      const geometry = new THREE.BufferGeometry();
      if (surface === undefined) return geometry;
      const vertices = Float32Array.from(decodeFloat64(surface.vertices));
      geometry.setAttribute('position', new THREE.BufferAttribute(vertices, 3));
      geometry.setIndex(new THREE.BufferAttribute(decodeUint32(surface.triangles), 1));
      if (kind === 'hfield') geometry.setAttribute('uv', mapFromAbove(vertices, x, y));
      geometry.computeVertexNormals();
      return geometry;
    }
  }
}

/** Height fields have no sizes of their own: their vertices tell. */
function mapFromAbove(vertices: Float32Array, x: number, y: number): THREE.BufferAttribute {
  const map = new Float32Array((vertices.length / 3) * 2);
  for (let i = 0; i < map.length / 2; i++) {
    map[2 * i] = 0.5 + vertices[3 * i] / (2 * (x || 1));
    map[2 * i + 1] = 0.5 + vertices[3 * i + 1] / (2 * (y || 1));
  }
  return new THREE.BufferAttribute(map, 2);
}

function textureOf({ width, height, pixels, repeat, uniform }: Texture, shape: Shape): THREE.Texture {
  const rgb = decodeUint8(pixels);
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(rgb.subarray(3 * i, 3 * i + 3), 4 * i);
  const texture = new THREE.DataTexture(rgba, width, height);
  texture.colorSpace = THREE.SRGBColorSpace;
  texture.wrapS = THREE.RepeatWrapping;
  texture.wrapT = THREE.RepeatWrapping;
  texture.magFilter = THREE.LinearFilter;
  texture.minFilter = THREE.LinearMipmapLinearFilter;
  texture.generateMipmaps = true;
  texture.anisotropy = 8;
  const [x, y] = shape.size;
  const flat = shape.kind === 'plane' || shape.kind === 'hfield';
  const sides = uniform && flat ? [2 * (x || ENDLESS), 2 * (y || ENDLESS)] : flat ? [1, 1] : [4, 2];
  texture.repeat.set(repeat[0] * sides[0], repeat[1] * sides[1]);
  texture.needsUpdate = true;
  return texture;
}

/** Puts a cord of length 1 between two points. */
function stretch(object: THREE.Object3D, pose: Float64Array, at: number): void {
  const from = new THREE.Vector3(pose[at], pose[at + 1], pose[at + 2]);
  const to = new THREE.Vector3(pose[at + 3], pose[at + 4], pose[at + 5]);
  object.position.copy(from).add(to).multiplyScalar(0.5);
  const along = to.sub(from);
  const length = along.length();
  object.visible = length > 0;
  if (!object.visible) return;
  object.scale.set(1, 1, length);
  object.quaternion.setFromUnitVectors(new THREE.Vector3(0, 0, 1), along.divideScalar(length));
}
