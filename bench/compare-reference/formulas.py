"""Computes recorded cases a second time in float64 with numpy alone, from the formulas of the algorithms.

    python formulas.py CASE.json ...

Prints the largest error of each recorded quantity, relative or for parameters absolute, and fails above 1e-3 or 1e-6:
the record then holds something else than what the formulas say. What is left below is float32 rounding in the program.
record.py keeps it in each case as `rounding`.
"""

import base64
import json
import math
import statistics
import sys

import numpy as np

# Method constants of the program's configuration files.
discount, tau = 0.99, 0.005
critic_rate, rate = 1e-3, 3e-4


def relu(x):
    return np.maximum(x, 0), (x > 0).astype(x.dtype)


def gelu(x):
    inner = np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))
    slope = 0.5 * x * (1 - inner**2) * np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * x**2)
    return 0.5 * x * (1 + inner), 0.5 * (1 + inner) + slope


def mish(x):
    inner = np.tanh(np.logaddexp(x, 0))
    return x * inner, inner + x * (1 - inner**2) / (1 + np.exp(-x))


class Network:
    """Dense layers with an activation between them; residual ones add the layer's input."""

    def __init__(self, layers, activation, residual=False):
        self.layers, self.activation, self.residual = layers, activation, residual

    def __call__(self, x):
        self.inputs, self.slopes = [], []
        for i, (kernel, bias) in enumerate(self.layers):
            self.inputs.append(x)
            y = x @ kernel + bias
            if i < len(self.layers) - 1:
                y, slope = self.activation(y)
                self.slopes.append(slope)
                if self.residual and i > 0:
                    y = y + x
            x = y
        return x

    def back(self, dy):
        """Gradients of the layers and of the input for the last forward pass."""
        gradients = []
        for i in reversed(range(len(self.layers))):
            through = dy * self.slopes[i] if i < len(self.layers) - 1 else dy
            gradients.append((self.inputs[i].T @ through, through.sum(0)))
            skip = dy if self.residual and 0 < i < len(self.layers) - 1 else 0
            dy = through @ self.layers[i][0].T + skip
        return gradients[::-1], dy


def embedding(z, size, base):
    half = size // 2
    phase = np.asarray(z, np.float64)[:, None] * base ** (-np.arange(half) / (half - 1))
    return np.concatenate([np.sin(phase), np.cos(phase)], 1)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def gumbel_choice(values, uniform):
    return np.argmax(values - np.log(-np.log(uniform)), -1)


below = np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2)))
quantile = np.vectorize(statistics.NormalDist().inv_cdf)


def truncated_normal(low, high, uniform):
    """Standard normals cut off to [low, high], by inversion from the side where the tail's probabilities are small."""
    mirror = low + high > 0
    start, end = np.where(mirror, -high, low), np.where(mirror, -low, high)
    first, last = below(start), below(end)
    level = first + np.where(mirror, 1 - uniform, uniform) * (last - first)
    draw = np.clip(quantile(np.maximum(level, 1e-300)), start, end)
    return np.where(mirror, -draw, draw)


def take(x, index):
    return x[np.arange(len(x)), index]


