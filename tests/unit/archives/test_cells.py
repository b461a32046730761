"""Cells that are not plain numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from guideway.archives.cells import clock_seconds, hemisphere, km_plus_m, lenient_numbers

NAN = np.nan


def cells(*texts):
    return pa.chunked_array([pa.array(texts[:1], pa.string()), pa.array(texts[1:], pa.string())])


@pytest.mark.parametrize(
    ("texts", "decimal", "expected"),
    [
        (["130+0663.25", "130+0663.50", "0+0001.00"], ".", [130663.25, 130663.5, 1.0]),
        (["130+663,25", "131+005,50"], ",", [130663.25, 131005.5]),
        (["130+0663.25", "131+0005.50"], ",", [130663.25, 131005.5]),  # sources that write both marks
        (["1+0663,25", "2+0005,50"], ".", [NAN, NAN]),
        (["7+0100", "12+0200"], ".", [7100, 12200]),
        (["7+100.5", "12+0200.25", " 3 + 4 "], ".", [7100.5, 12200.25, 3004]),
        (["-1+0200.00", "0+0100.00"], ".", [-800, 100]),
        (["1+1200.00", "2+0000.00"], ".", [2200, 2000]),  # a long kilometre before a chainage break
        (["1+0000", None, "x", "1+", "+5", "1++5", "1+0e3", "nan+inf"], ".", [1000, *[NAN] * 7]),
        ([], ".", []),
    ],
)
def test_kilometre_plus_metre(texts, decimal, expected):
    np.testing.assert_allclose(km_plus_m(cells(*texts), decimal), expected)


def test_fixed_and_free_width_agree():
    at = np.random.default_rng(3).uniform(0, 900_000, 500).round(2)
    texts = [f"{int(a // 1000)}+{a % 1000:07.2f}" for a in at]
    free = km_plus_m(cells(*texts, "bad"), ".")[:-1]  # one bad cell forces the general way
    np.testing.assert_allclose(km_plus_m(cells(*texts), "."), free)
    np.testing.assert_allclose(free, at, atol=1e-6)


def test_hemispheres():
    found = hemisphere(cells("60.97612362° N", "24,5 W", "12.5 s", "-3.25", "north", None), ",")
    np.testing.assert_allclose(found, [60.97612362, -24.5, -12.5, -3.25, NAN, NAN])


def test_clock_times():
    found = clock_seconds(cells("00:00:43.463562", "01:02:03", "1:60:00", "noon", None))
    np.testing.assert_allclose(found, [43.463562, 3723, NAN, NAN, NAN])


def test_lenient_numbers_tell_missing_from_unreadable():
    values, bad = lenient_numbers(cells("1.234,5", " 7 ", "inv", "x", "inf", "", None), ",", ".", ["inv"])
    np.testing.assert_allclose(values, [1234.5, 7, NAN, NAN, NAN, NAN, NAN])
    assert bad == 2
