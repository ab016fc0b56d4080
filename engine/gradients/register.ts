/** Short forms for registering the gradient of a kernel with TensorFlow.js's tape. */
import { type NamedAttrMap, registerGradient, type Tensor } from '@tensorflow/tfjs-core';

type Attributes = NamedAttrMap;

/** The gradient of a kernel of one operand, from the operand. */
export function fromInput(
  kernelName: string,
  gradient: (dy: Tensor, x: Tensor, attributes: Attributes) => Tensor,
  operand = 'x',
): void {
  registerGradient({
    kernelName,
    inputsToSave: [operand],
    gradFunc: (dy, [x], attributes) => ({ [operand]: () => gradient(dy as Tensor, x, attributes) }),
  });
}

/** The gradient of a kernel of one operand, from its result. */
export function fromOutput(
  kernelName: string,
  gradient: (dy: Tensor, y: Tensor, attributes: Attributes) => Tensor,
  operand = 'x',
): void {
  registerGradient({
    kernelName,
    outputsToSave: [true],
    gradFunc: (dy, [y], attributes) => ({ [operand]: () => gradient(dy as Tensor, y, attributes) }),
  });
}

/** The gradients of a kernel of several named operands, each from all of them. */
export function fromInputs(
  kernelName: string,
  operands: readonly string[],
  gradient: (dy: Tensor, saved: Tensor[], attributes: Attributes) => readonly (() => Tensor)[],
): void {
  registerGradient({
    kernelName,
    inputsToSave: [...operands],
    gradFunc: (dy, saved, attributes) => {
      const gradients = gradient(dy as Tensor, saved, attributes);
      return Object.fromEntries(operands.map((operand, i) => [operand, gradients[i]]));
    },
  });
}

/** The gradients of a kernel of a list of operands. */
export function fromList(
  kernelName: string,
  gradient: (dy: Tensor, operands: Tensor[], attributes: Attributes) => readonly (() => Tensor)[],
): void {
  registerGradient({
    kernelName,
    saveAllInputs: true,
    gradFunc: (dy, saved, attributes) =>
      Object.fromEntries(gradient(dy as Tensor, saved, attributes).entries()),
  });
}
