"""Runs the official program's agents on command: one JSON object per line in, one per line out.

{"do": "load", "algorithm", "observation", "action", "options"}   builds and compiles; says how long that took
{"do": "update", "seconds"}                 updates for that long: count, wall and processor seconds
{"do": "act", "seconds", "count", "best"}   the same for acting; best is the evaluation policy

    python worker.py DIR      DIR is the program's checkout
"""

import json
import os
import pathlib
import sys
import time

if os.environ.get("THREADS") == "1" and hasattr(os, "sched_setaffinity"):
    # XLA takes its threads from the cores that it may use.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "compare-reference"))

import jax
import numpy as np
from program import Program


class Session:
    def __init__(self, folder):
        self.program = Program(folder)

    def load(self, algorithm, observation, action, options):
        begin = time.perf_counter()
        self.agent, config = self.program.agent(algorithm, observation, action, options)
        self.observation = observation
        size = config["trainer"]["batch_size"]
        random = np.random.default_rng(0)
        self.batch = (
            random.standard_normal((size, observation), dtype=np.float32),
            random.uniform(-1, 1, (size, action)).astype(np.float32),
            random.random(size, dtype=np.float32),
            np.ones(size, np.float32),
            random.standard_normal((size, observation), dtype=np.float32),
        )
        self._update()
        return {"milliseconds": 1000 * (time.perf_counter() - begin), "versions": self.program.versions()}

    def _update(self):
        # Its training loop acts on the new parameters next, and so waits for them.
        jax.block_until_ready(self.agent.update(*self.batch))

    def update(self, seconds):
        return timed(self._update, seconds)

    def act(self, seconds, count, best):
        observations = np.zeros((count, self.observation), np.float32)
        once = lambda: self.agent.sample_actions(observations, deterministic=best)
        once()
        return timed(once, seconds)


def timed(once, seconds):
    begin, cpu, count = time.perf_counter(), time.process_time(), 0
    while count == 0 or time.perf_counter() - begin < seconds:
        once()
        count += 1
    return {"count": count, "wall": time.perf_counter() - begin, "cpu": time.process_time() - cpu}


answers, sys.stdout = sys.stdout, sys.stderr  # what the program prints is no answer
session = Session(sys.argv[1])
for line in sys.stdin:
    order = json.loads(line)
    print(json.dumps(getattr(session, order.pop("do"))(**order)), file=answers, flush=True)
