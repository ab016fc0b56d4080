import { describe } from 'vitest';
import { growth } from './growing.ts';

describe('a comparison of two seeds that grows', () => {
  growth(2);
});
