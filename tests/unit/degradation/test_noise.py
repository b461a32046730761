import numpy as np
import pytest
from scipy.stats import theilslopes

from guideway.degradation.noise import isolated_outliers, noise_sigma, theil_sen


@pytest.mark.parametrize("n", [2, 3, 10, 64])
def test_theil_sen_equals_scipy(n):
    rng = np.random.default_rng(n)
    t = np.sort(rng.uniform(0, 5, n))
    z = 0.3 * t + rng.standard_t(2, n)
    assert theil_sen(t, z) == pytest.approx(theilslopes(z, t).slope, rel=1e-12)


def test_half_lag_theil_sen_of_a_long_series_is_as_good_as_all_pairs():
    rng = np.random.default_rng(0)
    t = np.arange(200.0)
    errors = np.array(
        [
            (theil_sen(t, z) - 0.3, theilslopes(z, t).slope - 0.3)
            for z in (0.3 * t + rng.normal(0, 1, 200) for _ in range(60))
        ]
    )
    assert errors[:, 0].std() < 1.25 * errors[:, 1].std()


def test_noise_is_recovered_through_trend_works_and_outliers():
    rng = np.random.default_rng(5)
    t = np.sort(rng.uniform(0, 10, 3000))
    z = 0.2 * t - 0.6 * np.floor(t / 0.7) + rng.normal(0, 0.05, 3000)
    z[::50] += 1.0
    assert noise_sigma(t, z) == pytest.approx(0.05, rel=0.1)


def test_noise_needs_four_points():
    assert np.isnan(noise_sigma(np.arange(3.0), np.arange(3.0)))


def test_a_spike_is_an_outlier_and_a_drop_is_not():
    t = np.arange(8.0)
    z = np.array([2.0, 2.0, 3.0, 2.0, 2.0, 1.4, 1.4, 1.4])
    assert isolated_outliers(t, z, 0.05, 4.5).tolist() == [1, 1, 0, 1, 1, 1, 1, 1]
