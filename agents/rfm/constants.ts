/** The numbers that RFM's code fixes beside its config: of options, estimators and proposals. */
import { timePolicyConstants } from '../constants.ts';
import { caution, farthestBeyond, largestRatio, spareDraws } from '../posterior/adaptive.ts';
import { clipMargin } from '../posterior/latent.ts';
import { inflation, narrowest as narrowestLaplace } from '../posterior/proposals.ts';
import { exponents, penaltyShare, regressionDraws, regressionShare } from '../posterior/regression.ts';
import { gumbelUniforms } from '../samplers.ts';
import { features, lengthScale } from './critic-noise.ts';
import { leastShare } from './endpoints.ts';
import { narrowest as narrowestKernel } from './proposal.ts';

export const rfmConstants = {
  ...timePolicyConstants,
  actionEdge: clipMargin,
  gumbelUniformLeast: gumbelUniforms.least,
  gumbelUniformLargest: gumbelUniforms.largest,
  endpointLeastShare: leastShare,
  kernelNarrowest: narrowestKernel,
  laplaceInflation: inflation,
  laplaceNarrowest: narrowestLaplace,
  criticNoiseFeatures: features,
  criticNoiseLengthScale: lengthScale,
  regressionExponents: exponents,
  regressionDraws,
  regressionShare,
  regressionPenaltyShare: penaltyShare,
  adaptiveCautionOneDimension: caution.oneDimension,
  adaptiveCaution: caution.more,
  adaptiveSpareDraws: spareDraws,
  adaptiveLargestRatio: largestRatio,
  adaptiveFarthestBeyond: farthestBeyond,
};
