import { describe } from 'vitest';
import { hostile, hostileComparison } from './support/hostile.ts';

describe('a comparison with every hostile agent', () => {
  hostileComparison(Object.keys(hostile));
});
