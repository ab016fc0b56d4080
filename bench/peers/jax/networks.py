"""The networks and the optimiser of both algorithms, on dictionaries of arrays.

Transcribed from the project's description of the reference configuration: orthogonal initialisation with gain
sqrt(2) and zero biases; actor: input layer and residual blocks h + gelu(W h + b); critics: two multilayer
perceptrons with ReLU; Adam with bias correction; gradients clipped by their global norm, per critic.
"""

import jax
import jax.numpy as jnp


def init_layers(key, sizes):
    kernel = jax.nn.initializers.orthogonal(jnp.sqrt(2.0))
    keys = jax.random.split(key, len(sizes) - 1)
    return [
        {"kernel": kernel(k, (i, o)), "bias": jnp.zeros(o)}
        for k, i, o in zip(keys, sizes[:-1], sizes[1:])
    ]


def dense(layer, x):
    return x @ layer["kernel"] + layer["bias"]


def residual_mlp(layers, x):
    h = jax.nn.gelu(dense(layers[0], x), approximate=True)
    for layer in layers[1:-1]:
        h = h + jax.nn.gelu(dense(layer, h), approximate=True)
    return dense(layers[-1], h)


def critic(layers, observation, action):
    """One critic: [..., obs], [..., act] -> [...]."""
    h = jnp.concatenate([observation, action], -1)
    for layer in layers[:-1]:
        h = jax.nn.relu(dense(layer, h))
    return dense(layers[-1], h)[..., 0]


def twins(params, observation, action):
    """Both critics, whose parameters are stacked along axis 0: -> [2, ...]."""
    return jax.vmap(critic, in_axes=(0, None, None))(params, observation, action)


def sinusoidal(x, size):
    """Sines and cosines of x at geometric frequencies from 1 to 1/1000: [...] -> [..., size]."""
    half = size // 2
    frequencies = 1000.0 ** (-jnp.arange(half) / (half - 1))
    phase = x[..., None] * frequencies
    return jnp.concatenate([jnp.sin(phase), jnp.cos(phase)], -1)


def adam_init(params):
    zeros = jax.tree.map(jnp.zeros_like, params)
    return {"params": params, "m": zeros, "v": zeros, "count": jnp.zeros(())}


def global_norm(tree):
    return jnp.sqrt(sum(jnp.sum(jnp.square(leaf)) for leaf in jax.tree.leaves(tree)))


def adam_step(state, gradient, learning_rate, max_norm=None):
    if max_norm is not None:
        scale = jnp.minimum(1.0, max_norm / global_norm(gradient))
        gradient = jax.tree.map(lambda g: g * scale, gradient)
    count = state["count"] + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state["m"], gradient)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, state["v"], gradient)
    one, two = 1 - 0.9**count, 1 - 0.999**count
    params = jax.tree.map(
        lambda p, m, v: p - learning_rate * (m / one) / (jnp.sqrt(v / two) + 1e-8), state["params"], m, v
    )
    return {"params": params, "m": m, "v": v, "count": count}


def adam_step_each(state, gradient, learning_rate, max_norm):
    """Adam on members stacked along axis 0, each clipped by its own norm."""
    step = lambda s, g: adam_step(s, g, learning_rate, max_norm)
    axes = {"params": 0, "m": 0, "v": 0, "count": None}
    return jax.vmap(step, in_axes=(axes, 0), out_axes=axes)(state, gradient)


def polyak(target, source, tau):
    return jax.tree.map(lambda t, s: (1 - tau) * t + tau * s, target, source)
