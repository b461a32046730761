"""Dialects of delimited text give the same numbers."""

from __future__ import annotations

import codecs

import numpy as np
import pytest

from guideway.archives import text as text_module
from guideway.errors import DecodeError
from tests.unit.archives.helpers import HEADER, decode, lines, rows

GOOD = lines(HEADER, *rows())


@pytest.fixture
def expected(tmp_path):
    return decode(tmp_path, GOOD).recordings[0]


def same(recording, expected):
    assert [c.name for c in recording.channels] == [c.name for c in expected.channels]
    assert (recording.start, recording.step, recording.n_samples) == (expected.start, expected.step, expected.n_samples)
    for channel in expected.channels:
        np.testing.assert_array_equal(recording.values(channel.name), channel.values)


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("cp1252", b""),
        ("gbk", b""),
    ],
)
def test_an_encoding_with_or_without_byte_order_mark(tmp_path, expected, encoding, mark):
    same(decode(tmp_path, mark + GOOD.encode(encoding), decode__encoding=encoding).recordings[0], expected)


def test_umlauts_and_chinese_in_headers(tmp_path, expected):
    header = "Station [m];Längshöhe links [mm];Spurweite [mm]"
    channels = [
        {"name": "longitudinal_level_left", "column": ["Level left", "Längshöhe links"], "unit": "mm"},
        {"name": "gauge", "column": ["轨距", "Spurweite"], "unit": "mm"},
    ]
    settings = {"channels": channels, "locate__chainage": {"columns": "Station"}}
    german = GOOD.replace(HEADER, header).encode("cp1252")
    same(decode(tmp_path, german, decode__encoding="cp1252", **settings).recordings[0], expected)
    chinese = GOOD.replace(HEADER, header.replace("Längshöhe links", "Level left").replace("Spurweite", "轨距"))
    same(decode(tmp_path, chinese.encode("gbk"), decode__encoding="gbk", **settings).recordings[0], expected)


def test_blocks_smaller_than_the_file_change_nothing(tmp_path, expected, monkeypatch):
    for size in (7, 64, 200, 333):
        monkeypatch.setattr(text_module, "BLOCK_BYTES", size)
        same(decode(tmp_path, GOOD).recordings[0], expected)
        same(decode(tmp_path, GOOD.encode("utf-16"), decode__encoding="utf-16").recordings[0], expected)


@pytest.mark.parametrize("on_time", [False, True])
def test_pieces_of_a_long_file_join_to_the_whole(tmp_path, expected, monkeypatch, on_time):
    settings = {"axis": {"kind": "time", "step": 0.01}} if on_time else {}
    (whole,) = decode(tmp_path, GOOD, **settings).recordings
    monkeypatch.setattr(text_module, "BLOCK_BYTES", 100)
    monkeypatch.setattr(text_module, "PIECE_ROWS", 10)
    decoded = decode(tmp_path, GOOD, **settings)
    assert len(decoded.recordings) > 2
    assert decoded.rows_read == 40
    for name in ("gauge", "longitudinal_level_left"):
        np.testing.assert_array_equal(np.concatenate([r.values(name) for r in decoded.recordings]), whole.values(name))
    at = [r.started_at.timestamp() + r.start if on_time else r.start for r in decoded.recordings]
    sizes = np.cumsum([0, *(r.n_samples for r in decoded.recordings)])[:-1]
    np.testing.assert_allclose(np.array(at) - at[0], whole.step * sizes, atol=1e-6)


def test_thousands_marks_and_windows_line_ends(tmp_path, expected):
    body = [row.replace("1435", "1.435") for row in rows()]
    text = "\r\n".join([HEADER, *body, ""])
    same(decode(tmp_path, text, decode__thousands=".").recordings[0], expected)


def test_a_units_row_is_checked_like_a_bracket(tmp_path, expected):
    text = lines("Position;Level left;Gauge", "m;mm;mm", *rows())
    same(decode(tmp_path, text, decode__units_row=True).recordings[0], expected)


def test_runs_of_blanks_without_header(tmp_path, expected):
    body = ["   ".join(row.replace(",", ".").split(";")) for row in rows()]
    settings = {
        "decode": {
            "format": "text",
            "delimiter": "whitespace",
            "comment": "#",
            "header": False,
            "columns": ["Position", "Level left", "Gauge"],
        }
    }
    same(
        decode(tmp_path, lines("# a comment", "# another", *("  " + b + " " for b in body)), **settings).recordings[0],
        expected,
    )


def test_preamble_facts(tmp_path):
    text = lines("Strecke;4000;Gleis;2", "Beginn;31.10.2021 02:30:00", *GOOD.splitlines())
    recording = decode(
        tmp_path,
        text,
        decode__preamble_rows=2,
        locate__line={"header": r"Strecke;(\d+)", "template": "db-{value}"},
        locate__track={"header": r"Gleis;(\d+)", "translate": {"2": "right"}},
        time={"zone": "Europe/Berlin", "started_at": {"header": "Beginn;(.*)", "format": "%d.%m.%Y %H:%M:%S"}},
    ).recordings[0]
    assert (recording.line_id, recording.track_id) == ("db-4000", "right")
    assert recording.started_at.isoformat() == "2021-10-31T00:30:00+00:00"  # the earlier of the two


