"""The program's networks and optimisers as named arrays: layers in the order of the forward pass."""

import jax
import jax.numpy as jnp
import numpy as np

_residual = ("Dense_0", "Block_0/Dense_0", "Block_1/Dense_0", "Dense_1")
_layers = {
    "ScoreMLP": _residual,
    "ActorMLP": _residual,
    "MLP": ("NormedLinear_0/Dense_0", "NormedLinear_1/Dense_0", "Dense_0"),
    "QVPOQNet": ("Dense_0", "Dense_1", "Dense_2"),
    "QVPOPolicyNet": ("Dense_0", "Dense_1", "Dense_2", "Dense_3", "Dense_4"),
}
_names = {"QVPOPolicyNet": ("time0", "time1", "layer0", "layer1", "layer2")}


def leaves(module):
    """(name, path in the parameter tree) of every leaf, in order."""
    kind = type(module).__name__
    paths = _layers[kind]
    names = _names.get(kind, tuple(f"layer{i}" for i in range(len(paths))))
    for name, path in zip(names, paths):
        for leaf in ("kernel", "bias"):
            yield f"{name}/{leaf}", ("params", *path.split("/"), leaf)


def named(module, tree):
    """{layer0/kernel: array, ...} of a parameter tree."""
    flat = {}
    for name, path in leaves(module):
        node = tree
        for key in path:
            node = node[key]
        flat[name] = np.asarray(node, np.float32)
    if len(flat) != len(jax.tree.leaves(tree)):
        raise RuntimeError(f"{type(module).__name__} has other layers than expected")
    return flat


def tree(module, arrays):
    """The parameter tree of named arrays."""
    root = {}
    for name, path in leaves(module):
        node = root
        for key in path[:-1]:
            node = node.setdefault(key, {})
        node[path[-1]] = jnp.asarray(arrays[name], jnp.float32)
    return root


class Slot:
    """A network of an agent: where its parameters, its optimiser's state and its target are kept."""

    def __init__(self, holder, module, params, optimiser=None, target=None):
        self.holder, self.module = holder, module
        self.params, self.optimiser, self.target = params, optimiser, target

    def read(self, which):
        return named(self.module, getattr(self.holder, getattr(self, which)))

    def write(self, which, arrays):
        setattr(self.holder, getattr(self, which), tree(self.module, arrays))

    def write_moments(self, m, v, count):
        state = getattr(self.holder, self.optimiser)
        adam = state[0]
        adam = adam._replace(
            mu=tree(self.module, m), nu=tree(self.module, v), count=jnp.full_like(adam.count, count)
        )
        setattr(self.holder, self.optimiser, (adam, *state[1:]))


class Pair:
    """QVPO's two critics, kept apart, as one ensemble with a leading axis of 2."""

    def __init__(self, first, second):
        self.members, self.module = (first, second), first.module

    def read(self, which):
        both = [member.read(which) for member in self.members]
        return {name: np.stack([part[name] for part in both]) for name in both[0]}

    def write(self, which, arrays):
        for i, member in enumerate(self.members):
            member.write(which, {name: array[i] for name, array in arrays.items()})

    def write_moments(self, m, v, count):
        for i, member in enumerate(self.members):
            member.write_moments({k: x[i] for k, x in m.items()}, {k: x[i] for k, x in v.items()}, count)


def slots(algorithm, agent):
    """The actor's and the critics' slots of an agent."""
    if algorithm == "qvpo":
        actor = Slot(agent, agent.policy, "policy_params", "policy_opt_state", "policy_target_params")
        members = [
            Slot(agent, agent.q_module, f"{q}_params", f"{q}_opt_state", f"{q}_target_params") for q in ("q1", "q2")
        ]
        return actor, Pair(*members)
    critic = agent.energy_function if algorithm == "dqs" else agent.critic
    critics = Slot(critic, critic.Q_module, "Q_online_params", "optimizer_state_q", "Q_target_params")
    if algorithm == "sac":
        return Slot(agent, agent.actor, "actor_params", "actor_opt_state"), critics
    return Slot(agent, agent.net, "net_params", "net_optimizer_state"), critics
