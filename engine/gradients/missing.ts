/** Kernels without a gradient say so, with the function's line. Imported last. */
import * as tf from '@tensorflow/tfjs-core';
import { getGradient, registerGradient } from '@tensorflow/tfjs-core';
import { MissingGradientError } from '../trace/errors.ts';

/** Rows of a chosen member (engine/routing.ts), whose number is not known while tracing. */
for (const kernelName of ['SelectRows', 'JoinRows']) {
  registerGradient({
    kernelName,
    gradFunc: () => {
      throw new MissingGradientError('onChosenMember', 'differentiate inside the function that it is given');
    },
  });
}

/** TensorFlow.js exports the names of its kernels. */
for (const [name, kernelName] of Object.entries(tf)) {
  if (typeof kernelName !== 'string' || name !== kernelName) continue;
  if (!/^_?[A-Z][A-Za-z0-9]+$/.test(kernelName) || getGradient(kernelName) !== undefined) continue;
  registerGradient({
    kernelName,
    gradFunc: () => {
      throw new MissingGradientError(kernelName, 'write it with other operations');
    },
  });
}
