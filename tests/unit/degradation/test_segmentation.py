import numpy as np
import pytest
import ruptures

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


@pytest.mark.parametrize("n", [3, 9, 29, 60, 128, 300])
@pytest.mark.parametrize("price", [5.0, 20.0, np.inf])
@pytest.mark.parametrize("seed", range(4))
def test_bounds_and_pruning_do_not_change_the_answer(seed, price, n):
    rng = np.random.default_rng(seed)
    slopes = np.array([0.5, price])
    t, y = sawtooth(n, seed, every=(17, 41, 5, n)[seed])
    y += rng.choice([0.0, 400.0, -30.0], n, p=[0.94, 0.03, 0.03])  # short pieces may not be steep, however they lie
    penalty = free(n, rng.choice([4.0, 1.0]) * np.log(n))
    penalty[rng.random(n) < 0.1] = np.inf
    penalty[2 : max(n - 1, 2) : 7] = rng.choice([0.0, 3.0])
    sums = prefix_sums(t, y, (rng.random(n) < 0.95).astype(float))
    assert optimal_breaks(sums, penalty, slopes).tolist() == _unpruned(sums, penalty, slopes)


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
