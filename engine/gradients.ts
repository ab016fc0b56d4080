/** Registers the gradients of TensorFlow.js's kernels when imported. */
import './gradients/index.ts';
