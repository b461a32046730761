from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guideway.errors import ConfigurationError
from guideway.rulebooks.derive import derive_limits
from guideway.rulebooks.limit import Limit
from guideway.rulebooks.load import BOOKS, load_rulebooks
from guideway.rulebooks.rulebook import Rulebook
from guideway.rulebooks.save import write_rulebook

ROW = Limit(
    rulebook_id="own",
    indicator="gauge_max",
    asset_class="*",
    speed_from_kmh=0.0,
    speed_to_kmh=80.0,
    level="AL",
    severity=1,
    value=10.0,
    unit="mm",
    direction="above",
    standard="own",
    edition="1",
    clause="1",
    provenance="own",
    valid_from=date(2024, 1, 1),
)
LADDER = (
    replace(ROW, level="IAL", severity=3, value=30.0),
    ROW,
    replace(ROW, level="IL", severity=2, value=20.0),
    replace(ROW, speed_from_kmh=80.0, speed_to_kmh=160.0, value=5.0),
    replace(ROW, asset_class="metro", value=12.0),
)
BOOK = Rulebook("own", LADDER)


def test_limits_come_mildest_first() -> None:
    assert [row.level for row in BOOK.limits("gauge_max", "conventional", 40.0)] == ["AL", "IL", "IAL"]


@pytest.mark.parametrize(("speed", "expected"), [(0.0, 10.0), (80.0, 10.0), (80.001, 5.0), (160.0, 5.0)])
def test_bands_are_open_below_closed_above_and_hold_standstill(speed: float, expected: float) -> None:
    assert BOOK.limits("gauge_max", "conventional", speed)[0].value == expected


def test_nothing_beyond_the_last_band_and_for_unknown_indicators() -> None:
    assert BOOK.limits("gauge_max", "conventional", 161.0) == ()
    assert BOOK.limits("elsewhere", "conventional", 40.0) == ()
    assert BOOK.judge("elsewhere", 1e9, "conventional", 40.0) is None


def test_exact_class_wins_over_any() -> None:
    assert [row.value for row in BOOK.limits("gauge_max", "metro", 40.0)] == [12.0]
    assert BOOK.limits("gauge_max", "metro", 100.0)[0].value == 5.0


@pytest.mark.parametrize(
    ("value", "level"), [(10.0, None), (10.1, "AL"), (20.0, "AL"), (25.0, "IL"), (99.0, "IAL"), (float("nan"), None)]
)
def test_judge_names_the_worst_limit_exceeded(value: float, level: str | None) -> None:
    limit = BOOK.judge("gauge_max", value, "conventional", 40.0)
    assert (limit.level if limit else None) == level


def test_below_is_worse_when_lower() -> None:
    rows = tuple(replace(row, direction="below", value=-row.value) for row in LADDER[:3])
    book = Rulebook("own", rows)
    assert [row.level for row in book.limits("gauge_max", "x", 40.0)] == ["AL", "IL", "IAL"]
    limit = book.judge("gauge_max", -21.0, "x", 40.0)
    assert limit is not None
    assert limit.level == "IL"


@given(st.lists(st.tuples(st.floats(-5, 40), st.sampled_from(["metro", "x"]), st.floats(0, 200)), max_size=20))
def test_many_are_judged_as_one_by_one(cases: list[tuple[float, str, float]]) -> None:
    numbers, classes, speeds = ([case[i] for case in cases] for i in range(3))
    assert BOOK.judge_many("gauge_max", numbers, classes, speeds) == [
        BOOK.judge("gauge_max", value, asset_class, speed) for value, asset_class, speed in cases
    ]


@given(st.floats(-5, 60), st.floats(0, 10))
def test_worse_values_never_get_a_milder_level(value: float, more: float) -> None:
    def severity(v: float) -> int:
        limit = BOOK.judge("gauge_max", v, "x", 40.0)
        return limit.severity if limit else 0

    assert severity(value + more) >= severity(value)


HEADER = (BOOKS / "inf_tsi.csv").read_text(encoding="utf-8").splitlines()[0]
GOOD = "own,gauge_max,*,0,80,AL,1,10,mm,above,own,1,1,own,2024-01-01"


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    (folder / "own.csv").write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return folder


