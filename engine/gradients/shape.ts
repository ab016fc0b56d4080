/** Gradients of operations that move, repeat, cut or gather. */
import * as tf from '@tensorflow/tfjs-core';
import { registerGradient } from '@tensorflow/tfjs-core';
import { fromInput, fromInputs, fromList } from './register.ts';
import { sumTo } from './sum-to.ts';

fromInput('Reshape', (dy, x) => tf.reshape(dy, x.shape));
fromInput('ExpandDims', (dy, x) => tf.reshape(dy, x.shape), 'input');
fromInput('BroadcastTo', (dy, x) => sumTo(dy, x.shape));
fromInput('Transpose', (dy, _x, { perm }) => {
  const axes = perm as number[];
  return tf.transpose(
    dy,
    axes.map((_, i) => axes.indexOf(i)),
  );
});
fromInput('Tile', (dy, x, { reps }) => {
  const repeats = reps as number[];
  const split = x.shape.flatMap((length, i) => [repeats[i], length]);
  const sums = x.shape.map((_, i) => 2 * i).filter((_, i) => repeats[i] > 1);
  const folded = sums.length === 0 ? dy : tf.sum(tf.reshape(dy, split), sums);
  return tf.reshape(folded, x.shape);
});
fromInput('Reverse', (dy, _x, { dims }) => tf.reverse(dy, dims as number[]));

fromList('Concat', (dy, operands, { axis }) => {
  const at = tf.util.parseAxisParam(axis as number, operands[0].shape)[0];
  const pieces = tf.split(
    dy,
    operands.map((x) => x.shape[at]),
    at,
  );
  return pieces.map((piece) => () => piece);
});
/**
 * TensorFlow.js gives the gradient of a single result without a list, and one of zeros, where a result is not used, the result's type.
 */
const listOf = (dys: tf.Tensor | tf.Tensor[]) => [dys].flat().map((dy) => tf.cast(dy, 'float32'));

fromList('Pack', (dy, _operands, { axis }) => tf.unstack(dy, axis as number).map((piece) => () => piece));
registerGradient({
  kernelName: 'Unpack',
  gradFunc: (dys, _saved, { axis }) => ({ value: () => tf.stack(listOf(dys), axis as number) }),
});
registerGradient({
  kernelName: 'SplitV',
  gradFunc: (dys, _saved, { axis }) => ({ x: () => tf.concat(listOf(dys), axis as number) }),
});

fromInput('Slice', (dy, x, { begin, size }) => {
  const [from, lengths] = tf.slice_util.parseSliceParams(x, begin as number[], size as number[]);
  return tf.pad(
    dy,
    from.map((start, i) => [start, x.shape[i] - start - lengths[i]]),
  );
});
fromInput('PadV2', (dy, x, { paddings }) =>
  tf.slice(
    dy,
    (paddings as [number, number][]).map(([before]) => before),
    x.shape,
  ),
);
/** What lies in the margins goes back to the places that it mirrors. */
fromInput('MirrorPad', (dy, x, { paddings, mode }) => {
  const edge = mode === 'reflect' ? 1 : 0;
  return (paddings as [number, number][]).reduce((gradient, [before, after], axis) => {
    const length = x.shape[axis];
    const part = (start: number, count: number) =>
      tf.slice(
        gradient,
        gradient.shape.map((_, i) => (i === axis ? start : 0)),
        gradient.shape.map((n, i) => (i === axis ? count : n)),
      );
    const margin = (start: number, count: number, place: number) =>
      tf.pad(
        tf.reverse(part(start, count), axis),
        gradient.shape.map((_, i) => (i === axis ? [place, length - place - count] : [0, 0])),
      );
    let sum = part(before, length);
    if (before > 0) sum = tf.add(sum, margin(0, before, edge));
    if (after > 0) sum = tf.add(sum, margin(before + length, after, length - edge - after));
    return sum;
  }, dy);
});
fromInput('StridedSlice', (dy, x, a) => {
  const info = tf.slice_util.sliceInfo(
    x.shape,
    a.begin as number[],
    a.end as number[],
    a.strides as number[],
    a.beginMask as number,
    a.endMask as number,
    a.ellipsisMask as number,
    a.newAxisMask as number,
    a.shrinkAxisMask as number,
  );
  const lengths = x.shape.map((_, i) =>
    Math.max(0, Math.ceil((info.end[i] - info.begin[i]) / info.strides[i])),
  );
  // Where each element of the flat result came from in the flat operand.
  const steps = x.shape.map((_, i) => x.shape.slice(i + 1).reduce((product, n) => product * n, 1));
  let places = [0];
  lengths.forEach((length, axis) => {
    places = places.flatMap((place) =>
      Array.from({ length }, (_, k) => place + (info.begin[axis] + k * info.strides[axis]) * steps[axis]),
    );
  });
  const indices = tf.tensor2d(places, [places.length, 1], 'int32');
  return tf.reshape(tf.scatterND(indices, tf.reshape(dy, [places.length]), [x.size]), x.shape);
});

