"""For each algorithm: the sizes that a case may shrink, the order in which the program draws its noise, and the
quantities of one update. Names of noise and quantities are those of test/agents/reference-program/cases.ts."""

import numpy as np

# The program's own sizes are left as they are where a case does not name them.
sizes = {
    "rfm": {
        "draws": "rfm.num_estimator_mc_samples",
        "particles": ("rfm.num_particles_training", "rfm.num_particles_data"),
        "evaluation": "rfm.num_particles_eval",
    },
    "sac": {},
    "dqs": {"draws": "dqs.num_estimator_mc_samples"},
    "maxentdp": {
        "draws": "maxentdp.score_samples_num",
        "density_draws": "maxentdp.log_prob_samples",
        "evaluation": "maxentdp.eval_candidate_num",
    },
    "qsm": {},
    "qvpo": {"particles": "qvpo.train_sample", "evaluation": "qvpo.eval_sample"},
}

# How widely each critic's values vary over actions and states, so that weights are sharp and not degenerate: a few λ.
value_spread = {"rfm": 0.06, "sac": 0.5, "dqs": 0.15, "maxentdp": 0.06, "qsm": 0.05, "qvpo": 0.5}

# Scale of the actor's last layer.
actor_scale = {"rfm": 1.0, "sac": 0.5, "dqs": 0.6, "maxentdp": 0.5, "qsm": 0.4, "qvpo": 0.4}


def overrides(algorithm, case):
    """The program's command line options for a case's sizes."""
    items = [
        f"trainer.batch_size={case['batch']}",
        f"actor.hidden_size={case['width']}",
        f"critic.hidden_size={case['width']}",
        f"actor.emb_size={case['embedding']}",
    ]
    for name, options in sizes[algorithm].items():
        if name not in case:
            continue
        for option in (options,) if isinstance(options, str) else options:
            items.append(f"{option}={case[name]}")
    return items


