import numpy as np
import pytest
import ruptures

from guideway.degradation import segmentation
from guideway.degradation.segmentation import optimal_breaks, piece_cost, prefix_sums

RIDGE_0 = np.array([0.0, np.inf])


def sawtooth(n, seed, every=17):
    rng = np.random.default_rng(seed)
    t = np.arange(n) * 0.077
    return t, (0.3 * t - 0.5 * (np.arange(n) // every)) / 0.05 + rng.normal(0, 1, n)


def free(n, cost):
    penalty = np.full(n, cost)
    penalty[:2] = np.inf
    penalty[n - 1] = np.inf
    return penalty


@pytest.mark.parametrize("seed", range(4))
def test_breaks_equal_the_dynamic_programme_of_ruptures(seed):
    t, y = sawtooth(60, seed)
    found = optimal_breaks(prefix_sums(t, y, np.ones(60)), free(60, 16.0), RIDGE_0)
    signal = np.column_stack((y, np.ones(60), t))
    reference = ruptures.Dynp(model="linear", min_size=3, jump=1).fit(signal).predict(n_bkps=3)
    assert found.tolist() == reference[:-1]


def test_cost_is_the_ridge_regression_residual():
    t, y = sawtooth(20, 9)
    shrink = 0.7
    centred_t, centred_y = t - t.mean(), y - y.mean()
    slope = centred_t @ centred_y / (centred_t @ centred_t + shrink)
    expected = np.sum((centred_y - slope * centred_t) ** 2) + shrink * slope**2
    assert piece_cost(prefix_sums(t, y, np.ones(20)), 0, 20, np.array([shrink, np.inf])) == pytest.approx(expected)


@pytest.mark.parametrize("price", [20.0, np.inf])
@pytest.mark.parametrize("seed", range(3))
def test_pruning_does_not_change_the_answer(seed, price):
    n, slopes = 600, np.array([0.5, price])
    t, y = sawtooth(n, seed, every=41)
    sums = prefix_sums(t, y, np.ones(n))
    penalty = free(n, 4.0 * np.log(n))
    exact = _unpruned(sums, penalty, slopes)
    assert n > segmentation.PRUNE_ABOVE
    assert optimal_breaks(sums, penalty, slopes).tolist() == exact


def _unpruned(sums, penalty, slopes):
    n = len(penalty)
    best, previous = np.full(n + 1, np.inf), np.zeros(n + 1, int)
    best[0] = 0.0
    for end in range(1, n + 1):
        for start in range(end):
            if start and (not np.isfinite(penalty[start]) or (end - start < 2 and end < n)):
                continue
            total = best[start] + (penalty[start] if start else 0.0) + piece_cost(sums, start, end, slopes)
            if total < best[end]:
                best[end], previous[end] = total, start
    breaks, end = [], n
    while previous[end] > 0:
        end = previous[end]
        breaks.append(int(end))
    return breaks[::-1]


def test_an_infinite_penalty_forbids_a_break():
    t, y = sawtooth(34, 1)
    penalty = free(34, 16.0)
    assert optimal_breaks(prefix_sums(t, y, np.ones(34)), penalty, RIDGE_0).tolist() == [17]
    penalty[17] = np.inf
    assert 17 not in optimal_breaks(prefix_sums(t, y, np.ones(34)), penalty, RIDGE_0)
