/** Random draws have no place in a compiled function: what is drawn while it is traced would be the same at every call. */
import * as tf from '@tensorflow/tfjs-core';
import { UnsupportedOperationError } from './errors.ts';

export const DRAW_ON_HOST = 'draw noise on the host (engine/random.ts) and pass it in as an input';

/** TensorFlow.js draws these on the host, most without a kernel that a backend would see; other draws call them. */
const DRAWS = new Set(
  ['multinomial', 'rand', 'randomGamma', 'randomNormal', 'randomUniform', 'truncatedNormal'].map(
    (name) => `${name}__op`,
  ),
);

/** Runs `body`, in which random operations and Math.random() throw. @throws UnsupportedOperationError */
export function withoutRandomDraws<T>(body: () => T): T {
  const engine = tf.engine();
  const { startScope } = engine;
  const { random } = Math;
  engine.startScope = (name?: string) => {
    if (name !== undefined && DRAWS.has(name)) {
      throw new UnsupportedOperationError(name.replace('__op', ''), DRAW_ON_HOST);
    }
    startScope.call(engine, name);
  };
  Math.random = () => {
    throw new UnsupportedOperationError('Math.random', DRAW_ON_HOST);
  };
  try {
    return body();
  } finally {
    engine.startScope = startScope;
    Math.random = random;
  }
}
