"""Watches the official program while it computes: the noise that it draws and the values of its local variables.

The program must run under jax.disable_jit(), where its functions run line by line. No number that it computes with is
replaced: the random functions return what they always return, and a copy is kept.
"""

import contextlib
import sys
import threading

import jax
import jax.numpy as jnp
import numpy as np


def copy_of(value):
    """The array behind a value, under any number of jax.vmap: their axes come first."""
    kept, done = [], threading.Event()

    def keep(array):
        kept.append(np.array(array))
        done.set()
        return np.asarray(array)

    value = jnp.asarray(value)
    shape = jax.ShapeDtypeStruct(value.shape, value.dtype)
    jax.pure_callback(keep, shape, value, vmap_method="broadcast_all")
    # JAX may call back on another thread, later.
    if not done.wait(60):
        raise RuntimeError("JAX did not hand over an array: is the program running under jax.disable_jit()?")
    return kept[-1]


class Gradient:
    """One call of jax.value_and_grad in the program: loss, norm of the gradient, and the variables in sight."""

    def __init__(self, frames):
        self._frames = frames
        self.loss = self.norm = None

    def local(self, name):
        """The variable of that name in the innermost of the program's functions that has it."""
        for variables in self._frames:
            if name in variables:
                return np.asarray(variables[name])
        raise KeyError(f"the program has no variable '{name}' here")


class Observer:
    """What was drawn, in order, as (function, array), and the gradients that were taken."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.draws, self.gradients = [], []

    @contextlib.contextmanager
    def watching(self):
        self.draws, self.gradients = [], []
        random = jax.random
        names = ("normal", "uniform", "randint", "categorical", "truncated_normal")
        real = {name: getattr(random, name) for name in names}
        real_gradient = jax.value_and_grad

        def drawn(kind, value):
            self.draws.append((kind, copy_of(value)))
            return value

        def normal(key, *args, **kwargs):
            return drawn("normal", real["normal"](key, *args, **kwargs))

        def uniform(key, shape=(), dtype=jnp.float32, minval=0.0, maxval=1.0):
            # The numbers in [0, 1) that jax.random.uniform stretches to [minval, maxval).
            drawn("uniform", real["uniform"](key, shape, dtype))
            return real["uniform"](key, shape, dtype, minval, maxval)

        def randint(key, *args, **kwargs):
            return drawn("randint", real["randint"](key, *args, **kwargs))

        def categorical(key, logits, axis=-1):
            # The numbers behind its Gumbel noise, -log(-log u).
            u = real["uniform"](key, logits.shape, logits.dtype, jnp.finfo(logits.dtype).tiny, 1.0)
            drawn("choice", u)
            index = real["categorical"](key, logits, axis)
            scores = copy_of(logits) - np.log(-np.log(copy_of(u)))
            np.testing.assert_array_equal(np.argmax(scores, axis), copy_of(index))
            return index

        def truncated_normal(key, lower, upper, shape=None, dtype=jnp.float32):
            drawn("uniform", real["uniform"](key, shape, dtype))
            return drawn("truncated", real["truncated_normal"](key, lower, upper, shape, dtype))

        def value_and_grad(function, *args, **kwargs):
            has_aux = kwargs.get("has_aux", False)
            computed = real_gradient(function, *args, **kwargs)

            def call(*inputs):
                found = Gradient(self._variables())
                loss, gradient = value = computed(*inputs)
                found.loss = copy_of(loss[0] if has_aux else loss)
                found.aux = copy_of(loss[1]) if has_aux else None
                squares = sum(jnp.sum(x * x) for x in jax.tree.leaves(gradient))
                found.norm = copy_of(jnp.sqrt(squares))
                self.gradients.append(found)
                return value

            return call

        replaced = dict(
            normal=normal,
            uniform=uniform,
            randint=randint,
            categorical=categorical,
            truncated_normal=truncated_normal,
        )
        for name, function in replaced.items():
            setattr(random, name, function)
        jax.value_and_grad = value_and_grad
        try:
            with jax.disable_jit():
                yield self
        finally:
            for name, function in real.items():
                setattr(random, name, function)
            jax.value_and_grad = real_gradient

    def _variables(self):
        """The variables of the program's functions that are being run, from the innermost outwards."""
        frames, frame = [], sys._getframe(2)
        while frame is not None:
            if frame.f_code.co_filename.startswith(self.folder):
                frames.append(dict(frame.f_locals))
            frame = frame.f_back
        return frames

    def take(self):
        """The draws so far, to be taken one by one in order."""
        return Draws(self.draws)


class Draws:
    def __init__(self, draws):
        self._left = list(draws)

    def next(self, kind, *shape):
        """The next draw, which must come from that function; reshaped."""
        if not self._left:
            raise RuntimeError(f"the program drew no further {kind} noise")
        found, array = self._left.pop(0)
        if found != kind:
            raise RuntimeError(f"the program drew {found} noise of shape {array.shape} where {kind} was expected")
        return array.reshape(shape)

    def path(self, steps, *shape):
        """Normals of so many steps in turn, [steps, *shape]."""
        return np.stack([self.next("normal", *shape) for _ in range(steps)])

    def done(self):
        if self._left:
            raise RuntimeError(f"the program drew {len(self._left)} more arrays than expected")
