"""Runs the JAX side on command: one JSON object per line in, one per line out.

{"do": "load", "agent", "preset", "obs", "act"}       compiles; says how long that took
{"do": "update", "seconds"}                          updates for that long: count, wall and processor seconds
{"do": "act", "seconds", "count", "best"}            the same for acting
{"do": "step", "file"}                               one step on the arrays of a file; writes the results beside it
"""

import json
import os
import sys
import time

if os.environ.get("THREADS") == "1" and hasattr(os, "sched_setaffinity"):
    # XLA takes its threads from the cores that it may use.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import jax
import jax.numpy as jnp
import numpy as np

import rfm
import sac

algorithms = {"rfm-flow": rfm, "sac": sac}


class Session:
    def load(self, agent, preset, obs, act):
        begin = time.perf_counter()
        self.module, self.preset, self.obs, self.action = algorithms[agent], preset, obs, act
        self.sizes = self.module.layer_sizes(preset, obs, act)
        self.update_fn, self.step_fn, self.act_fn = self.module.compiled(preset, act)
        self.key = jax.random.key(0)
        state = self.module.init(jax.random.key(1), preset, obs, act)
        self.state = jax.tree.map(lambda x: jnp.array(x, copy=True), state)  # donated: no array twice
        b = self.module.PRESETS[preset]["batch"]
        random = np.random.default_rng(0)
        self.batch = {
            "observation": random.standard_normal((b, obs), dtype=np.float32),
            "action": random.uniform(-1, 1, (b, act)).astype(np.float32),
            "reward": random.random(b, dtype=np.float32),
            "mask": np.ones(b, np.float32),
            "nextObservation": random.standard_normal((b, obs), dtype=np.float32),
        }
        self._update()
        return {"milliseconds": 1000 * (time.perf_counter() - begin), "version": jax.__version__}

    def _update(self):
        self.key, key = jax.random.split(self.key)
        self.state, metrics = self.update_fn(self.state, self.batch, key)
        return [float(value) for value in metrics.values()]  # waits, as a harness that reports them does

    def update(self, seconds):
        return timed(self._update, seconds)

    def act(self, seconds, count, best):
        observation = np.zeros((count, self.obs), np.float32)

        def once():
            self.key, key = jax.random.split(self.key)
            return np.asarray(self.act_fn(self.state, observation, key, best))

        once()
        return timed(once, seconds)

    def step(self, file):
        """Arrays by path, such as state/actor/params, flat as the harness keeps them."""
        arrays = read(file)
        state = {}
        for network in ("actor", "critic", "temperature"):
            if f"state/{network}/params" not in arrays:
                continue
            part = {k: arrays[f"state/{network}/{k}"] for k in ("params", "m", "v")}
            if network != "temperature":
                part = {k: unflatten(x, self.sizes[network]) for k, x in part.items()}
            state[network] = {**part, "count": arrays[f"state/{network}/count"].reshape(())}
        state["target"] = unflatten(arrays["state/target"], self.sizes["critic"])
        named = lambda prefix: {k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)}
        new, metrics = self.step_fn(state, named("inputs/batch/"), named("inputs/noise/"))
        out = {f"metrics/{k}": np.asarray(v).reshape(1) for k, v in metrics.items()}
        for network, part in new.items():
            params = part if network == "target" else part["params"]
            out[f"state/{network}"] = np.asarray(params if network == "temperature" else flatten(params))
        write(f"{file}.out", out)
        return {"file": f"{file}.out"}


def unflatten(flat, sizes):
    """Flat parameters [P], or [2, P] for twins, as layers: kernel and bias of each in turn."""
    layers, at = [], 0
    for i, o in zip(sizes[:-1], sizes[1:]):
        kernel, at = flat[..., at : at + i * o], at + i * o
        bias, at = flat[..., at : at + o], at + o
        layers.append({"kernel": kernel.reshape(*flat.shape[:-1], i, o), "bias": bias})
    return layers


def flatten(layers):
    lead = layers[0]["bias"].shape[:-1]
    return jnp.concatenate([x.reshape(*lead, -1) for layer in layers for x in (layer["kernel"], layer["bias"])], -1)


def read(file):
    """A line of JSON {path: shape}, then the arrays' float32 numbers one after the other."""
    with open(file, "rb") as f:
        shapes = json.loads(f.readline())
        data = np.frombuffer(f.read(), np.float32)
    arrays, at = {}, 0
    for path, shape in shapes.items():
        size = int(np.prod(shape))
        arrays[path], at = data[at : at + size].reshape(shape), at + size
    return arrays


def write(file, arrays):
    with open(file, "wb") as f:
        f.write((json.dumps({path: x.shape for path, x in arrays.items()}) + "\n").encode())
        for x in arrays.values():
            f.write(np.ascontiguousarray(x, np.float32).tobytes())


def timed(once, seconds):
    begin, cpu, count = time.perf_counter(), time.process_time(), 0
    while count == 0 or time.perf_counter() - begin < seconds:
        once()
        count += 1
    return {"count": count, "wall": time.perf_counter() - begin, "cpu": time.process_time() - cpu}


session = Session()
for line in sys.stdin:
    order = json.loads(line)
    print(json.dumps(getattr(session, order.pop("do"))(**order)), flush=True)
