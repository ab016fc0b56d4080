"""One training step of Reverse Flow Matching (arXiv 2601.08136) with a flow policy, for the speed comparison.

Transcribed from the project's statement of the method, not from other code. Assumed where that leaves a choice:
linear path; endpoints y1 from the replay buffer's actions; the reference's diagonal control variate in its y1 form
(ridge 5e-4, coefficient within 3); Q is the minimum of the online twins; Euler steps from t_min to 1 - t_min; the
sampled action is chosen by Gumbel-max; temperature embedded like time. Everything is one jitted function, its
state donated, its noise drawn inside (jax.random) as a JAX program would.
"""

import functools

import jax
import jax.numpy as jnp

import networks as nn

T_MIN, EDGE, RIDGE, BOUND = 1e-3, 1e-4, 5e-4, 3.0
LAMBDA, GAMMA, MAX_NORM, CRITIC_RATE = 0.02, 0.99, 10.0, 1e-3

PRESETS = {
    "paper": dict(
        batch=256, width=256, prior=100, particles=32, steps=10, embedding=32, snr=None, tau=0.005, actor_rate=3e-4
    ),
    "laptop": dict(
        batch=128, width=128, prior=32, particles=8, steps=10, embedding=32, snr=0.05, tau=0.005, actor_rate=3e-4
    ),
    "smoke": dict(
        batch=64, width=64, prior=16, particles=4, steps=5, embedding=16, snr=0.05, tau=0.02, actor_rate=1e-3
    ),
}


def layer_sizes(preset, obs, act):
    p = PRESETS[preset]
    w = p["width"]
    actor = [obs + act + 2 * p["embedding"], w, w, w, act]
    return {"actor": actor, "critic": [obs + act, w, w, 1]}


def init(key, preset, obs, act):
    sizes = layer_sizes(preset, obs, act)
    actor_key, *critic_keys = jax.random.split(key, 3)
    critics = [nn.init_layers(k, sizes["critic"]) for k in critic_keys]
    critics = jax.tree.map(lambda *leaves: jnp.stack(leaves), *critics)
    return {
        "actor": nn.adam_init(nn.init_layers(actor_key, sizes["actor"])),
        "critic": nn.adam_init(critics),
        "target": critics,
    }


def velocity(layers, observation, latent, time, embedding):
    heat = nn.sinusoidal(jnp.full(latent.shape[:-1], LAMBDA), embedding)
    inputs = [observation, latent, nn.sinusoidal(time, embedding), heat]
    return nn.residual_mlp(layers, jnp.concatenate(inputs, -1))


def sample(actor, observation, start, p):
    """[batch, obs], [batch, m, act] -> latents [batch, m, act]."""
    m = start.shape[1]
    repeated = jnp.repeat(observation[:, None], m, 1)
    times = T_MIN + (1 - 2 * T_MIN) * jnp.arange(p["steps"] + 1) / p["steps"]

    def step(y, k):
        time = jnp.full(y.shape[:-1], times[k])
        return y + velocity(actor, repeated, y, time, p["embedding"]) * (times[k + 1] - times[k]), None

    return jax.lax.scan(step, start, jnp.arange(p["steps"]))[0]


def minimum(critics, observation, action):
    """[batch, obs], [batch, n, act] -> [batch, n]."""
    repeated = jnp.repeat(observation[:, None], action.shape[1], 1)
    return nn.twins(critics, repeated, action).min(0)


def behave(state, observation, start, uniform, p):
    action = jnp.tanh(sample(state["actor"]["params"], observation, start, p))
    q = minimum(state["critic"]["params"], observation, action)
    gumbel = -jnp.log(-jnp.log(jnp.clip(uniform, 1e-20, 1 - 2**-24)))
    index = jnp.argmax(q / LAMBDA + gumbel, 1)
    return jnp.take_along_axis(action, index[:, None, None], 1)[:, 0]


def log_jacobian(y):
    return jnp.sum(-2 * (jnp.abs(y) + jax.nn.softplus(-2 * jnp.abs(y)) - jnp.log(2.0)), -1)


