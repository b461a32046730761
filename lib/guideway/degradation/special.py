"""Special functions for compiled kernels: normal and gamma tails, scaled so that nothing overflows."""

from __future__ import annotations

import math

from guideway.degradation.compiled import kernel


@kernel
def normal_cdf(x: float) -> float:
    """Standard normal distribution function."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@kernel
def erfcx(x: float) -> float:
    """``exp(x^2) erfc(x)`` for ``x >= 0``; asymptotic series above 20."""
    if x < 20.0:
        return math.exp(x * x) * math.erfc(x)
    y = 1.0 / (x * x)
    return (1.0 - 0.5 * y + 0.75 * y * y) / (x * math.sqrt(math.pi))


@kernel
def gamma_tail(shape: float, x: float) -> float:
    """Upper regularised incomplete gamma function Q(shape, x); series below ``shape + 1``, Lentz's fraction above."""
    if x <= 0.0:
        return 1.0
    front = math.exp(min(shape * math.log(x) - x - math.lgamma(shape), 700.0))
    if x < shape + 1.0:
        term = 1.0 / shape
        total, k = term, shape
        for _ in range(2000):
            k += 1.0
            term *= x / k
            total += term
            if term < total * 1e-12:
                break
        return min(max(1.0 - front * total, 0.0), 1.0)
    b = x + 1.0 - shape
    c, d = 1e300, 1.0 / b
    fraction = d
    for i in range(1, 2000):
        a = -i * (i - shape)
        b += 2.0
        d = a * d + b
        d = 1.0 / (d if abs(d) > 1e-300 else 1e-300)
        c = b + a / c
        c = c if abs(c) > 1e-300 else 1e-300
        step = c * d
        fraction *= step
        if abs(step - 1.0) < 1e-12:
            break
    return min(max(front * fraction, 0.0), 1.0)
