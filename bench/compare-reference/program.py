"""Loads the official program from the user's checkout and has its own main.py build an agent.

Nothing of the program lies here: its configuration files, its main function and its classes are imported from the
folder given, and only what main would do after building the agent (environments, logger, training) is left out.
"""

import os
import pathlib
import subprocess
import sys

os.environ.setdefault("MUJOCO_GL", "disabled")  # the program imports the Control Suite; nothing is rendered
os.environ.setdefault("JAX_PLATFORMS", "cpu")

algorithms = ("rfm", "sac", "dqs", "maxentdp", "qsm", "qvpo")


class Program:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        if not (self.folder / "configs" / "default.yaml").exists():
            sys.exit(f"{self.folder} is no checkout of the program: it has no configs/default.yaml")
        sys.path.insert(0, str(self.folder))
        import main

        self.main = main

    def agent(self, algorithm, observation, action, overrides=()):
        """The agent as `main.py --override ...` builds it for an environment of these sizes, and its configuration.

        rfm has configs/rfm.yaml laid over the defaults, as in the program's run.sh.
        """
        main, built = self.main, {}

        class Space:
            def __init__(self, size):
                self.shape = (size,)

        class Environment:
            observation_space, action_space = Space(observation), Space(action)

            def reset(self, seed=None):
                return None

            @property
            def unwrapped(self):
                return self

        class Built(Exception):
            pass

        def trainer(_env, *, agent, **_rest):
            built["agent"] = agent
            raise Built

        def logger(*, config, **_rest):
            built["config"] = config

        main.make_dmc_env = lambda env_name: lambda seed: Environment()
        main.Trainer, main.Logger = trainer, logger
        arguments = ["main.py", f"--override=algo={algorithm}"]
        if algorithm == "rfm":
            arguments.append(f"--config={self.folder / 'configs' / 'rfm.yaml'}")
        arguments += [f"--override={item}" for item in overrides]
        main.FLAGS.unparse_flags()
        main.FLAGS["override"].unparse()
        main.FLAGS["config"].unparse()
        main.FLAGS(arguments)
        try:
            main.main(None)
        except Built:
            return built["agent"], built["config"]
        raise RuntimeError("the program's main function did not reach its trainer")

    def versions(self):
        """Of the program and of what it runs on."""
        import flax
        import jax
        import jaxlib
        import numpy
        import optax

        git = ["git", "-C", str(self.folder)]
        commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True)
        changed = subprocess.run([*git, "status", "--porcelain", "--untracked-files=no"], capture_output=True, text=True)
        return {
            "program": "github.com/azizanlab/ReverseFlowMatching",
            "snapshot": (commit.stdout.strip() or "unknown") + (" with changes" if changed.stdout.strip() else ""),
            "python": ".".join(map(str, sys.version_info[:3])),
            "jax": jax.__version__,
            "jaxlib": jaxlib.__version__,
            "flax": flax.__version__,
            "optax": optax.__version__,
            "numpy": numpy.__version__,
        }
