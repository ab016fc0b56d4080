"""The Python side of comparisons with dm_control. Reads one JSON request per line, answers one JSON line.

{"bench": "walker-run", "episodes": 2}           -> control steps per second of whole episodes, resets included
{"trace": "walker-run", "seed": 5, "steps": 30}  -> reset and steps: qpos, qvel, observations, reward
{"open_loop": "walker-run", "seed": 5}           -> total return of an episode of uniform actions
{"episode": "walker-run", "seed": 5}             -> qpos and reward of each of its control steps
"""

import json
import sys
import time

import numpy as np
from dm_control import suite
from dm_control.mujoco import engine

# quadruped-escape uploads its terrain for drawing at a reset; without a renderer there is nothing to upload to
engine.Physics.contexts = property(lambda physics: None)

WARM_UP = 50  # control steps
LONGEST_EPISODE = 2000  # control steps


def load(task, seed):
    domain, name = task.split("-", 1)
    return suite.load(domain, name, task_kwargs={"random": seed})


def uniform_actions(env, seed):
    spec = env.action_spec()
    random = np.random.RandomState(seed + 7919)
    while True:
        yield random.uniform(spec.minimum, spec.maximum)


def bench(task, episodes):
    env = load(task, 0)
    draws = uniform_actions(env, 0)
    env.reset()
    for _ in range(WARM_UP):
        env.step(next(draws))
    actions = [next(draws) for _ in range(LONGEST_EPISODE)]
    steps, start = 0, time.perf_counter()
    for _ in range(episodes):
        env.reset()
        for action in actions:
            steps += 1
            if env.step(action).last():
                break
    return {"steps_per_second": steps / (time.perf_counter() - start)}


def snapshot(env, timestep):
    physics = env.physics
    return {
        "qpos": physics.data.qpos.tolist(),
        "qvel": physics.data.qvel.tolist(),
        "observation": {k: np.ravel(v).tolist() for k, v in timestep.observation.items()},
        "reward": timestep.reward,
    }


def trace(task, seed, steps):
    env = load(task, seed)
    actions = uniform_actions(env, seed)
    first = snapshot(env, env.reset())
    rows = [snapshot(env, env.step(next(actions))) for _ in range(steps)]
    return {"reset": first, "steps": rows}


def open_loop(task, seed):
    env = load(task, seed)
    actions = uniform_actions(env, seed)
    timestep, total = env.reset(), 0.0
    while not timestep.last():
        timestep = env.step(next(actions))
        total += timestep.reward
    return {"return_total": total}


def episode(task, seed):
    env = load(task, seed)
    actions = uniform_actions(env, seed)
    timestep, qpos, rewards = env.reset(), [], []
    while not timestep.last():
        timestep = env.step(next(actions))
        qpos.append(env.physics.data.qpos.tolist())
        rewards.append(timestep.reward)
    return {"qpos": qpos, "rewards": rewards}


def main():
    for line in sys.stdin:
        request = json.loads(line)
        if "bench" in request:
            answer = bench(request["bench"], request["episodes"])
        elif "trace" in request:
            answer = trace(request["trace"], request["seed"], request["steps"])
        elif "episode" in request:
            answer = episode(request["episode"], request["seed"])
        else:
            answer = open_loop(request["open_loop"], request["seed"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
