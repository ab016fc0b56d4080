/**
 * Registers TensorFlow.js's gradients. The Node build of its core leaves them out; its layers package registers
 * all of them when it is loaded, and nothing else of it is used.
 */
import '@tensorflow/tfjs-layers';