class Case:
    def __init__(self, file):
        with open(file) as f:
            record = json.load(f)
        self.algorithm, self.count, self.config = record["algorithm"], record["count"], record["config"]
        self.arrays = {
            name: np.frombuffer(base64.b64decode(x["float32"]), "<f4").reshape(x["shape"]).astype(np.float64)
            for name, x in record["arrays"].items()
        }
        self.size, self.own = self.config["actor"]["emb_size"], self.config[self.algorithm]
        get = lambda name: self.arrays[name]
        self.s, self.a, self.s2 = get("batch/observation"), get("batch/action"), get("batch/nextObservation")
        self.r, self.mask = get("batch/reward"), get("batch/mask")
        self.b, self.d = self.a.shape
        self.found = {}

    def noise(self, name):
        return self.arrays[f"noise/{name}"]

    def layers(self, prefix, member=None):
        """(kernel, bias) of each layer in turn."""
        names = [name for name in self.arrays if name.startswith(prefix)]
        parts = [self.arrays[name] if member is None else self.arrays[name][member] for name in names]
        return list(zip(parts[::2], parts[1::2]))

    def critics(self, prefix):
        activation = mish if self.algorithm == "qvpo" else relu
        return [Network(self.layers(prefix, member), activation) for member in range(2)]

    def actor(self, layers):
        if self.algorithm == "qvpo":
            return QvpoActor(layers, self.size)
        return Network(layers, gelu, residual=True)

    def predict(self, actor, s, x, t, temperature):
        """The actor at states, noised actions and times, one row each."""
        if self.algorithm == "qvpo":
            return actor(s, x, t)
        heat = np.full(len(s), temperature)
        return actor(np.concatenate([s, x, embedding(t, self.size, 1000.0), embedding(heat, self.size, 1000.0)], 1))

    def smaller(self, critics, s, a):
        return np.minimum(*(critic(np.concatenate([s, a], -1))[:, 0] for critic in critics))

    def slope(self, critics, s, a):
        """∂ min Q/∂a, and the minimum."""
        values, slopes = [], []
        for critic in critics:
            values.append(critic(np.concatenate([s, a], -1))[:, 0])
            slopes.append(critic.back(np.ones((len(s), 1)))[1][:, s.shape[1] :])
        first = values[0] <= values[1]
        return np.where(first[:, None], *slopes), np.minimum(*values)

    def adam(self, network, gradients, step, limit, member=None):
        """The network's layers after one step."""
        flat = [x for pair in gradients for x in pair]
        norm = np.sqrt(sum(np.sum(x * x) for x in flat))
        if limit is not None and norm >= limit:
            flat = [x * limit / norm for x in flat]
        pick = lambda name: self.arrays[name] if member is None else self.arrays[name][member]
        names = [n.split("/params/")[1] for n in self.arrays if n.startswith(f"before/{network}/params/")]
        after, t = [], self.count + 1
        for name, g in zip(names, flat):
            m = 0.9 * pick(f"before/{network}/m/{name}") + 0.1 * g
            v = 0.999 * pick(f"before/{network}/v/{name}") + 0.001 * g * g
            move = step * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
            after.append(pick(f"before/{network}/params/{name}") - move)
        return list(zip(after[::2], after[1::2])), norm

    def critic_step(self, target):
        """New critics; records target, losses, gradient norms, parameters and targets after."""
        losses, norms, new = [], [], []
        for member, critic in enumerate(self.critics("before/critic/params/")):
            error = critic(np.concatenate([self.s, self.a], 1))[:, 0] - target
            losses.append(np.mean(error**2))
            gradients, _ = critic.back(2 * error[:, None] / self.b)
            layers, norm = self.adam("critic", gradients, critic_rate, self.config["critic"]["max_grad_norm"], member)
            norms.append(norm)
            new.append(layers)
        self.found.update({"expected/target": target, "expected/criticLoss": losses, "expected/criticGradNorm": norms})
        both = [tuple(np.stack(pair) for pair in zip(*layer)) for layer in zip(*new)]
        self.after("critic", both)
        self.after("target", self.averaged("before/target/", both))
        return [Network(layers, mish if self.algorithm == "qvpo" else relu) for layers in new]

    def averaged(self, prefix, new):
        return [tuple(tau * n + (1 - tau) * o for n, o in zip(*pair)) for pair in zip(new, self.layers(prefix))]

    def after(self, network, layers):
        names = [name for name in self.arrays if name.startswith(f"after/{network}/")]
        self.found.update(zip(names, (x for layer in layers for x in layer)))

    def actor_step(self, loss, gradients):
        layers, norm = self.adam("actor", gradients, rate, self.config["actor"]["max_grad_norm"])
        self.found.update({"expected/actorLoss": loss, "expected/actorGradNorm": norm})
        self.after("actor", layers)
        return layers

    def regress(self, actor, s, x, t, temperature, target, weight=1.0):
        """Least squares of the actor on a target, weighted by row."""
        error = self.predict(actor, s, x, t, temperature) - target
        rows = np.broadcast_to(weight, len(s))
        loss = np.mean(rows * np.mean(error**2, 1))
        gradients, _ = actor.back(2 * error * rows[:, None] / error.size)
        return self.actor_step(loss, gradients)

    def td(self, next_action, bonus=0.0):
        targets = self.critics("before/target/")
        self.found["expected/nextAction"] = next_action
        return self.r + discount * self.mask * (self.smaller(targets, self.s2, next_action) + bonus)

    def compute(self):
        getattr(self, self.algorithm)()
        return self.found

    def rfm(self):
        lam, t_min, steps, kappa, ridge = 0.02, 0.01, 10, 2.0, 1e-4
        actor, q = self.actor(self.layers("before/actor/params/")), self.critics("before/critic/params/")

        def sample(s, start):
            m = start.shape[1]
            y, states, dt = start.reshape(-1, self.d), np.repeat(s, m, 0), (1 - 2 * t_min) / steps
            for k in range(steps):
                y = y + dt * self.predict(actor, states, y, np.full(len(y), t_min + dt * k), lam)
            values = self.smaller(q, states, np.tanh(y))
            return y.reshape(start.shape), values.reshape(len(s), m)

        def behave(s, start, uniform):
            y, values = sample(s, start)
            return take(y, gumbel_choice(values / lam, uniform))

        explore = behave(self.s, self.arrays["explore/noise/start"], self.arrays["explore/noise/choice"])
        y, values = sample(self.s, self.arrays["exploit/noise/start"])
        self.found["explore/action"] = np.tanh(explore)
        self.found["exploit/action"] = np.tanh(take(y, np.argmax(values, 1)))
        y1 = behave(self.s, self.noise("endpointStart"), self.noise("endpointChoice"))
        next_action = np.tanh(behave(self.s2, self.noise("nextStart"), self.noise("nextChoice")))
        new = self.critic_step(self.td(next_action))
        t = (t_min + (1 - 2 * t_min) * self.noise("time"))[:, None]
        yt = t * y1 + (1 - t) * self.noise("bridge")
        y0 = self.noise("prior")
        k = y0.shape[1]
        candidates = (yt[:, None] - (1 - t[..., None]) * y0) / t[..., None]
        flat = candidates.reshape(-1, self.d)
        gradient, value = self.slope(new, np.repeat(self.s, k, 0), np.tanh(flat))
        log_jacobian = np.sum(-2 * (np.abs(flat) + np.log1p(np.exp(-2 * np.abs(flat))) - np.log(2)), 1)
        w = softmax((value / lam + log_jacobian).reshape(self.b, k))
        score = (gradient * (1 - np.tanh(flat) ** 2) / lam - 2 * np.tanh(flat)).reshape(candidates.shape)
        score = score + (t / (1 - t))[..., None] * y0
        mean = lambda x: np.sum(w[..., None] * x, 1)
        y_mean, g_mean = mean(candidates), mean(score)
        dy, dg = candidates - y_mean[:, None], score - g_mean[:, None]
        w2 = w[..., None] ** 2
        c = -np.sum(w2 * dy * dg, 1) / (np.sum(w2 * dg * dg, 1) + ridge)
        c = np.clip(c, -kappa, kappa)
        data = y_mean + c * g_mean
        base = (yt - t * data) / (1 - t)
        self.found.update(
            {
                "expected/endpoint": y1,
                "expected/endpointAction": np.tanh(y1),
                "expected/time": t[:, 0],
                "expected/noised": yt,
                "expected/dataMean": data,
                "expected/noiseMean": base,
                "expected/regression": data - base,
                "expected/ess": 1 / np.sum(w**2, 1),
                "expected/coefficient": c.mean(1),
            }
        )
        self.regress(actor, self.s, yt, t[:, 0], lam, data - base)

    def sac(self):
        actor = self.actor(self.layers("before/actor/params/"))
        log_alpha = self.arrays["before/temperature/params/logAlpha"]
        alpha = np.exp(log_alpha)

        def sample(s, noise):
            mean, log_std = np.split(actor(s), 2, 1)
            inside = (log_std > -20) & (log_std < 2)
            log_std = np.clip(log_std, -20, 2)
            a = np.tanh(mean + noise * np.exp(log_std))
            log_prob = np.sum(-0.5 * (noise**2 + 2 * log_std + np.log(2 * np.pi)) - np.log(1 - a**2 + 1e-6), 1)
            return a, log_prob, mean, log_std, inside

        explore, _, mean, *_ = sample(self.s, self.arrays["explore/noise/action"])
        self.found.update({"explore/action": explore, "exploit/action": np.tanh(mean)})
        next_action, next_log, *_ = sample(self.s2, self.noise("next"))
        self.found["expected/nextLogDensity"] = next_log
        new = self.critic_step(self.td(next_action, -alpha * next_log))
        noise = self.noise("actor")
        a, log_prob, _, log_std, inside = sample(self.s, noise)
        slope, value = self.slope(new, self.s, a)
        # Of α log π - Q in the value before tanh and in log σ.
        squash = 1 - a**2
        latent = (alpha * 2 * a / (squash + 1e-6) - slope) * squash / self.b
        deviation = (latent * noise * np.exp(log_std) - alpha / self.b) * inside
        gradients, _ = actor.back(np.concatenate([latent, deviation], 1))
        self.actor_step(np.mean(alpha * log_prob - value), gradients)
        loss = alpha * np.mean(-log_prob + self.d)
        self.found.update({"expected/logDensity": log_prob, "expected/temperatureLoss": loss})
        t = self.count + 1
        m = 0.9 * self.arrays["before/temperature/m/logAlpha"] + 0.1 * loss
        v = 0.999 * self.arrays["before/temperature/v/logAlpha"] + 0.001 * loss**2
        move = rate * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        self.found["after/temperature/logAlpha"] = log_alpha - move

    def dqs(self):
        lam, steps, ratio, least = 0.05, 20, 1e5, 1e-5
        actor, q = self.actor(self.layers("before/actor/params/")), self.critics("before/critic/params/")
        diffusion = lambda t: least * ratio**t * np.sqrt(2 * np.log(ratio))
        variance = lambda t: least**2 * (ratio ** (2 * t) - 1)

        def sample(s, start, path):
            x = np.sqrt(variance(1.0)) * start
            for k in range(steps):
                t = 1 - k / steps
                score = self.predict(actor, s, x, np.full(len(x), t), lam)
                x = x + diffusion(t) ** 2 * score / steps + diffusion(t) * np.sqrt(1 / steps) * path[k]
            return np.tanh(x)

        explore = (self.arrays[f"explore/noise/{name}"] for name in ("start", "path"))
        self.found["explore/action"] = sample(self.s, *explore)
        self.found["exploit/action"] = sample(self.s, self.arrays["exploit/noise/start"], np.zeros(steps))
        next_action = sample(self.s2, self.noise("start"), self.noise("path"))
        t = self.noise("time")
        h = variance(t)[:, None]
        x = self.a + np.sqrt(h) * self.noise("bridge")
        draws = self.noise("score")
        k = draws.shape[1]
        points = (x[:, None] + np.sqrt(h)[..., None] * draws).reshape(-1, self.d)
        slope, value = self.slope(q, np.repeat(self.s, k, 0), points)
        w = softmax(value.reshape(self.b, k) / lam)
        score = np.sum(w[..., None] * slope.reshape(draws.shape), 1) / lam
        weight = h[:, 0] + 1e-3
        self.found.update({"expected/time": t, "expected/noised": x, "expected/weight": weight})
        self.found["expected/regression"] = score
        self.regress(actor, self.s, x, t, lam, score, weight)
        self.critic_step(self.td(next_action))

    def maxentdp(self):
        lam, steps, offset = 0.02, 20, 0.008
        actor, target = self.actor(self.layers("before/actor/params/")), self.critics("before/target/")
        bar = lambda t: (np.cos((t + offset) / (1 + offset) * np.pi / 2) / np.cos(offset / (1 + offset) * np.pi / 2)) ** 2
        snr = lambda bars: (lambda x: np.log(x) - np.log1p(-x))(np.clip(bars, 1e-5, 1 - 1e-5))
        t_min, t_max = 1e-3, np.arctan(999 * (1 + offset) / np.pi) * 2 * (1 + offset) / np.pi - offset
        grid = bar(np.linspace(t_min, t_max, steps + 1))

        def sample(s, start, path):
            x = start
            for i, j in enumerate(range(steps, 0, -1)):
                now, before = grid[j], grid[j - 1]
                a = now / before
                noise = self.predict(actor, s, x, np.full(len(x), snr(now)), lam)
                x0 = np.clip((x - np.sqrt(1 - now) * noise) / np.sqrt(now), -1, 1)
                x = np.sqrt(before) * (1 - a) / (1 - now) * x0 + np.sqrt(a) * (1 - before) / (1 - now) * x
                x = x + (j > 1) * np.sqrt(1 - a) * path[i]
            return np.clip(x, -1, 1)

        get = lambda name: self.arrays[name]
        self.found["explore/action"] = sample(self.s, get("explore/noise/start")[:, 0], get("explore/noise/path"))
        start = get("exploit/noise/start")
        m, states = start.shape[1], np.repeat(self.s, start.shape[1], 0)
        candidates = sample(states, start.reshape(-1, self.d), get("exploit/noise/path"))
        q = self.smaller(target, states, candidates).reshape(self.b, m)
        self.found["exploit/action"] = take(candidates.reshape(self.b, m, self.d), np.argmax(q, 1))

        next_action = sample(self.s2, self.noise("start")[:, 0], self.noise("path"))
        eps = self.noise("density")
        now, before = np.clip(grid[1:], 1e-5, 1 - 1e-5)[:, None], grid[:-1][:, None]
        x = np.sqrt(now) * next_action[:, None, None] + np.sqrt(1 - now) * eps
        rows = lambda z: np.broadcast_to(z, (*eps.shape[:3], z.shape[-1])).reshape(-1, z.shape[-1])
        found = self.predict(actor, rows(self.s2[:, None, None]), rows(x), rows(snr(now))[:, 0], lam).reshape(eps.shape)
        x0 = np.clip((x - np.sqrt(1 - now) * found) / np.sqrt(now), -1, 1)
        error = np.sum(((x - np.sqrt(now) * x0) / np.sqrt(1 - now) - eps) ** 2, -1).mean(1)
        terms = (now[:, 0] * self.d - error) * (before - now)[:, 0] / (2 * now * (1 - now))[:, 0]
        log_prob = terms.sum(1) - self.d / 2 * np.log(2 * np.pi * np.e)
        self.found["expected/nextLogDensity"] = log_prob
        self.critic_step(self.td(next_action, -lam * log_prob))

        t = t_min + (t_max - t_min) * self.noise("time")
        bars = bar(t)[:, None]
        alpha, beta = np.sqrt(bars), np.sqrt(1 - bars)
        noised = alpha * self.a + beta * self.noise("bridge")
        centre, spread = (noised / alpha)[:, None], (beta / alpha)[:, None]
        n = truncated_normal((-1 - centre) / spread, (1 - centre) / spread, self.noise("prior"))
        points = centre + spread * n
        k = n.shape[1]
        q = self.smaller(target, np.repeat(self.s, k, 0), points.reshape(-1, self.d)).reshape(self.b, k)
        w = softmax(q / lam)
        regression = -np.sum(w[..., None] * n, 1)
        level = snr(bars[:, 0])
        self.found.update(
            {
                "expected/time": t,
                "expected/logSnr": level,
                "expected/noised": noised,
                "expected/regression": regression,
                "expected/ess": 1 / np.sum(w**2, 1),
            }
        )
        self.regress(actor, self.s, noised, level, lam, regression)

    def qsm(self):
        steps, kappa, deviation = 20, 50.0, 0.1
        actor = self.actor(self.layers("before/actor/params/"))
        i = np.arange(steps + 1)
        bar = np.exp(-0.1 * i / steps - 4.95 * i**2 / steps**2)

        def sample(s, start, path):
            x = start
            for k, i in enumerate(range(steps, 0, -1)):
                a = bar[i] / bar[i - 1]
                noise = self.predict(actor, s, x, np.full(len(x), i - 1.0), 1.0)
                x = (x - (1 - a) / np.sqrt(1 - bar[i]) * noise) / np.sqrt(a) + (i > 1) * np.sqrt(1 - a) * path[k]
                x = np.clip(x, -1, 1)
            return x

        get = lambda name: self.arrays[name]
        action = sample(self.s, get("explore/noise/start"), get("explore/noise/path"))
        self.found["explore/action"] = np.clip(action + deviation * get("explore/noise/exploration"), -1, 1)
        self.found["exploit/action"] = sample(self.s, get("exploit/noise/start"), get("exploit/noise/path"))
        next_action = sample(self.s2, self.noise("start"), self.noise("path"))
        new = self.critic_step(self.td(np.clip(next_action + deviation * self.noise("smoothing"), -1, 1)))
        step = np.floor(self.noise("step") * steps).astype(int)
        now = bar[step + 1][:, None]
        x = np.sqrt(now) * self.a + np.sqrt(1 - now) * self.noise("bridge")
        slopes = [self.slope([critic, critic], self.s, x)[0] for critic in new]
        regression = -kappa * np.mean(slopes, 0)
        self.found.update({"expected/noised": x, "expected/regression": regression})
        self.regress(actor, self.s, x, step, 1.0, regression)

    def qvpo(self):
        steps, others, share = 20, 10, 0.02
        i = np.arange(steps + 1)
        curve = np.cos((i * (steps + 1) / steps / (steps + 1) + 0.008) / 1.008 * np.pi / 2) ** 2
        rates = np.minimum(1 - curve[1:] / curve[:-1], 0.999)
        bar = np.concatenate([[1.0], np.cumprod(1 - rates)])

        def sample(layers, s, start, path):
            m, states = start.shape[1], np.repeat(s, start.shape[1], 0)
            actor, x = self.actor(layers), start.reshape(-1, self.d)
            for k, i in enumerate(range(steps, 0, -1)):
                now, before, b = bar[i], bar[i - 1], rates[i - 1]
                noise = self.predict(actor, states, x, np.full(len(x), i - 1.0), None)
                x0 = np.clip(x / np.sqrt(now) - np.sqrt(1 / now - 1) * noise, -1, 1)
                x = b * np.sqrt(before) / (1 - now) * x0 + (1 - before) * np.sqrt(1 - b) / (1 - now) * x
                x = x + (i > 1) * np.sqrt(b * (1 - before) / (1 - now)) * path[k]
            return states, np.clip(x, -1, 1).reshape(len(s), m, self.d)

        def best(layers, critics, s, start, path):
            states, x = sample(layers, s, start, path)
            q = self.smaller(critics, states, x.reshape(-1, self.d)).reshape(x.shape[:2])
            return take(x, np.argmax(q, 1)), np.max(q, 1) - np.mean(q, 1)

        layers, q = self.layers("before/actor/params/"), self.critics("before/critic/params/")
        for mode in ("explore", "exploit"):
            noise = (self.arrays[f"{mode}/noise/{name}"] for name in ("start", "path"))
            self.found[f"{mode}/action"], _ = best(layers, q, self.s, *noise)
        old = self.layers("before/targetActor/")
        targets = self.critics("before/target/")
        next_action, _ = best(old, targets, self.s2, self.noise("nextStart"), self.noise("nextPath"))
        new = self.critic_step(self.td(next_action))
        imitated, advantage = best(layers, new, self.s, self.noise("start"), self.noise("path"))
        self.found.update({"expected/imitated": imitated, "expected/advantage": advantage})
        a = np.concatenate([imitated, 2 * self.noise("uniform") - 1])
        s = np.concatenate([self.s, np.repeat(self.s, others, 0)])
        weight = np.concatenate([advantage, share * np.repeat(advantage, others)])
        step = np.floor(self.noise("step") * steps).astype(int)
        now, eps = bar[step + 1][:, None], self.noise("bridge")
        noised = np.sqrt(now) * a + np.sqrt(1 - now) * eps
        after = self.regress(self.actor(layers), s, noised, step, None, eps, weight)
        self.after("targetActor", self.averaged("before/targetActor/", after))


