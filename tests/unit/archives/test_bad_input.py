"""Bad files are refused with one stable reason; good ones that merely look odd are read."""

from __future__ import annotations

import errno

import numpy as np
import pytest

from guideway.archives.decode import decode_file
from guideway.errors import DecodeError
from tests.unit.archives.helpers import HEADER, decode, lines, profile, rows, write


def reason(call) -> str:
    with pytest.raises(DecodeError) as caught:
        call()
    return caught.value.reason


GOOD = lines(HEADER, *rows())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "empty"),
        (lines(HEADER), "empty"),
        (GOOD[:-1], "truncated"),
        (GOOD[:-9], "truncated"),
        (lines(HEADER, *rows(), "1010,00;0,1"), "truncated"),
        (lines(HEADER, *rows(3), "1000,75;0,1", *rows(3, 1001)), "ragged_row"),
        (lines(HEADER, *rows(3), "1000,75;0,1;1435;9", *rows(3, 1001)), "ragged_row"),
        (lines("Position [m];Gauge [mm];Other [mm]", *rows()), "missing_column"),
        (lines(HEADER + ";Gauge [mm]", *(row + ";1435" for row in rows())), "ambiguous_column"),
        (lines(HEADER.replace("Gauge [mm]", "Gauge [in]"), *rows()), "wrong_unit"),
        (lines(HEADER.replace("Gauge [mm]", "Gauge [s]"), *rows()), "wrong_unit"),
        (lines(HEADER.replace("Gauge [mm]", "Gauge [blorb]"), *rows()), "unknown_unit"),
        (GOOD.encode().replace(b"0,1", b"0\xff1"), "unreadable_encoding"),
        (GOOD.encode().replace(b"0,1", b"0\x001"), "unreadable_encoding"),
        (GOOD.replace(";0,", ";x"), "too_many_rejected"),
        (lines(HEADER, *(row.split(";")[0] + ";;" for row in rows())), "no_valid_sample"),
        (lines(HEADER, *(";0,1;1435" for _ in range(9))), "no_position"),
        (lines(HEADER, *("1000,00;0,1;1435" for _ in range(9))), "no_position"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(tmp_path, text, expected):
    assert reason(lambda: decode(tmp_path, text)) == expected


def test_a_value_that_lost_its_decimals_is_seen_where_the_source_never_ends_its_last_line(tmp_path):
    full = GOOD[:-1]
    assert decode(tmp_path, full, decode__final_newline=False).rows_read == 40
    for cut in (1, 2, 3, 8, 20):
        assert reason(lambda n=cut: decode(tmp_path, full[:-n], decode__final_newline=False)) == "truncated"


def test_a_missing_footer_means_that_the_file_is_cut(tmp_path):
    text = lines(HEADER, *rows(), "# rows 40")
    settings = {"decode__footer": "^# rows", "decode__row_count": r"# rows (\d+)"}
    assert decode(tmp_path, text, **settings).rows_read == 40
    assert reason(lambda: decode(tmp_path, GOOD, **settings)) == "truncated"
    assert reason(lambda: decode(tmp_path, text.replace("rows 40", "rows 41"), **settings)) == "wrong_row_count"


def test_columns_in_another_order_are_found_by_name(tmp_path):
    swapped = lines(
        "Gauge [mm];Extra;Position [m];Level left [mm]",
        *(f"{c};;{a};{b}" for a, b, c in (row.split(";") for row in rows())),
    )
    (one,), (other,) = decode(tmp_path, GOOD).recordings, decode(tmp_path, swapped).recordings
    for channel in one.channels:
        np.testing.assert_array_equal(channel.values, other.values(channel.name))


def test_one_unreadable_cell_is_missing_and_counted_and_the_rest_lands(tmp_path):
    body = rows()
    body[7] = body[7].replace(";1435", ";defekt")
    decoded = decode(tmp_path, lines(HEADER, *body))
    assert (decoded.rows_read, decoded.rows_rejected) == (40, 1)
    gauge = decoded.recordings[0].values("gauge")
    assert np.flatnonzero(np.isnan(gauge)).tolist() == [7]
    assert any("no numbers" in note for note in decoded.notes)


def test_infinity_never_leaves_the_decoder_as_a_number(tmp_path):
    body = [row.replace(";1435,03", ";inf") for row in rows()]
    gauge = decode(tmp_path, lines(HEADER, *body)).recordings[0].values("gauge")
    assert np.isnan(gauge[3])
    assert not np.isinf(gauge).any()


def test_sentinels_are_missing(tmp_path):
    channels = [{"name": "gauge", "column": "Gauge", "unit": "mm", "sentinels": [1435.0]}]
    gauge = decode(tmp_path, GOOD, channels=channels).recordings[0].values("gauge")
    assert np.flatnonzero(np.isnan(gauge)).tolist() == list(range(0, 40, 5))


def test_gauge_as_deviation_is_refused_by_the_plausibility_rule(tmp_path):
    rule = {"rule": "plausible", "channels": ["gauge"], "low": 1425, "high": 1470}
    settings = {"quality": {"rules": [rule]}}
    assert decode(tmp_path, GOOD, **settings).rows_rejected == 0
    assert reason(lambda: decode(tmp_path, GOOD.replace(";1435", ";0"), **settings)) == "implausible_unit"
    assert reason(lambda: decode(tmp_path, GOOD.replace(";1435,", ";56,"), **settings)) == "implausible_unit"


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2024-03-31T02:30:00", "Europe/Zurich", "no_such_time"),
        ("yesterday", "UTC", "unreadable_time"),
        ("1899-01-01T00:00:00", "UTC", "clock_fault"),
    ],
)
def test_an_impossible_start_is_refused(tmp_path, text, zone, expected):
    assert reason(lambda: decode(tmp_path, GOOD, time={"started_at": text, "zone": zone})) == expected


def test_a_fact_that_the_name_does_not_hold_is_missing(tmp_path):
    settings = {"locate__line": {"filename": r"line(\d+)"}}
    assert reason(lambda: decode(tmp_path, GOOD, **settings)) == "missing_fact"
    assert decode(tmp_path, GOOD, name="line7.csv", **settings).recordings[0].line_id == "7"


def test_a_link_and_a_folder_are_no_files(tmp_path):
    target = write(tmp_path, GOOD)
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    assert reason(lambda: decode_file(link, profile())) == "not_a_file"
    assert reason(lambda: decode_file(tmp_path, profile())) == "not_a_file"
    assert reason(lambda: decode_file(tmp_path / "nothing.csv", profile())) == "not_a_file"


def test_a_full_disk_is_not_the_fault_of_the_file(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("guideway.archives.text._read_head", full)
    with pytest.raises(OSError, match="No space"):
        decode(tmp_path, GOOD)


def test_numbers_beyond_single_precision_are_missing(tmp_path):
    body = rows()
    body[5] = body[5].replace(";1435", ";1e39")
    gauge = decode(tmp_path, lines(HEADER, *body)).recordings[0].values("gauge")
    assert np.flatnonzero(np.isnan(gauge)).tolist() == [5]
