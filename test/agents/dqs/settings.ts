const temperature = 0.1;

/** Settings under which the policy of dqs on a bandit is the Boltzmann density. */
export const onBandit = {
  temperature,
  finalTemperature: temperature,
  actorLearningRate: 1e-3,
  batchSize: 256, // the target's variance, not the network, sets the distance
  sigmaMin: 0.01,
} as const;
