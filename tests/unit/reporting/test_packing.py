from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from guideway.reporting.packing import Packer
from tests.unit.reporting.unpacking import column, unpack

numbers = st.lists(st.one_of(st.floats(-1e5, 1e5), st.just(math.nan), st.none()), max_size=30)


@settings(max_examples=60, deadline=None)
@given(numbers, st.integers(0, 3))
def test_numbers_come_back_to_the_stated_decimals(values: list[float | None], decimals: int) -> None:
    packer = Packer()
    header, buffers = unpack(packer.pack({"c": packer.numbers(values, decimals)}))
    read = column(header["c"], buffers)
    assert len(read) == len(values)
    for got, wanted in zip(read, values, strict=True):
        if wanted is None or math.isnan(wanted):
            assert math.isnan(got)
        else:
            assert abs(got - wanted) <= 0.5 * 10.0**-decimals + 1e-9


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Cn"]))), max_size=30))
def test_texts_come_back(values: list[str | None]) -> None:
    packer = Packer()
    header, buffers = unpack(packer.pack({"c": packer.strings(values)}))
    assert column(header["c"], buffers) == [value or "" for value in values]


def test_several_columns_do_not_overlap() -> None:
    packer = Packer()
    specs = {
        "a": packer.numbers([1, None, 3]),
        "b": packer.strings(["x", "y", "x"]),
        "c": packer.numbers([1e9, -2.0]),
        "d": packer.numbers([70_000]),
        "e": packer.strings([f"name {k}" for k in range(300)]),
    }
    header, buffers = unpack(packer.pack(specs))
    assert all(spec["o"] % 8 == 0 for spec in header.values())
    assert column(header["b"], buffers) == ["x", "y", "x"]
    assert column(header["c"], buffers) == [1e9, -2.0]
    assert column(header["d"], buffers) == [70_000]
    assert column(header["e"], buffers)[299] == "name 299"


def test_a_matrix_keeps_its_values_to_one_part_in_254_and_its_gaps() -> None:
    values = np.array([[0.5, np.nan, 2.5], [1.0, 1.7, np.inf]])
    packer = Packer()
    spec = packer.matrix(values)
    header, buffers = unpack(packer.pack({"m": spec}))
    raw = np.frombuffer(buffers, np.uint8, count=6, offset=header["m"]["o"]).reshape(header["m"]["shape"])
    assert raw[0, 1] == 255
    assert raw[1, 2] == 255
    low, high = header["m"]["lo"], header["m"]["hi"]
    read = low + raw / 254 * (high - low)
    seen = np.isfinite(values)
    assert np.abs(read[seen] - values[seen]).max() <= (2.5 - 0.5) / 254 / 2 + 1e-12


def test_the_same_content_gives_the_same_text() -> None:
    def text() -> str:
        packer = Packer()
        return packer.pack({"c": packer.numbers([1.5, 2.5], 1), "s": packer.strings(["a"])})

    assert text() == text()
