"""Fixed-point printing against Python's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guideway.simulate.text import constant, fixed_point, join_rows

numbers = st.lists(st.floats(-99_999.0, 99_999.0), min_size=1, max_size=20)


@given(numbers, st.integers(0, 4))
def test_prints_what_python_prints_of_the_rounded_number(values: list[float], decimals: int) -> None:
    printed = join_rows([fixed_point(np.array(values), decimals)], ";", "\n").decode().splitlines()
    rounded = [np.rint(value * 10.0**decimals) / 10.0**decimals for value in values]
    assert printed == [f"{value + 0.0:.{decimals}f}" for value in rounded]


@given(numbers)
def test_reads_back_within_half_a_step(values: list[float]) -> None:
    text = join_rows([fixed_point(np.array(values), 2, ",")], ";", "\r\n").decode()
    back = np.array([float(line.replace(",", ".")) for line in text.split()])
    assert np.abs(back - values).max() <= 0.005 + 1e-9


def test_missing_values_leading_zeros_and_constants_keep_their_rows() -> None:
    columns = [
        constant('"1"', 3),
        fixed_point(np.array([0.25, 12.5, 999.75]), 2, ",", zeros=4),
        fixed_point(np.array([1.0, np.nan, -np.inf]), 1, missing="epl"),
    ]
    assert join_rows(columns, ";", "\n") == b'"1";0000,25;1.0\n"1";0012,50;epl\n"1";0999,75;epl\n'


@pytest.mark.parametrize("value", [0.004, -0.004])
def test_a_rounded_zero_has_no_sign(value: float) -> None:
    assert join_rows([fixed_point(np.array([value]), 2)], ",", "") == b"0.00"
