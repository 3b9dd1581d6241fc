"""Regressions of a yes or no on a few numbers, by Newton's method: probit and logit, without a constant.

Used by the fit of the in-play model, and by the logistic that it is compared with. Both likelihoods are
concave, so there is one answer and few steps to it.
"""

import math
from collections.abc import Callable, Sequence
from operator import mul
from typing import Final, TypeAlias

Rows: TypeAlias = dict[tuple[tuple[float, ...], bool], float]
"""What is known and whether it happened, with its weight: how often."""

Slopes: TypeAlias = Callable[[float], tuple[float, float]]
"""By z the first derivative of the log likelihood of a yes, and the second's negative."""

_STEPS_MAX: Final = 50
_SMALL: Final = 1e-8
_ROOT_2: Final = math.sqrt(2.0)
_ROOT_2PI: Final = math.sqrt(2.0 * math.pi)
# Beyond this the tail is so thin that its ratio would be 0/0; no fit here goes near it.
_Z_MAX: Final = 30.0


class NotFitted(ValueError):
    """The rows leave a coefficient open."""


def probit_fit(rows: Rows) -> tuple[float, ...]:
    """The coefficients of P(yes) = Phi(sum of coefficients × numbers). Raises NotFitted."""
    return _newton(rows, _probit_slopes)


def logit_fit(rows: Rows) -> tuple[float, ...]:
    """The coefficients of P(yes) = 1 / (1 + exp(-sum of coefficients × numbers)). Raises NotFitted."""
    return _newton(rows, _logit_slopes)


def _newton(rows: Rows, slopes: Slopes) -> tuple[float, ...]:
    """Coefficients that make the likelihood largest."""
    if not rows:
        raise NotFitted("no rows")
    flat = [(numbers, 1.0 if happened else -1.0, weight) for (numbers, happened), weight in rows.items()]
    wide = len(flat[0][0])
    found = [0.0] * wide
    for _ in range(_STEPS_MAX):
        step = _solved(*_derivatives(flat, found, slopes))
        found = [value + change for value, change in zip(found, step, strict=True)]
        if max(map(abs, step)) < _SMALL:
            return tuple(found)
    raise NotFitted(f"no answer after {_STEPS_MAX} steps: {found}")


def _derivatives(
    rows: Sequence[tuple[Sequence[float], float, float]], at: Sequence[float], slopes: Slopes
) -> tuple[list[list[float]], list[float]]:
    """The likelihood's second derivatives, negative and the lower half of them, and the first ones."""
    wide = len(at)
    first, second = [0.0] * wide, [[0.0] * wide for _ in range(wide)]
    for numbers, sign, weight in rows:
        slope, bend = slopes(sign * sum(map(mul, at, numbers)))
        slope, bend = weight * sign * slope, weight * bend
        for i, number in enumerate(numbers):
            first[i] += slope * number
            second[i] = [
                sum_ + bend * number * other if j <= i else sum_
                for j, (sum_, other) in enumerate(zip(second[i], numbers, strict=True))
            ]
    return second, first


def _probit_slopes(z: float) -> tuple[float, float]:
    z = max(min(z, _Z_MAX), -_Z_MAX)
    ratio = 2.0 * math.exp(-0.5 * z * z) / _ROOT_2PI / math.erfc(-z / _ROOT_2)
    return ratio, ratio * (z + ratio)


def _logit_slopes(z: float) -> tuple[float, float]:
    p_no = 1.0 / (1.0 + math.exp(max(min(z, _Z_MAX), -_Z_MAX)))
    return p_no, p_no * (1.0 - p_no)


def _solved(lower: list[list[float]], right: list[float]) -> list[float]:
    """The solution of a symmetric positive system, of which the lower half is given (Cholesky)."""
    wide = len(right)
    root = [[0.0] * wide for _ in range(wide)]
    for i in range(wide):
        for j in range(i):
            root[i][j] = (lower[i][j] - _inner(root[i], root[j], j)) / root[j][j]
        rest = lower[i][i] - _inner(root[i], root[i], i)
        if rest <= 0.0:
            raise NotFitted("the rows leave a coefficient open")
        root[i][i] = math.sqrt(rest)
    half = [0.0] * wide
    for i in range(wide):
        half[i] = (right[i] - sum(root[i][k] * half[k] for k in range(i))) / root[i][i]
    whole = [0.0] * wide
    for i in reversed(range(wide)):
        whole[i] = (half[i] - sum(root[k][i] * whole[k] for k in range(i + 1, wide))) / root[i][i]
    return whole


def _inner(one: Sequence[float], other: Sequence[float], length: int) -> float:
    return math.fsum(map(mul, one[:length], other[:length]))
