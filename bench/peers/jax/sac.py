"""One training step of Soft Actor-Critic (arXiv 1812.05905), for the speed comparison.

Transcribed from the project's description. Assumed: the actor is the residual GELU network of the comparison with
two outputs per action dimension; log standard deviation clipped to [-20, 2]; learned temperature from 1 with target
entropy minus the action's size; critics and their learning rate as in rfm.py. One jitted function with donated
state, noise drawn inside.
"""

import functools

import jax
import jax.numpy as jnp

import networks as nn

GAMMA, MAX_NORM, CRITIC_RATE, TEMPERATURE_RATE = 0.99, 10.0, 1e-3, 3e-4
PRESETS = {
    "paper": dict(batch=256, width=256, tau=0.005, actor_rate=3e-4),
    "laptop": dict(batch=128, width=128, tau=0.005, actor_rate=3e-4),
    "smoke": dict(batch=64, width=64, tau=0.02, actor_rate=1e-3),
}


def layer_sizes(preset, obs, act):
    w = PRESETS[preset]["width"]
    return {"actor": [obs, w, w, w, 2 * act], "critic": [obs + act, w, w, 1]}


def init(key, preset, obs, act):
    sizes = layer_sizes(preset, obs, act)
    actor_key, *critic_keys = jax.random.split(key, 3)
    critics = [nn.init_layers(k, sizes["critic"]) for k in critic_keys]
    critics = jax.tree.map(lambda *leaves: jnp.stack(leaves), *critics)
    return {
        "actor": nn.adam_init(nn.init_layers(actor_key, sizes["actor"])),
        "critic": nn.adam_init(critics),
        "temperature": nn.adam_init(jnp.zeros(1)),
        "target": critics,
    }


def sample(actor, observation, noise):
    mean, log_std = jnp.split(nn.residual_mlp(actor, observation), 2, -1)
    log_std = jnp.clip(log_std, -20, 2)
    y = mean + noise * jnp.exp(log_std)
    gaussian = -0.5 * noise**2 - log_std - 0.5 * jnp.log(2 * jnp.pi)
    squash = -2 * (y + jax.nn.softplus(-2 * y) - jnp.log(2.0))
    return jnp.tanh(y), (gaussian - squash).sum(-1)


def step(state, batch, noise, p):
    alpha = jnp.exp(state["temperature"]["params"][0])
    next_action, next_log = sample(state["actor"]["params"], batch["nextObservation"], noise["next"])
    bootstrap = nn.twins(state["target"], batch["nextObservation"], next_action).min(0) - alpha * next_log
    target = batch["reward"] + GAMMA * batch["mask"] * bootstrap

    def critic_loss(params):
        loss = jnp.mean((nn.twins(params, batch["observation"], batch["action"]) - target) ** 2, 1)
        return loss.sum(), loss

    gradient, td = jax.grad(critic_loss, has_aux=True)(state["critic"]["params"])
    critic = nn.adam_step_each(state["critic"], gradient, CRITIC_RATE, MAX_NORM)

    def actor_loss(params):
        action, log_prob = sample(params, batch["observation"], noise["actor"])
        q = nn.twins(critic["params"], batch["observation"], action).min(0)
        return jnp.mean(alpha * log_prob - q), log_prob.mean()

    (loss, log_prob), gradient = jax.value_and_grad(actor_loss, has_aux=True)(state["actor"]["params"])
    actor = nn.adam_step(state["actor"], gradient, p["actor_rate"], MAX_NORM)

    target_entropy = -batch["action"].shape[-1]
    temperature_loss = lambda log_alpha: -jnp.exp(log_alpha[0]) * (log_prob + target_entropy)
    temperature = nn.adam_step(
        state["temperature"], jax.grad(temperature_loss)(state["temperature"]["params"]), TEMPERATURE_RATE
    )
    new = {
        "actor": actor,
        "critic": critic,
        "temperature": temperature,
        "target": nn.polyak(state["target"], critic["params"], p["tau"]),
    }
    return new, {"critic_loss": td.mean(), "actor_loss": loss}


def compiled(preset, act):
    p = PRESETS[preset]
    b = p["batch"]

    def update(state, batch, key):
        keys = jax.random.split(key)
        noise = {"next": jax.random.normal(keys[0], (b, act)), "actor": jax.random.normal(keys[1], (b, act))}
        return step(state, batch, noise, p)

    def choose(state, observation, key, best):
        noise = jnp.zeros((observation.shape[0], act)) if best else jax.random.normal(key, (observation.shape[0], act))
        return sample(state["actor"]["params"], observation, noise)[0]

    return jax.jit(update, donate_argnums=0), jax.jit(functools.partial(step, p=p)), jax.jit(choose, static_argnums=3)
