import { describe } from 'vitest';
import { hostileComparison } from './support/hostile.ts';

describe('a comparison with hostile agents', () => {
  hostileComparison(['silent', 'spinning', 'leaving', 'later', 'painting', 'greedy', 'noisy']);
});
