/**
 * TensorFlow.js's tape forgets where the results that a gradient saves came from, so that second derivatives through them are zero.
 * Here the tape is told. It also takes operations that lack an operand, and keeps the operands of functions with gradients of their
 * own, which may use them without having saved them (logSigmoid does).
 */
import { engine, type NamedAttrMap, type NamedTensorMap, type Tensor } from '@tensorflow/tfjs-core';
import { MissingGradientError } from '../trace/errors.ts';

interface TapeNode {
  readonly id: number;
  readonly kernelName: string;
  readonly inputs: NamedTensorMap;
  readonly outputs: Tensor[];
  saved: Tensor[];
  readonly gradient?: (dys: Tensor[]) => NamedTensorMap;
}

/** Takes operands, and what saves tensors for the gradient. */
type CustomGradient = (...operandsAndSave: unknown[]) => {
  readonly value: Tensor;
};

/** What is used of TensorFlow.js's engine; public in effect, private in the typings. */
interface Recorder {
  readonly state: { activeTape?: TapeNode[]; nextTapeNodeId: number };
  addTapeNode(
    kernelName: string,
    inputs: NamedTensorMap,
    outputs: Tensor[],
    gradient: unknown,
    saved: Tensor[],
    attributes: NamedAttrMap,
  ): void;
  getTensorsForGradient(kernelName: string, inputs: NamedTensorMap, outputs: Tensor[]): Tensor[];
  customGrad(f: CustomGradient): (...operands: Tensor[]) => Tensor;
  isTapeOn(): boolean;
  clone(tensor: Tensor): Tensor;
  keep(tensor: Tensor): Tensor;
}

/** Another copy of this file in the process may have been here. */
const DONE = Symbol.for('rfm-harness.tape');

function tellTape(): void {
  const recorder = engine() as unknown as Recorder & { [DONE]?: true };
  if (recorder[DONE]) return;
  recorder[DONE] = true;
  const { addTapeNode: record, getTensorsForGradient: savedOf, customGrad } = recorder;
  /** What the function that is being recorded was given in place of its operands. */
  let kept: Tensor[] = [];
  recorder.customGrad = function (f) {
    return (...operands) => {
      if (!this.isTapeOn()) return customGrad.call(this, f)(...operands);
      const withCopies: CustomGradient = (...given) => {
        const save = given.pop();
        const copies = (given as Tensor[]).map((tensor) => this.keep(this.clone(tensor)));
        const result = f(...copies, save);
        kept = copies;
        // A result that is disposed of with the copies would be none.
        return copies.includes(result?.value) ? { ...result, value: result.value.clone() } : result;
      };
      try {
        return customGrad.call(this, withCopies)(...operands);
      } finally {
        kept = [];
      }
    };
  };
  // Operands that are left out, as batchNorm's scale may be.
  recorder.getTensorsForGradient = function (kernelName, inputs, outputs) {
    return savedOf.call(this, kernelName, inputs, outputs).filter((tensor) => tensor !== undefined);
  };
  recorder.addTapeNode = function (kernelName, operands, outputs, gradient, ownSaved, attributes) {
    const copied = kept;
    const saved = [...ownSaved, ...copied];
    kept = [];
    const missing = Object.values(operands).includes(undefined as unknown as Tensor);
    const present = Object.entries(operands).filter(([, tensor]) => tensor !== undefined);
    const inputs = missing ? Object.fromEntries(present) : operands;
    record.call(this, kernelName, inputs, outputs, gradient, ownSaved, attributes);
    const tape = this.state.activeTape;
    // The tape disposes of what a node has saved, once it is done; its gradient is given its own alone.
    if (copied.length > 0 && tape !== undefined) tape[tape.length - 1].saved = saved;
    if (saved.length === 0 || tape === undefined) return;
    const operation = tape.length - 1;
    const copies = copiesBefore(tape, operation, saved);
    const [given, made] = [[...Object.values(inputs), ...copied], outputs].map(
      (list) => new Set(list.map((tensor) => tensor.id)),
    );
    for (const copy of copies) {
      const { id } = copy.inputs.x;
      if (given.has(id)) continue;
      // A copy of a result was recorded before the operation that has the result.
      tape.splice(tape.lastIndexOf(copy), 1);
      if (!made.has(id)) {
        const source = {
          id: this.state.nextTapeNodeId++,
          kernelName,
          inputs,
          outputs: [copy.inputs.x],
          saved: [],
        };
        tape.push({ ...source, gradient: () => refuse(kernelName) });
      }
      tape.push(copy);
    }
  };
}

/** The nodes that copied what the operation saved: they lie before it. */
function copiesBefore(tape: readonly TapeNode[], operation: number, saved: readonly Tensor[]): TapeNode[] {
  const ids = new Set(saved.map(({ id }) => id));
  const copies: TapeNode[] = [];
  for (let i = operation - 1; i >= 0 && copies.length < ids.size; i--) {
    if (tape[i].outputs.length === 1 && ids.has(tape[i].outputs[0].id)) copies.unshift(tape[i]);
  }
  return copies;
}

function refuse(kernelName: string): never {
  throw new MissingGradientError(
    kernelName.replace('__op', ''),
    'its gradient uses a tensor that is neither its operand nor its result; write it with other operations',
    'second derivative',
  );
}

tellTape();