fromInputs('GatherV2', ['x', 'indices'], (dy, [x, indices], { axis, batchDims }) => [
  () => {
    const at = tf.util.parseAxisParam(axis as number, x.shape)[0];
    const batch = (batchDims as number) < 0 ? (batchDims as number) + indices.rank : (batchDims as number);
    // The axis to the front (after the batch), one row of the result for each index.
    const count = indices.shape.length - batch;
    const front = Array.from({ length: batch }, (_, i) => i);
    const before = Array.from({ length: at - batch }, (_, i) => batch + i);
    const places = Array.from({ length: count }, (_, i) => at + i);
    const after = Array.from({ length: dy.rank - at - count }, (_, i) => at + count + i);
    const rows = tf.transpose(dy, [...front, ...places, ...before, ...after]);
    const rest = [...x.shape.slice(batch, at), ...x.shape.slice(at + 1)];
    const batchSize = x.shape.slice(0, batch).reduce((product, n) => product * n, 1);
    const length = x.shape[at];
    const offsets = tf.range(0, batchSize * length, length, 'int32');
    const flat = tf.reshape(tf.cast(indices, 'int32'), [batchSize, -1]);
    const ids = tf.reshape(tf.add(flat, tf.reshape(offsets, [batchSize, 1])), [-1]);
    const width = rest.reduce((product, n) => product * n, 1);
    const sums = tf.unsortedSegmentSum(
      tf.reshape(rows, [ids.size, width]),
      ids as tf.Tensor1D,
      batchSize * length,
    );
    const shaped = tf.reshape(sums, [...x.shape.slice(0, batch), length, ...rest]);
    const order = [
      ...front,
      ...before.map((i) => i + 1),
      batch,
      ...rest.slice(at - batch).map((_, i) => at + 1 + i),
    ];
    return tf.transpose(shaped, order);
  },
  () => tf.cast(tf.zerosLike(indices), 'float32'),
]);
fromInputs('GatherNd', ['params', 'indices'], (dy, [params, indices]) => [
  () => {
    const places = tf.cast(indices, 'int32');
    // One place is no list of places to scattering.
    return indices.rank === 1
      ? tf.scatterND(tf.expandDims(places, 0), tf.expandDims(dy, 0), params.shape)
      : tf.scatterND(places, dy, params.shape);
  },
  () => tf.cast(tf.zerosLike(indices), 'float32'),
]);
/** Scattering takes a list of indices as a list of tuples of one, gathering as one tuple. */
function tuples(indices: tf.Tensor): tf.Tensor {
  const numbers = tf.cast(indices, 'int32');
  return numbers.rank === 1 ? tf.reshape(numbers, [numbers.size, 1]) : numbers;
}

fromInputs('ScatterNd', ['indices', 'updates'], (dy, [indices]) => [
  () => tf.cast(tf.zerosLike(indices), 'float32'),
  () => tf.gatherND(dy, tuples(indices)),
]);
fromInputs('TensorScatterUpdate', ['tensor', 'indices', 'updates'], (dy, [, indices, updates]) => [
  () => tf.tensorScatterUpdate(dy, tf.cast(indices, 'int32'), tf.zerosLike(updates)),
  () => tf.cast(tf.zerosLike(indices), 'float32'),
  () => tf.gatherND(dy, tuples(indices)),
]);
fromInputs('UnsortedSegmentSum', ['x', 'segmentIds'], (dy, [, segmentIds]) => [
  () => tf.gather(dy, tf.cast(segmentIds, 'int32') as tf.Tensor1D),
  () => tf.cast(tf.zerosLike(segmentIds), 'float32'),
]);
fromInput('OneHot', (_dy, indices) => tf.cast(tf.zerosLike(indices), 'float32'), 'indices');