def test_own_book_is_added_and_one_row_corrects_one_cell(tmp_path: Path) -> None:
    packaged = load_rulebooks()
    cell = "en_13848,longitudinal_level_sd,*,120,160,AL,1,2.1,mm,above,own,2,3,checked by N. N.,2024-01-01"
    books = load_rulebooks(write(tmp_path, GOOD, cell))
    assert books["own"].limits("gauge_max", "x", 40.0)[0].value == 10.0
    before = packaged["en_13848"].limits("longitudinal_level_sd", "x", 140.0)
    after = books["en_13848"].limits("longitudinal_level_sd", "x", 140.0)
    assert ([row.value for row in before], [row.value for row in after]) == ([2.4], [2.1])
    assert len(packaged["en_13848"].rows) == len(books["en_13848"].rows)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([GOOD.replace(",10,", ",ten,")], "row 2, column 'value': 'ten' is not a number"),
        ([GOOD.replace(",10,", ",nan,")], "column 'value'"),
        ([GOOD.replace("above", "over")], "row 2, column 'direction': 'over'"),
        ([GOOD.replace("AL,1", "AL,4")], "column 'severity': '4'"),
        ([GOOD.replace(",80,", ",0,")], "column 'speed_to_kmh'"),
        ([GOOD.replace("2024-01-01", "1/1/24")], "column 'valid_from': '1/1/24'"),
        ([GOOD.replace("gauge_max", "")], "column 'indicator': is empty"),
        ([GOOD, GOOD], "row 3: same limit as"),
        ([GOOD, GOOD.replace(",0,80,", ",60,100,")], "row 3, column 'speed_from_kmh': band of gauge_max AL from 60"),
        ([GOOD, GOOD.replace("AL,1,10", "IL,2,9")], "AL of gauge_max \\(10\\) lies beyond IL \\(9\\)"),
        ([GOOD, GOOD.replace("AL,1,10,mm", "IL,2,11,in")], "row 3, column 'unit': 'in' differs from 'mm'"),
    ],
)
def test_a_wrong_row_is_named_by_file_row_and_column(tmp_path: Path, rows: list[str], says: str) -> None:
    with pytest.raises(ConfigurationError, match=f"own.csv.*{says}"):
        load_rulebooks(write(tmp_path, *rows))


def test_missing_column_and_missing_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"own.csv: column 'clause' is missing"):
        load_rulebooks(write(tmp_path, header=HEADER.replace("clause", "claus")))
    with pytest.raises(ConfigurationError, match="nowhere is not there"):
        load_rulebooks(tmp_path / "nowhere")


def test_derived_limits_leave_the_stated_share_of_sections_in_order() -> None:
    rng = np.random.default_rng(0)
    values = {"tqi_cn": rng.gamma(9.0, 1.2, 5000), "gauge_min": 1430 + rng.normal(size=5000), "few": np.ones(5)}
    units = dict.fromkeys(values, "mm")
    rows = derive_limits(
        values, units, rulebook_id="m", as_of=date(2025, 5, 1), directions={"gauge_min": "below"}, asset_class="metro"
    )
    book = Rulebook("m", rows)
    assert book.indicators == {"tqi_cn", "gauge_min"}
    for level, share in (("AL", 0.70), ("IL", 0.90), ("IAL", 0.99)):
        limit = next(row for row in book.limits("tqi_cn", "metro", 60.0) if row.level == level)
        assert np.mean(values["tqi_cn"] <= limit.value) == pytest.approx(share, abs=0.001)
        limit = next(row for row in book.limits("gauge_min", "metro", 60.0) if row.level == level)
        assert np.mean(values["gauge_min"] >= limit.value) == pytest.approx(share, abs=0.001)


@pytest.mark.parametrize(
    ("sections", "levels"), [(9, []), (10, ["AL"]), (30, ["AL", "IL"]), (300, ["AL", "IL", "IAL"])]
)
def test_a_level_needs_three_sections_beyond_it(sections: int, levels: list[str]) -> None:
    rows = derive_limits({"tqi_cn": np.arange(sections)}, {"tqi_cn": "mm"}, rulebook_id="m", as_of=date(2025, 5, 1))
    assert [row.level for row in rows] == levels


def test_a_derived_book_is_loaded_as_it_was_written(tmp_path: Path) -> None:
    values = {"tqi_cn": np.random.default_rng(1).gamma(9.0, 1.2, 400), "gauge_min": 1430 + np.arange(400) / 100}
    rows = derive_limits(
        values, dict.fromkeys(values, "mm"), rulebook_id="my_metro", as_of=date(2025, 5, 1),
        directions={"gauge_min": "below"}, asset_class="metro", speed_band_kmh=(0.0, 80.0),
    )  # fmt: skip
    write_rulebook(tmp_path / "books" / "my_metro.csv", rows)
    book = load_rulebooks(tmp_path / "books")["my_metro"]
    assert {replace(row, value=0.0) for row in book.rows} == {replace(row, value=0.0) for row in rows}
    for row in rows:
        (same,) = (one for one in book.limits(row.indicator, "metro", 40.0) if one.level == row.level)
        assert same.value == pytest.approx(row.value, rel=1e-5)
    assert book.judge("gauge_min", 1430.0, "metro", 40.0).level == "IAL"  # type: ignore[union-attr]