class Reader:
    """Names the draws and quantities of one recorded call of an agent."""

    def __init__(self, algorithm, config, batch, action):
        self.algorithm, self.config = algorithm, config[algorithm]
        self.b, self.d = batch, action

    def update(self, seen):
        """noise, derived draws and expected quantities of an update."""
        draws = seen.take()
        noise, drawn = {}, {}
        getattr(self, f"_{self.algorithm}_noise")(draws, noise, drawn)
        draws.done()
        return noise, drawn, getattr(self, f"_{self.algorithm}_values")(seen.gradients)

    def _rfm_noise(self, draws, noise, _):
        b, d, m = self.b, self.d, self.config["num_particles_training"]
        for name in ("endpoint", "next"):
            noise[f"{name}Start"] = draws.next("normal", b, m, d)
            noise[f"{name}Choice"] = draws.next("choice", b, m)
        noise["time"] = draws.next("uniform", b)
        noise["bridge"] = draws.next("normal", b, d)
        noise["prior"] = draws.next("normal", b, self.config["num_estimator_mc_samples"], d)

    def _rfm_values(self, gradients):
        critic, actor = gradients
        return {
            **self._critic(critic),
            "endpointAction": actor.local("actions_on_policy"),
            "endpoint": actor.local("y1_on_policy"),
            "time": actor.local("t_batch"),
            "noised": actor.local("y_t_batch"),
            "dataMean": actor.local("y1_post"),
            "noiseMean": actor.local("y0_post"),
            "regression": actor.local("targets"),
            "ess": actor.local("ess"),
            "coefficient": actor.local("cv_w"),
            **self._actor(actor),
        }

    def _sac_noise(self, draws, noise, _):
        noise["next"] = draws.next("normal", self.b, self.d)
        noise["actor"] = draws.next("normal", self.b, self.d)

    def _sac_values(self, gradients):
        critic, actor, temperature = gradients
        return {
            **self._critic(critic),
            "nextLogDensity": critic.local("next_log_probs"),
            "logDensity": actor.aux,
            **self._actor(actor),
            "temperatureLoss": temperature.loss,
        }

    def _dqs_noise(self, draws, noise, _):
        b, d = self.b, self.d
        noise["start"] = draws.next("normal", b, d)
        noise["path"] = draws.path(self.config["num_integration_steps"], b, d)
        noise["time"] = draws.next("uniform", b)
        noise["bridge"] = draws.next("normal", b, d)
        noise["score"] = draws.next("normal", b, self.config["num_estimator_mc_samples"], d)

    def _dqs_values(self, gradients):
        actor, critic = gradients
        return {
            **self._critic(critic),
            "time": actor.local("times"),
            "noised": actor.local("noised_actions"),
            "regression": actor.local("estimated_scores"),
            "weight": actor.local("lambda_weights"),
            **self._actor(actor),
        }

    def _maxentdp_noise(self, draws, noise, drawn):
        b, d, config = self.b, self.d, self.config
        noise["start"] = draws.next("normal", b, 1, d)
        noise["path"] = draws.path(config["num_diffusion_steps"], b, d)
        noise["density"] = draws.next("normal", b, config["log_prob_samples"], config["log_prob_steps"], d)
        noise["time"] = draws.next("uniform", b)
        noise["bridge"] = draws.next("normal", b, d)
        noise["prior"] = draws.next("uniform", b, config["score_samples_num"], d)
        drawn["candidates"] = draws.next("truncated", b, config["score_samples_num"], d)
        draws.next("normal", b, config["score_samples_num"], d)  # stands in where the one before is not a number
        if not np.all(np.isfinite(drawn["candidates"])):
            raise RuntimeError("a truncated normal is not a number: choose another seed")

    def _maxentdp_values(self, gradients):
        critic, actor = gradients
        weights = actor.local("weights")
        return {
            **self._critic(critic),
            "nextLogDensity": critic.local("next_log_probs"),
            "time": actor.local("times"),
            "logSnr": actor.local("log_snr"),
            "noised": actor.local("noisy_actions"),
            "regression": actor.local("eps_target"),
            "ess": 1 / np.sum(np.square(weights), 1),
            **self._actor(actor),
        }

    def _qsm_noise(self, draws, noise, drawn):
        b, d, steps = self.b, self.d, self.config["num_diffusion_steps"]
        noise["start"] = draws.next("normal", b, d)
        noise["path"] = draws.path(steps, b, d)
        noise["smoothing"] = draws.next("normal", b, d)
        drawn["step"] = draws.next("randint", b)
        noise["step"] = (drawn["step"] + 0.5) / steps
        noise["bridge"] = draws.next("normal", b, d)

    def _qsm_values(self, gradients):
        critic, actor = gradients
        return {
            **self._critic(critic),
            "noised": actor.local("noisy_actions"),
            "regression": actor.local("eps_target"),
            **self._actor(actor),
        }

    def _qvpo_noise(self, draws, noise, drawn):
        b, d, config = self.b, self.d, self.config
        steps = config["num_diffusion_steps"]
        for prefix, m in (("next", config["target_sample"]), ("", config["train_sample"])):
            start, path = (f"{prefix}Start", f"{prefix}Path") if prefix else ("start", "path")
            noise[start] = draws.next("normal", b, m, d)
            noise[path] = draws.path(steps, b * m, d)
        noise["uniform"] = draws.next("uniform", b * config["entropy_samples"], d)
        rows = b * (1 + config["entropy_samples"])
        drawn["step"] = draws.next("randint", rows)
        noise["step"] = (drawn["step"] + 0.5) / steps
        noise["bridge"] = draws.next("normal", rows, d)

    def _qvpo_values(self, gradients):
        first, second, actor = gradients
        return {
            "nextAction": first.local("next_actions"),
            "target": first.local("target"),
            "criticLoss": np.stack([first.loss, second.loss]),
            "criticGradNorm": np.stack([first.norm, second.norm]),
            "imitated": actor.local("best_actions")[: self.b],
            "advantage": actor.local("weights").reshape(-1)[: self.b],
            **self._actor(actor),
        }

    def _critic(self, gradient):
        return {
            "nextAction": gradient.local("next_actions"),
            "target": gradient.local("target_q"),
            "criticLoss": gradient.loss,
            "criticGradNorm": gradient.norm,
        }

    def _actor(self, gradient):
        return {"actorLoss": gradient.loss, "actorGradNorm": gradient.norm}

    def explore(self, seen):
        draws, b, d, config = seen.take(), self.b, self.d, self.config
        noise = {}
        if self.algorithm == "rfm":
            m = config["num_particles_data"]
            noise["start"] = draws.next("normal", b, m, d)
            noise["choice"] = draws.next("choice", b, m)
        elif self.algorithm == "sac":
            noise["action"] = draws.next("normal", b, d)
        else:
            steps = config["num_integration_steps" if self.algorithm == "dqs" else "num_diffusion_steps"]
            m = {"maxentdp": (1,), "qvpo": (config.get("behavior_sample"),)}.get(self.algorithm, ())
            noise["start"] = draws.next("normal", b, *m, d)
            noise["path"] = draws.path(steps, b * int(np.prod(m)), d)
            if self.algorithm == "qsm":
                noise["exploration"] = draws.next("normal", b, d)
        draws.done()
        return noise

    def exploit(self, seen):
        """Evaluation: noise whose generator starts from the state itself."""
        draws, b, d, config = seen.take(), self.b, self.d, self.config
        noise = {}
        if self.algorithm == "rfm":
            noise["start"] = draws.next("normal", b, config["num_particles_eval"], d)
        elif self.algorithm == "dqs":
            noise["start"] = draws.next("normal", b, d)
            draws.path(config["num_integration_steps"], b, d)  # multiplied by 0
        elif self.algorithm != "sac":
            candidates = {"maxentdp": "eval_candidate_num", "qvpo": "eval_sample"}.get(self.algorithm)
            m = () if candidates is None else (config[candidates],)
            noise["start"] = draws.next("normal", b, *m, d)
            noise["path"] = draws.path(config["num_diffusion_steps"], b * int(np.prod(m)), d)
        draws.done()
        return noise
