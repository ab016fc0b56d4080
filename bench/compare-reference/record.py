"""Records one update and the actions of the official program, for the comparison with this harness.

    python record.py --reference DIR --out FOLDER [--algorithms rfm,sac] [--cases cases.json] [--seed 0] [--jit]

It draws parameters, optimiser moments and a batch, has the program itself compute one update and act, keeps the
noise that the program drew, and writes one JSON file for each algorithm and case. cases.ts says what is in it.
"""

import argparse
import base64
import json
import pathlib
import sys
import zlib

import numpy as np

import algorithms as known
import formulas
from observe import Observer
from program import Program, algorithms

# Sizes of the recorded cases; method constants are never among them.
default_cases = {
    "1": dict(observation=5, action=1, batch=6, width=16, embedding=8, draws=12, particles=4, evaluation=5, density_draws=3, count=2),
    "2": dict(observation=7, action=3, batch=8, width=24, embedding=8, draws=20, particles=6, evaluation=4, density_draws=2, count=6),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--reference", required=True, help="checkout of the official program")
    parser.add_argument("--out", required=True, help="folder for the recorded cases")
    parser.add_argument("--algorithms", default=",".join(algorithms))
    parser.add_argument("--cases", help="JSON file of cases, {name: {observation, action, batch, ...}}")
    parser.add_argument("--seed", type=int, default=0, help="of the first case; the next have the next seeds")
    parser.add_argument("--keys", action="store_true", help="record the keys of evaluation noise instead")
    parser.add_argument("--jit", action="store_true", help="also compare with the update as the program compiles it")
    arguments = parser.parse_args()
    cases = json.loads(pathlib.Path(arguments.cases).read_text()) if arguments.cases else default_cases
    program = Program(arguments.reference)
    out = pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    if arguments.keys:
        record_keys(program, out / "evaluation-keys.json")
        return
    for name, case in cases.items():
        missing = {"observation", "action", "batch", "width", "embedding"} - set(case)
        if missing:
            sys.exit(f"case '{name}' lacks {', '.join(sorted(missing))}")
        case.setdefault("count", 3)
    for algorithm in arguments.algorithms.split(","):
        if algorithm not in algorithms:
            sys.exit(f"no algorithm '{algorithm}': it is one of {', '.join(algorithms)}")
        for i, (name, case) in enumerate(cases.items()):
            recorder = Recorder(program, algorithm, case, arguments.seed + i)
            record, file = recorder.record(), out / f"{algorithm}-{name}.json"
            write(file, record)
            try:
                record["rounding"] = formulas.rounding(file)
            except formulas.TooCoarse as found:
                file.unlink()
                print(f"left out: {found}", flush=True)
                continue
            write(file, record)
            worst = max(record["rounding"], key=record["rounding"].get)
            print(f"{file.name}: rounding {record['rounding'][worst]:.0e} ({worst})", end="", flush=True)
            print(f", under jax.jit {recorder.jitted():.0e}" if arguments.jit else "", flush=True)


class Recorder:
    def __init__(self, program, algorithm, case, seed):
        import networks

        self.program, self.algorithm, self.case = program, algorithm, case
        self.sizes = (case["observation"], case["action"])
        overrides = [*known.overrides(algorithm, case), f"seed={seed}"]
        self.agent, self.config = program.agent(algorithm, *self.sizes, overrides)
        self.random = np.random.default_rng([seed, zlib.crc32(algorithm.encode()), *self.sizes])
        self.actor, self.critic = networks.slots(algorithm, self.agent)
        self.observer = Observer(program.folder)
        self.reader = known.Reader(algorithm, self.config, case["batch"], case["action"])

    def record(self):
        batch = self._batch()
        before = self._parameters(batch)
        self._set(before)
        self._moments(before, batch)
        restore = self._keep()
        acting = {}
        for mode, evaluation in (("explore", False), ("exploit", True)):
            with self.observer.watching() as seen:
                action = self.agent.sample_actions(batch["observation"], deterministic=evaluation)
            noise = getattr(self.reader, mode)(seen)
            acting.update({f"{mode}/noise/{name}": x for name, x in noise.items()})
            acting[f"{mode}/action"] = np.asarray(action[0] if isinstance(action, tuple) else action)
        restore()
        noise, drawn, expected = self.reader.update(self._update(batch))
        self._again = (restore, batch)
        arrays = {
            **{f"batch/{name}": x for name, x in batch.items()},
            **{f"before/{name}": x for name, x in before.items()},
            **{f"noise/{name}": x for name, x in noise.items()},
            **{f"drawn/{name}": x for name, x in drawn.items()},
            **{f"expected/{name}": x for name, x in expected.items()},
            **{f"after/{name}": x for name, x in self._after().items()},
            **acting,
        }
        return {
            "format": 1,
            "algorithm": self.algorithm,
            "versions": self.program.versions(),
            "sizes": {k: self.case[k] for k in ("observation", "action", "batch")},
            "seed": self.config["seed"],
            "count": self.case["count"],
            "config": {part: self.config[part] for part in ("trainer", "actor", "critic", self.algorithm)},
            "arrays": arrays,
        }

    def jitted(self):
        """The largest difference in parameters after the same update as the program runs it, compiled and not watched."""
        (restore, batch), watched = self._again, self._after()
        restore()
        self.agent.update(*self._in_order(batch))
        return max(np.max(np.abs(x - watched[name])) for name, x in self._after().items())

    def _keep(self):
        """Gives back the function that puts the agent where it is now: parameters, optimisers, counters and key."""
        holders = [self.agent] if self.algorithm == "qvpo" else [self.agent, self.critic.holder]
        kept = [(holder, dict(vars(holder))) for holder in holders]

        def restore():
            for holder, variables in kept:
                vars(holder).update(variables)

        return restore

    def _batch(self):
        case, random = self.case, self.random
        b, (obs, act) = case["batch"], self.sizes
        action = random.uniform(-1, 1, (b, act))
        action.flat[0], action.flat[-1] = 0.9999, -1.0
        mask = np.ones(b)
        mask[1 :: 3] = 0
        batch = {
            "observation": random.standard_normal((b, obs)),
            "action": action,
            "reward": random.uniform(0, 1, b),
            "mask": mask,
            "nextObservation": random.standard_normal((b, obs)),
        }
        return {name: x.astype(np.float32) for name, x in batch.items()}

    def _parameters(self, batch):
        """Parameters and targets, {actor/params/layer0/kernel: array, ...}."""
        actor = self._network(self.actor, known.actor_scale[self.algorithm])
        if self.algorithm == "sac":
            *_, bias = actor
            half = self.sizes[1]
            actor[bias][half:] -= 0.4  # standard deviations of about two thirds
        critic = self._critics(batch)
        found = {
            **{f"actor/params/{k}": x for k, x in actor.items()},
            **{f"critic/params/{k}": x for k, x in critic.items()},
            **{f"target/{k}": x for k, x in self._near(critic).items()},
        }
        if self.algorithm == "qvpo":
            found.update({f"targetActor/{k}": x for k, x in self._near(actor).items()})
        if self.algorithm == "sac":
            found["temperature/params/logAlpha"] = np.float32(np.log(0.3))
        return found

    def _network(self, slot, scale):
        arrays = {}
        for name, x in slot.read("params").items():
            if name.endswith("kernel"):
                arrays[name] = self.random.standard_normal(x.shape) / np.sqrt(x.shape[-2])
            else:
                arrays[name] = 0.2 * self.random.standard_normal(x.shape)
        *_, kernel, bias = arrays
        arrays[kernel] *= scale
        arrays[bias] *= scale
        return {name: x.astype(np.float32) for name, x in arrays.items()}

    def _critics(self, batch):
        """Critics whose values have the algorithm's spread about 0.5 over the batch's states and uniform actions."""
        arrays = self._network(self.critic, 1.0)
        states = np.repeat(batch["observation"], 32, 0)
        actions = self.random.uniform(-1, 1, (len(states), self.sizes[1])).astype(np.float32)
        *_, kernel, bias = arrays
        self.critic.write("params", arrays)
        for member, values in enumerate(self._values(states, actions)):
            # Over the actions of one state; the states' means are left as they are.
            spread = np.mean(np.std(values.reshape(-1, 32), 1))
            arrays[kernel][member] *= known.value_spread[self.algorithm] / spread
            arrays[bias][member] = 0
        self.critic.write("params", arrays)
        for member, values in enumerate(self._values(states, actions)):
            arrays[bias][member] = 0.5 - np.mean(values)
        return arrays

    def _values(self, states, actions):
        import jax

        if self.algorithm == "qvpo":
            agent = self.agent
            return [np.asarray(agent.q_module.apply(p, states, actions)) for p in (agent.q1_params, agent.q2_params)]
        holder = self.critic.holder
        inputs = np.concatenate([states, actions], -1)
        return np.asarray(jax.vmap(lambda p: holder.Q_module.apply(p, inputs))(holder.Q_online_params))

    def _near(self, arrays):
        """Parameters a little way off, for a target network."""
        return {
            k: (x + 0.1 * np.std(x) * self.random.standard_normal(x.shape)).astype(np.float32)
            for k, x in arrays.items()
        }

    def _set(self, before):
        import jax.numpy as jnp

        of = lambda prefix: {k[len(prefix) :]: x for k, x in before.items() if k.startswith(prefix)}
        self.actor.write("params", of("actor/params/"))
        self.critic.write("params", of("critic/params/"))
        self.critic.write("target", of("target/"))
        if self.algorithm == "qvpo":
            self.actor.write("target", of("targetActor/"))
        if self.algorithm == "sac":
            self.agent.log_alpha = jnp.asarray(before["temperature/params/logAlpha"])

    def _moments(self, before, batch):
        """Adam's moments as after `count` steps with gradients of this update's size.

        From moments of zero Adam's step is the gradient's sign, which rounding decides where a gradient is near zero.
        """
        restore = self._keep()
        _, _, expected = self.reader.update(self._update(batch))
        restore()
        for name, slot in (("actor", self.actor), ("critic", self.critic)):
            params = slot.read("params")
            norm = np.max(expected[f"{name}GradNorm"])
            limit = self.config[name]["max_grad_norm"]
            members = 2 if name == "critic" else 1
            size = (norm if limit is None else min(norm, limit)) / np.sqrt(
                sum(x.size for x in params.values()) / members
            )
            m, v = ({k: self._moment(kind, x.shape, size) for k, x in params.items()} for kind in "mv")
            slot.write_moments(m, v, self.case["count"])
            before.update({f"{name}/m/{k}": x for k, x in m.items()})
            before.update({f"{name}/v/{k}": x for k, x in v.items()})
        if self.algorithm == "sac":
            m, v = (self._moment(kind, (), 0.3) for kind in "mv")
            adam = self.agent.alpha_opt_state[0]
            adam = adam._replace(mu=adam.mu * 0 + m, nu=adam.nu * 0 + v, count=adam.count * 0 + self.case["count"])
            self.agent.alpha_opt_state = (adam, *self.agent.alpha_opt_state[1:])
            before["temperature/m/logAlpha"], before["temperature/v/logAlpha"] = m, v

    def _moment(self, kind, shape, size):
        count = self.case["count"]
        if kind == "m":
            x = (1 - 0.9**count) * size * self.random.standard_normal(shape)
        else:
            x = (1 - 0.999**count) * size**2 * self.random.uniform(0.5, 2, shape)
        return np.asarray(x, np.float32)

    def _update(self, batch):
        with self.observer.watching() as seen:
            self.agent.update(*self._in_order(batch))
        return seen

    def _in_order(self, batch):
        return [batch[name] for name in ("observation", "action", "reward", "mask", "nextObservation")]

    def _after(self):
        found = {
            **{f"actor/{k}": x for k, x in self.actor.read("params").items()},
            **{f"critic/{k}": x for k, x in self.critic.read("params").items()},
            **{f"target/{k}": x for k, x in self.critic.read("target").items()},
        }
        if self.algorithm == "qvpo":
            found.update({f"targetActor/{k}": x for k, x in self.actor.read("target").items()})
        if self.algorithm == "sac":
            found["temperature/logAlpha"] = np.asarray(self.agent.log_alpha)
        return found


def record_keys(program, file):
    """The number from which the program starts the noise of an evaluated action, for a few states."""
    from src.agent.qvpo import _deterministic_keys_from_obs

    random = np.random.default_rng(0)
    states = [random.standard_normal((4, size)) for size in (1, 5, 17, 67)]
    states += [np.zeros((1, 3)), np.array([[-0.0, 1e-40, 3e38]]), np.full((1, 24), 1.0)]
    states.append(np.array([[0x61C88647]], np.uint32).view(np.float32))  # hashes to 0, for which 1 stands
    rows = []
    for batch in states:
        batch = batch.astype(np.float32)
        for state, key in zip(batch, np.asarray(_deterministic_keys_from_obs(batch))):
            if key[0] != 0 or key[1] != evaluation_key(state):
                raise RuntimeError(f"the program's key of {state} is {key}, not {evaluation_key(state)}")
            rows.append({"state": [float(x) for x in state], "key": int(key[1])})
    head = json.dumps({"versions": program.versions()}, indent=1)[:-2]
    file.write_text(f'{head},\n "keys": [\n  ' + ",\n  ".join(map(json.dumps, rows)) + "\n ]\n}\n")


def evaluation_key(state):
    """The same by its definition, in integers."""
    key = 0
    for d, bits in enumerate(state.view(np.uint32)):
        x = (int(bits) + 0x9E3779B9 * (d + 1)) % 2**32
        x ^= x >> 16
        x = x * 0x85EBCA6B % 2**32
        x ^= x >> 13
        x = x * 0xC2B2AE35 % 2**32
        key += x ^ (x >> 16)
    return key % 2**32 or 1


def write(file, record):
    """One JSON object; an array is its shape and its little-endian float32 numbers in base64, one array a line."""
    arrays = record["arrays"]
    head = json.dumps({key: value for key, value in record.items() if key != "arrays"}, indent=1)[:-2]
    lines = [f"  {json.dumps(name)}: {json.dumps(packed(x))}" for name, x in arrays.items()]
    file.write_text(f'{head},\n "arrays": {{\n' + ",\n".join(lines) + "\n }\n}\n")


def packed(x):
    x = np.asarray(x, "<f4")
    if not np.all(np.isfinite(x)):
        raise RuntimeError("a recorded number is not finite: choose another seed")
    return {"shape": list(x.shape), "float32": base64.b64encode(x.tobytes()).decode()}


if __name__ == "__main__":
    main()
