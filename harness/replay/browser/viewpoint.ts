/** From where a scene is looked at: one of the model's cameras, then freely about what it looks at. */
import * as THREE from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';
import { cameraStart, focusStart, POSE, type Scene } from '../scene.ts';

export class Viewpoint {
  /** Vertical, degrees at 4:3. */
  fieldOfView = 45;
  private readonly controls: OrbitControls;
  private scene: Scene = { shapes: [], cameras: [], extent: 1 };
  private chosen = 0;
  private followed = new THREE.Vector3();

  /** @param moved called when the reader turns the view */
  constructor(
    private readonly camera: THREE.PerspectiveCamera,
    element: HTMLElement,
    moved: () => void,
  ) {
    this.controls = new OrbitControls(camera, element);
    this.controls.addEventListener('change', moved);
  }

  setScene(scene: Scene): void {
    this.scene = scene;
  }

  /** Stands where a camera of the model stands. @returns metres to what is looked at, and that thing's size */
  choose(index: number, pose: Float64Array): { distance: number; reach: number } {
    const focus = this.place(pose, focusStart(this.scene));
    const given = this.scene.cameras[index];
    this.chosen = index;
    this.fieldOfView = given?.fieldOfView ?? 45;
    let distance: number;
    if (given === undefined) {
      const offset = new THREE.Vector3(1, -1.6, 0.9).multiplyScalar(this.scene.extent);
      this.camera.position.copy(focus).add(offset);
      this.controls.target.copy(focus);
      distance = offset.length();
    } else {
      const at = cameraStart(this.scene) + POSE * index;
      this.camera.position.copy(this.place(pose, at));
      const turn = new THREE.Quaternion(pose[at + 4], pose[at + 5], pose[at + 6], pose[at + 3]);
      const ahead = new THREE.Vector3(0, 0, -1).applyQuaternion(turn);
      distance = Math.max(focus.clone().sub(this.camera.position).dot(ahead), 0.1 * this.scene.extent);
      this.controls.target.copy(this.camera.position).addScaledVector(ahead, distance);
    }
    this.followed = this.followedPlace(pose);
    this.controls.update();
    return { distance, reach: 2.4 * distance * Math.tan((this.fieldOfView * Math.PI) / 360) };
  }

  /** Goes along with what the chosen camera goes along with. */
  follow(pose: Float64Array): void {
    const now = this.followedPlace(pose);
    const way = now.clone().sub(this.followed);
    this.camera.position.add(way);
    this.controls.target.add(way);
    this.followed = now;
    this.controls.update();
  }

  private followedPlace(pose: Float64Array): THREE.Vector3 {
    const given = this.scene.cameras[this.chosen];
    if (given === undefined) return this.place(pose, focusStart(this.scene));
    return given.follows
      ? this.place(pose, cameraStart(this.scene) + POSE * this.chosen)
      : new THREE.Vector3();
  }

  private place(pose: Float64Array, at: number): THREE.Vector3 {
    return new THREE.Vector3(pose[at], pose[at + 1], pose[at + 2]);
  }
}
