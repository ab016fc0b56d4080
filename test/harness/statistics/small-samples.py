"""The expected values of small-samples.test.ts, from numpy and scipy (made with numpy 2.3 and scipy 1.17).

python small-samples.py
"""

import numpy as np
from scipy import stats

SCORES = [[0.30, 0.41, 0.35], [0.62, 0.75, 0.70], [0.55, 0.20, 0.44], [0.93, 0.88, 1.08]]


def interval(value, variances, degrees):
    variances = np.array(variances)
    nu = variances.sum() ** 2 / (variances**2 / np.array(degrees)).sum()
    half = stats.t.ppf(0.975, nu) * np.sqrt(variances.sum())
    return value - half, value + half


print("mean", interval(np.mean(SCORES), [np.var(a, ddof=1) / 3 / 16 for a in SCORES], [2] * 4))
cut = np.minimum(SCORES, 1)
print("optimality gap", interval(1 - cut.mean(), [np.var(a, ddof=1) / 3 / 16 for a in cut], [2] * 4))

# Of all scores, three are dropped at each end; what lies beyond the last ones kept is moved onto them.
pooled = np.sort(np.ravel(SCORES))
low, high = pooled[3], pooled[8]
moved = np.clip(SCORES, low, high)
scale = (11 * 6) / (12 * 5)
degrees = [max(1, len(set(a)) - 1) for a in moved]
print("iqm", interval(stats.trim_mean(pooled, 0.25), [scale * 3 * np.var(a, ddof=1) / 36 for a in moved], degrees))

one = np.array([0.1, 0.35, 0.4, 0.42, 0.5, 0.55, 0.9, 0.2])
winsorised = np.asarray(stats.mstats.winsorize(one, (0.25, 0.25)))
error = np.sqrt(((winsorised - winsorised.mean()) ** 2).sum() / (4 * 3))
half = stats.t.ppf(0.975, 3) * error
print("iqm, one task (Yuen)", stats.trim_mean(one, 0.25) - half, stats.trim_mean(one, 0.25) + half)
ties = np.array([0, 0, 0, 0.2, 0.5, 1, 1, 1])
winsorised = np.asarray(stats.mstats.winsorize(ties, (0.25, 0.25)))
half = stats.t.ppf(0.975, 3) * np.sqrt(((winsorised - winsorised.mean()) ** 2).sum() / (4 * 3))
print("iqm, one task with ties (Yuen)", stats.trim_mean(ties, 0.25) - half, stats.trim_mean(ties, 0.25) + half)

welch = stats.ttest_ind([0.3, 0.5, 0.9], -np.array([0.1, 0.2, 0.15, 0.6]), equal_var=False).confidence_interval(0.95)
print("mean, two tasks (Welch)", welch.low / 2, welch.high / 2)

x, y = np.array([3.1, 2.5, 4.0, 3.3, 2.2, 3.9]), np.array([2.0, 3.0, 1.5, 2.6, 3.2])
share = np.mean([(a > b) + 0.5 * (a == b) for a in x for b in y])
test = stats.brunnermunzel(y, x)
error = (share - 0.5) / test.statistic
above, below = np.array([np.mean(a > y) for a in x]), np.array([np.mean(x > b) for b in y])
vx, vy = above.var(ddof=1) / 6, below.var(ddof=1) / 5
assert np.isclose(error, np.sqrt(vx + vy))
nu = (vx + vy) ** 2 / (vx**2 / 5 + vy**2 / 4)
assert np.isclose(2 * stats.t.sf(abs(test.statistic), nu), test.pvalue)
angle, half = np.arcsin(np.sqrt(share)), stats.t.ppf(0.975, nu) * error / 2 / np.sqrt(share * (1 - share))
print("improvement", share, np.sin(angle - half) ** 2, np.sin(angle + half) ** 2)

for trials in (1, 3, 5, 6, 24):
    found = stats.binomtest(trials, trials, alternative="greater").proportion_ci(0.95)
    print(f"{trials} of {trials} alike", found.low)
for won, trials in ((1, 1), (6, 8), (8, 8), (17, 28)):
    print(f"{won} of {trials} (Clopper, Pearson)", stats.binomtest(won, trials).proportion_ci(0.95, method="exact"))
print("4.5 of 8", stats.beta.ppf(0.025, 4.5, 4.5), stats.beta.ppf(0.975, 5.5, 3.5))
# One trial won on each of two tasks, and three runs above three on two others: the squares of the distances add up (MOVER).
low = 1 - np.hypot(0.5 * (1 - 0.025 ** (1 / 2)), 0.5 * (1 - 0.05 ** (1 / 6)))
print("trials and runs joined", low)
for degrees in (1.5, 2.7, 7.3, 40.25, 1e6):
    print("t", degrees, stats.t.ppf(0.975, degrees))

# The deviation between seeds: a mean of variances as a χ² variable, with Satterthwaite's degrees of freedom.
for degrees in (1, 2, 2.7, 9, 40.25):
    print("chi-square", degrees, stats.chi2.ppf([0.025, 0.975], degrees))
variances = np.array([np.var(a, ddof=1) for a in SCORES])
nu = variances.sum() ** 2 / (variances**2 / 2).sum()
print("seed deviation", np.sqrt(variances.mean()), np.sqrt(nu * variances.mean() / stats.chi2.ppf([0.975, 0.025], nu)))
