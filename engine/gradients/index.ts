/**
 * The gradients of TensorFlow.js's kernels, registered by importing this file. TensorFlow.js's own are not part of
 * its core package as Node loads it; these differ from them where those are wrong (broadcast products) or slow.
 */
import './tape.ts';
import './binary.ts';
import './matmul.ts';
import './reduction.ts';
import './shape.ts';
import './unary.ts';
import './missing.ts';
