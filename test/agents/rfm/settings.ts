/** Settings under which RFM's policy on a bandit is the Boltzmann density. */
const options = {
  endpoints: 'buffer',
  lossWeight: 'snr',
  tMin: 1e-3,
  embedding: 16,
} as const;

/** One particle: with more, the choice among them by softmax(Q/λ) sharpens the policy beyond exp(Q/λ). */
export const onePolicySample = {
  ...options,
  ...{ particles: 1, evaluationParticles: 1, actorLearningRate: 1e-3 },
} as const;
