import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import lognorm, norm, pearson3

from guideway.degradation.scores import crps_lognormal, crps_normal, crps_pearson


def integrated(distribution, value):
    below = quad(lambda x: distribution.cdf(x) ** 2, -np.inf, value, epsabs=1e-10)[0]
    return below + quad(lambda x: distribution.sf(x) ** 2, value, np.inf, epsabs=1e-10)[0]


@pytest.mark.parametrize("value", [0.3, 1.0, 2.5])
def test_closed_forms_equal_the_integral(value):
    v = np.array([value])
    assert crps_normal(v, np.array([1.0]), np.array([0.4]))[0] == pytest.approx(integrated(norm(1.0, 0.4), value))
    assert crps_lognormal(v, np.array([0.2]), np.array([0.5]))[0] == pytest.approx(
        integrated(lognorm(0.5, scale=np.exp(0.2)), value), abs=1e-7
    )
    assert crps_pearson(v, np.array([1.0]), np.array([0.4]), np.array([0.9]))[0] == pytest.approx(
        integrated(pearson3(0.9, 1.0, 0.4), value), abs=1e-7
    )


def test_a_certain_forecast_scores_its_absolute_error():
    assert crps_normal(np.array([3.0]), np.array([1.0]), np.array([0.0]))[0] == 2.0