class QvpoActor:
    """Its time network of two layers, and the network of [action | time | state]."""

    def __init__(self, layers, size):
        self.time, self.main, self.size = Network(layers[:2], mish), Network(layers[2:], mish), size

    def __call__(self, s, a, t):
        self.columns = (a.shape[1], a.shape[1] + self.size)
        return self.main(np.concatenate([a, self.time(embedding(t, self.size, 10000.0)), s], 1))

    def back(self, dy):
        main, dx = self.main.back(dy)
        time, _ = self.time.back(dx[:, slice(*self.columns)])
        return time + main, None


def error(name, found, expected):
    """Absolute for parameters, else relative to the larger of the number and the root mean square of all."""
    gap = np.abs(np.asarray(found) - expected)
    if name.startswith("after/"):
        return np.max(gap)
    return np.max(gap / np.maximum(np.abs(expected), np.sqrt(np.mean(expected**2))))


class TooCoarse(RuntimeError):
    """The program's rounding in a case is so large that it can judge nothing."""


def rounding(file):
    """The largest error of each quantity of a case, {expected/target: error, after/actor: error, ...}."""
    case = Case(file)
    found = case.compute()
    unchecked = {name for name in case.arrays if name.startswith(("expected/", "after/"))} - set(found)
    if unchecked:
        raise RuntimeError(f"{file}: no formula gives {', '.join(sorted(unchecked))}")
    worst = {}
    for name, x in found.items():
        quantity = "/".join(name.split("/")[:2])
        worst[quantity] = max(worst.get(quantity, 0.0), float(error(name, x, case.arrays[name])))
    for quantity, e in worst.items():
        if not e < (1e-6 if quantity.startswith("after/") else 1e-3):
            raise TooCoarse(f"{file}: {quantity} is {e:.1e} from what the formulas say")
    return worst


def main():
    for file in sys.argv[1:]:
        print(file)
        for quantity, e in rounding(file).items():
            print(f"  {quantity:26} {e:.1e}")


if __name__ == "__main__":
    main()