def test_a_change_of_track_starts_a_new_recording(tmp_path):
    body = [f"{'A' if i < 10 else 'B'};{row}" for i, row in enumerate(rows(30))]
    decoded = decode(tmp_path, lines("Track;" + HEADER, *body), locate__track={"column": "Track"})
    assert [(r.track_id, r.n_samples, r.start) for r in decoded.recordings] == [("A", 10, 1000.0), ("B", 20, 1002.5)]


@pytest.mark.parametrize(
    ("chainage", "cell"),
    [
        ({"form": "km_plus_m", "columns": "Position"}, lambda m: f"{int(m // 1000):03d}+{m % 1000:07.2f}"),
        ({"columns": "Position", "unit": "km"}, lambda m: f"{m / 1000:.5f}"),
        ({"columns": "Position", "offset_m": -500.0}, lambda m: f"{m + 500:.2f}"),
    ],
)
def test_forms_of_chainage(tmp_path, expected, chainage, cell):
    body = [";".join([cell(1000 + 0.25 * i).replace(".", ","), *row.split(";")[1:]]) for i, row in enumerate(rows())]
    header = HEADER.replace("Position [m]", "Position")
    same(decode(tmp_path, lines(header, *body), locate__chainage=chainage).recordings[0], expected)


@pytest.mark.parametrize(
    ("chainage", "header", "reason"),
    [
        ({"columns": "Position", "unit": "km"}, "Position [km]", None),
        ({"columns": "Position", "unit": "km", "unit_label": "Bahn-km"}, "Position [Bahn-km]", None),
        ({"columns": "Position", "unit": "km"}, "Position", None),
        ({"columns": "Position", "unit": "km"}, "Position [m]", "wrong_unit"),
        ({"columns": "Position", "unit": "km"}, "Position [s]", "wrong_unit"),
        ({"columns": "Position", "unit": "km"}, "Position [Bahn-km]", "unknown_unit"),
        ({"form": "km_and_m", "columns": ["Km", "Position"]}, "Km [km];Position [m]", None),
        ({"form": "km_and_m", "columns": ["Km", "Position"]}, "Km [km];Position [ft]", "wrong_unit"),
        ({"form": "km_and_m", "columns": ["Km", "Position"]}, "Km [mi];Position [m]", "wrong_unit"),
    ],
)
def test_the_unit_a_file_states_for_its_chainage_is_the_profiles(tmp_path, expected, chainage, header, reason):
    both = chainage.get("form") == "km_and_m"
    body = [
        ";".join([f"{0.25 * i:.2f}" if both else f"{1 + 0.00025 * i:.5f}", *row.split(";")[1:]]).replace(".", ",")
        for i, row in enumerate(rows())
    ]
    text = lines(HEADER.replace("Position [m]", header), *(f"1;{row}" if both else row for row in body))
    if reason is None:
        same(decode(tmp_path, text, locate__chainage=chainage).recordings[0], expected)
        return
    with pytest.raises(DecodeError, match=f"{reason}: column '.*' states"):
        decode(tmp_path, text, locate__chainage=chainage)


@pytest.mark.parametrize(
    ("samples", "header", "step", "reason"),
    [
        ({"unit": "ms"}, "Time [ms]", 0.25, None),
        ({"unit": "ms"}, "Time", 0.25, None),
        ({"unit": "us"}, "Time [\u00b5s]", 0.25e-3, None),
        ({"unit": "ms", "unit_label": "Ticks"}, "Time [Ticks]", 0.25, None),
        ({"unit": "s"}, "Time [ms]", 0.25, "wrong_unit"),
        ({"unit": "s"}, "Time [m]", 0.25, "wrong_unit"),
        ({"unit": "ms"}, "Time [Ticks]", 0.25, "unknown_unit"),
    ],
)
def test_the_unit_a_file_states_for_its_times_is_the_profiles(tmp_path, samples, header, step, reason):
    body = [f"{250 * i};{i % 5};1435" for i in range(8)]
    settings = {"axis": {"kind": "time"}, "locate": {"line": "L1"}, "time__samples": {"column": "Time"} | samples}
    text = lines(HEADER.replace("Position [m]", header), *body)
    if reason is None:
        assert decode(tmp_path, text, **settings).recordings[0].step == pytest.approx(step)
        return
    with pytest.raises(DecodeError, match=f"{reason}: column 'Time' states"):
        decode(tmp_path, text, **settings)


def test_a_unit_that_only_the_vendor_writes_is_accepted_by_its_label(tmp_path):
    channels = [
        {"name": "gauge", "column": "Gauge", "unit": "mm", "unit_label": "0,1 mm", "scale": 0.1, "offset": 1435}
    ]
    text = GOOD.replace("Gauge [mm]", "Gauge [0,1 mm]").replace(";1435", ";0")
    gauge = decode(tmp_path, text, channels=channels).recordings[0].values("gauge")
    np.testing.assert_allclose(gauge[:3], [1435.0, 1435.001, 1435.002], atol=1e-4)
