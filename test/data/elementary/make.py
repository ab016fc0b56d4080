"""Values of elementary functions by mpmath at 400 bits and more: python3 make.py > values.json

Each case is [x, value, rest] (for two arguments [x, y, value, rest]): the function's value is `value + rest`, the first
being the double next to it.
"""
import json
import random

import mpmath
from mpmath import mpf

mpmath.mp.prec = 400
draw = random.Random(18)


def sized(low, high, count, signed=True):
    """Sizes spread evenly in their logarithm."""
    for _ in range(count):
        size = 2.0 ** draw.uniform(low, high)
        yield draw.choice([-size, size]) if signed else size


def spread(low, high, count):
    return (draw.uniform(low, high) for _ in range(count))


def case(function, *arguments):
    exact = function(*map(mpf, arguments))
    value = float(exact)
    return [*arguments, value, float(exact - mpf(value))]


def cases(function, *inputs):
    return [case(function, x) for source in inputs for x in source]


def angles():
    """Near multiples of a quarter turn, of every size; the double nearest of all to one (Muller 2016, table 11.1)."""
    for n in [1, 2, 3, 5, 8, 100, 12345, 1000001, 2**30 + 1, 2**52 + 1]:
        yield float(n * mpmath.pi / 2)
    yield 6381956970095103.0 * 2.0**797


def at_high_precision(function):
    def value(x):
        with mpmath.workprec(2600):
            return +function(x)

    return value


sin, cos = at_high_precision(mpmath.sin), at_high_precision(mpmath.cos)
tables = {
    "exp": cases(
        mpmath.exp,
        *(spread(-1, 1, 40), spread(-700, 709, 40), sized(-70, 0, 30), spread(-745, -708, 20)),
        (float(k * mpmath.ln2 / 512) for k in range(-256, 257)),
    ),
    "expm1": cases(mpmath.expm1, spread(-1, 1, 40), spread(-60, 709, 40), sized(-70, 0, 40)),
    "log": cases(mpmath.log, spread(0.5, 2, 50), sized(-1073, 1023, 50, False), [1 + 2**-52, 1 - 2**-53, 5e-324]),
    "log1p": cases(mpmath.log1p, spread(-0.99, 2, 50), sized(-70, -1, 40), sized(0, 1023, 20, False)),
    "sin": cases(sin, spread(-4, 4, 50), spread(-1e6, 1e6, 30), sized(-70, 1023, 40), angles()),
    "cos": cases(cos, spread(-4, 4, 50), spread(-1e6, 1e6, 30), sized(-70, 1023, 40), angles()),
    "atan": cases(mpmath.atan, spread(-3, 3, 60), sized(-70, 80, 50)),
    "acos": cases(mpmath.acos, spread(-1, 1, 60), sized(-70, -1, 20), (1 - x for x in sized(-50, -1, 30, False))),
    "tanh": cases(mpmath.tanh, spread(-3, 3, 60), sized(-70, 5, 50)),
    "cosh": cases(mpmath.cosh, spread(-3, 3, 40), spread(-710, 710, 40), sized(-70, 0, 20)),
    "asinh": cases(mpmath.asinh, spread(-3, 3, 40), sized(-70, 1023, 60)),
    "acosh": cases(mpmath.acosh, spread(1, 4, 40), (1 + x for x in sized(-52, 60, 50, False)), sized(60, 1023, 20, False)),
    "atanh": cases(mpmath.atanh, spread(-1, 1, 50), sized(-70, 0, 40), (1 - x for x in sized(-50, -1, 30, False))),
    "cbrt": cases(
        lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), spread(-30, 30, 40), sized(-1073, 1023, 40), range(1, 25)
    ),
    "pow": [
        case(mpmath.power, x, y)
        for x, y in [
            *zip(sized(-1000, 1000, 40, False), spread(-1, 1, 40)),
            *zip(spread(0.1, 100, 60), spread(-20, 20, 60)),
            *zip(spread(0.9999, 1.0001, 20), spread(-1e6, 1e6, 20)),
            (10000.0, -0.25),
            (2.0, 0.5),
        ]
    ],
    "atan2": [
        case(mpmath.atan2, y, x)
        for y, x in [
            *zip(spread(-2, 2, 60), spread(-2, 2, 60)),
            *zip(sized(-1000, 1000, 30), sized(-1000, 1000, 30)),
        ]
    ],
}
print(
    "{\n"
    + ",\n".join(
        f' "{name}": [\n' + ",\n".join("  " + json.dumps(row) for row in rows) + "\n ]" for name, rows in tables.items()
    )
    + "\n}"
)
