/**
 * An environment of one's own without MuJoCo: a puck glides on a table and is steered to a mark.
 *
 *   harness check-task ./my-environment.ts
 *   harness compare --agents rfm-flow,sac --tasks ./my-environment.ts --steps 10k
 *
 * The default export is a class (or a function) that makes an Environment. The harness makes one for training and
 * one per evaluation episode, checks what they return, refuses calls out of order, and saves their state.
 */
import {
  type Environment,
  type EnvironmentState,
  RandomState,
  type TimeStep,
  Tolerance,
  tolerance,
} from 'rfm-harness';

const STEP = 0.05; // s
const FORCE = 2; // N, at the strongest action; the puck has 1 kg
const DRAG = 0.5; // 1/s
const WALL = 2; // m from the middle
const ON_THE_MARK = new Tolerance({ below: 0.1, above: 0, margin: 1 });

export default class GlidingPuck implements Environment {
  // 1. What it is: its name, what an agent sees and gives, how long an episode is.
  readonly task = 'puck-glide';
  readonly episodeLength = 200;
  readonly controlStep = STEP;
  readonly observationSpec = {
    size: 6,
    parts: [
      { name: 'position', shape: [2], offset: 0, size: 2 }, // m
      { name: 'velocity', shape: [2], offset: 2, size: 2 }, // m/s
      { name: 'to_mark', shape: [2], offset: 4, size: 2 }, // m
    ],
  };
  /** Agents act in [-1, 1]; what that means is said in step(). */
  readonly actionSpec = { size: 2, low: Float64Array.of(-1, -1), high: Float64Array.of(1, 1) };

  // 2. Its state. All chance comes from one seeded stream, so that a seed repeats an episode.
  private readonly random = new RandomState(0);
  private position = [0, 0];
  private velocity = [0, 0];
  private mark = [0, 0];
  private steps = 0;

  // 3. An episode begins. With a seed the stream starts anew, without it goes on.
  reset(seed?: number): TimeStep {
    if (seed !== undefined) this.random.seed(seed);
    const anywhere = () => [this.random.uniform(-1.5, 1.5), this.random.uniform(-1.5, 1.5)];
    this.position = anywhere();
    this.mark = anywhere();
    this.velocity = [0, 0];
    this.steps = 0;
    return this.timeStep(0);
  }

  // 4. One control step: forces, then motion (semi-implicit Euler); a wall stops the puck.
  step(action: ArrayLike<number>): TimeStep {
    for (let i = 0; i < 2; i++) {
      this.velocity[i] += STEP * (FORCE * action[i] - DRAG * this.velocity[i]);
      this.position[i] += STEP * this.velocity[i];
      if (Math.abs(this.position[i]) < WALL) continue;
      this.position[i] = Math.sign(this.position[i]) * WALL;
      this.velocity[i] = 0;
    }
    this.steps++;
    return this.timeStep(tolerance(this.distance(), ON_THE_MARK));
  }

  private distance(): number {
    return Math.hypot(this.mark[0] - this.position[0], this.mark[1] - this.position[1]);
  }

  /** `terminated` is a true end (the critic must not look beyond), `truncated` the end of the time. */
  private timeStep(reward: number): TimeStep {
    const toMark = [this.mark[0] - this.position[0], this.mark[1] - this.position[1]];
    const observation = Float64Array.of(...this.position, ...this.velocity, ...toMark);
    const truncated = this.steps >= this.episodeLength;
    return { observation, reward, terminated: false, truncated, discount: 1 };
  }

  // 5. Everything that a later step depends on, as plain JSON: a killed run goes on in the middle of an episode.
  state(): EnvironmentState {
    const { task, position, velocity, mark, steps } = this;
    return {
      task,
      steps,
      position: [...position],
      velocity: [...velocity],
      mark: [...mark],
      random: this.random.snapshot(),
    };
  }

  setState(state: EnvironmentState): void {
    const saved = state as unknown as {
      steps: number;
      position: number[];
      velocity: number[];
      mark: number[];
      random: ReturnType<RandomState['snapshot']>;
    };
    this.steps = saved.steps;
    this.position = [...saved.position];
    this.velocity = [...saved.velocity];
    this.mark = [...saved.mark];
    this.random.restore(saved.random);
  }

  // 6. What must be given back: memory outside of JavaScript, files, sockets. Nothing here.
  dispose(): void {}
}
