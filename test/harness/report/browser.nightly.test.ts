import { describe } from 'vitest';
import { installed, reports } from './browsing.ts';

describe.skipIf(!installed)('the page in Chromium', () => {
  reports([
    ['hostile', 'desktop'],
    ['hostile', 'phone'],
    ['nine', 'desktop'],
    ['nine', 'phone'],
  ]);
});
