/** Statistics of comparisons: pure functions of scores, see docs/statistics.md. */
export * from './aggregates.ts';
export * from './auc.ts';
export * from './beta.ts';
export * from './chi-square.ts';
export * from './comparison.ts';
export * from './curves.ts';
export * from './estimates.ts';
export * from './improvement.ts';
export * from './moments.ts';
export * from './profiles.ts';
export * from './resampling.ts';
export * from './share-intervals.ts';
export * from './small-samples.ts';
export * from './stability.ts';
export * from './student.ts';