def posterior_mean(critics, observation, t, yt, prior):
    """The velocity target E[y1 - y0 | yt] and the effective sample size."""
    alpha, beta = t[:, None, None], 1 - t[:, None, None]
    y1 = (yt[:, None] - beta * prior) / alpha
    action = jnp.tanh(y1)

    def total(a):
        q = minimum(critics, observation, a)
        return q.sum(), q

    gradient, q = jax.grad(total, has_aux=True)(action)
    score = (1 - action**2) * gradient / LAMBDA - 2 * action
    w = jax.nn.softmax(q / LAMBDA + log_jacobian(y1), 1)[..., None]
    g = score + (alpha / beta) * prior
    mean_y, mean_g = (w * y1).sum(1), (w * g).sum(1)
    dy, dg = w * (y1 - mean_y[:, None]), w * (g - mean_g[:, None])
    c = -(dy * dg).sum(1) / ((dg * dg).sum(1) + RIDGE)
    mu1 = mean_y + jnp.clip(c, -BOUND, BOUND) * mean_g
    mu0 = (yt - alpha[:, 0] * mu1) / beta[:, 0]
    return mu1 - mu0, 1 / (w**2).sum(1)[:, 0]


def step(state, batch, noise, p):
    next_action = behave(state, batch["nextObservation"], noise["nextStart"], noise["nextChoice"], p)
    bootstrap = nn.twins(state["target"], batch["nextObservation"], next_action).min(0)
    target = batch["reward"] + GAMMA * batch["mask"] * bootstrap

    def critic_loss(params):
        loss = jnp.mean((nn.twins(params, batch["observation"], batch["action"]) - target) ** 2, 1)
        return loss.sum(), loss

    gradient, td = jax.grad(critic_loss, has_aux=True)(state["critic"]["params"])
    critic = nn.adam_step_each(state["critic"], gradient, CRITIC_RATE, MAX_NORM)

    t = T_MIN + (1 - 2 * T_MIN) * noise["time"]
    y1 = jnp.arctanh(jnp.clip(batch["action"], -1 + EDGE, 1 - EDGE))
    yt = t[:, None] * y1 + (1 - t[:, None]) * noise["bridge"]
    regression, ess = posterior_mean(critic["params"], batch["observation"], t, yt, noise["prior"])

    def actor_loss(params):
        predicted = velocity(params, batch["observation"], yt, t, p["embedding"])
        each = jnp.mean((predicted - regression) ** 2, 1)
        weight = 1.0 if p["snr"] is None else jnp.minimum((t / (1 - t)) ** 2 / p["snr"], 1)
        return jnp.mean(weight * each)

    loss, gradient = jax.value_and_grad(actor_loss)(state["actor"]["params"])
    actor = nn.adam_step(state["actor"], gradient, p["actor_rate"], MAX_NORM)
    new = {"actor": actor, "critic": critic, "target": nn.polyak(state["target"], critic["params"], p["tau"])}
    return new, {"critic_loss": td.mean(), "actor_loss": loss, "ess": ess.mean()}


def draw(key, p, act):
    keys = jax.random.split(key, 5)
    b = p["batch"]
    return {
        "nextStart": jax.random.normal(keys[0], (b, p["particles"], act)),
        "nextChoice": jax.random.uniform(keys[1], (b, p["particles"])),
        "time": jax.random.uniform(keys[2], (b,)),
        "bridge": jax.random.normal(keys[3], (b, act)),
        "prior": jax.random.normal(keys[4], (b, p["prior"], act)),
    }


def compiled(preset, act):
    """(update(state, batch, key), step(state, batch, noise), act(state, observation, key, best))"""
    p = PRESETS[preset]

    def update(state, batch, key):
        return step(state, batch, draw(key, p, act), p)

    def choose(state, observation, key, best):
        first, second = jax.random.split(key)
        shape = (observation.shape[0], p["particles"])
        start = jax.random.normal(first, (*shape, act))
        if not best:
            return behave(state, observation, start, jax.random.uniform(second, shape), p)
        action = jnp.tanh(sample(state["actor"]["params"], observation, start, p))
        index = minimum(state["critic"]["params"], observation, action).argmax(1)
        return jnp.take_along_axis(action, index[:, None, None], 1)[:, 0]

    return (
        jax.jit(update, donate_argnums=0),
        jax.jit(functools.partial(step, p=p)),
        jax.jit(choose, static_argnums=3),
    )
