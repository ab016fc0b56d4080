"""Runs the policy of a checkpoint of `sac` with numpy alone; docs/checkpoints.md describes the file.

    python policy_in_numpy.py results/sac-walker-walk-0/runs/walker-walk/sac/0 < observations.json

reads a list of observations [[...], ...] and prints the mean actions, as `harness eval` plays them.
"""
import json
import sys
from pathlib import Path

import numpy as np


def read(path):
    """The tensors of a safetensors file by name, and the texts of its header."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8 : 8 + size]), data[8 + size :]
    texts = header.pop("__metadata__")
    types = {"F32": "<f4", "I32": "<i4", "U8": "u1"}
    cut = lambda t: np.frombuffer(body[slice(*t["data_offsets"])], types[t["dtype"]]).reshape(t["shape"])
    return {name: cut(tensor) for name, tensor in header.items()}, texts


def gelu(x):
    return x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def policy(run):
    """observations [count, obs] -> actions [count, act] in [-1, 1]"""
    tensors, texts = read(Path(run) / "checkpoint" / "last.safetensors")
    flat, layers = tensors["agent/actor/params"], json.loads(texts["layers"])["agent/actor/params"]
    cut = lambda at, shape: flat[at : at + int(np.prod(shape))].reshape(shape)
    weights = {layer["name"]: cut(layer["offset"], layer["shape"]) for layer in layers}
    blocks = json.loads(texts["run"])["job"]["config"]["actorBlocks"]

    def dense(i, x):
        return x @ weights[f"layer{i}/kernel"] + weights[f"layer{i}/bias"]

    def act(observations):
        h = gelu(dense(0, np.asarray(observations, np.float32)))
        for block in range(1, blocks + 1):
            h = h + gelu(dense(block, h))
        mean, _ = np.split(dense(blocks + 1, h), 2, axis=1)
        return np.tanh(mean)

    return act


if __name__ == "__main__":
    print(json.dumps(policy(sys.argv[1])(json.load(sys.stdin)).tolist()))
