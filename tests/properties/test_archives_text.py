"""Whatever dialect a table is written in, the same numbers come back."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from guideway.archives.decode import decode_file
from guideway.archives.profile import Profile

ENCODINGS = {
    "utf-8": "Spur ∅",
    "utf-8-sig": "Spur",
    "utf-16": "轨距",
    "cp1252": "Spurweite ü",
    "gbk": "轨距",
    "latin-1": "écartement",
}
CHAINAGES = ("m", "km", "km_plus_m", "km_and_m")


def position_cells(metres: float, form: str) -> list[str]:
    if form == "m":
        return [f"{metres:.2f}"]
    if form == "km":
        return [f"{metres / 1000:.5f}"]
    km, rest = divmod(metres, 1000)
    return [f"{int(km)}+{rest:07.2f}"] if form == "km_plus_m" else [f"{int(km)}", f"{rest:.2f}"]


@st.composite
def dialects(draw):
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    return {
        "delimiter": delimiter,
        "decimal": draw(st.sampled_from([".", ","] if delimiter != "," else ["."])),
        "encoding": draw(st.sampled_from(sorted(ENCODINGS))),
        "form": draw(st.sampled_from(CHAINAGES)),
        "end": draw(st.sampled_from(["\n", "\r\n"])),
        "unit": draw(st.sampled_from([("mm", 1.0), ("cm", 0.1), ("m", 1e-3), ("in", 1 / 25.4)])),
        "bracket": draw(st.sampled_from(["[{}]", "({})", " [ {} ]"])),
        "falling": draw(st.booleans()),
        "swap": draw(st.booleans()),
        "quote": draw(st.booleans()),
        "preamble": draw(st.integers(0, 3)),
    }


values_mm = st.lists(st.one_of(st.none(), st.floats(-2000, 2000)), min_size=3, max_size=30).filter(
    lambda v: any(x is not None for x in v)
)


@settings(max_examples=60, deadline=None)
@given(dialect=dialects(), values=values_mm, start=st.integers(0, 40_000))
def test_a_written_table_is_read_back(dialect, values, start):
    unit, factor = dialect["unit"]
    name = ENCODINGS[dialect["encoding"]]
    positions = start + 0.25 * np.arange(len(values))
    order = range(len(values))[::-1] if dialect["falling"] else range(len(values))
    quote = '"' if dialect["quote"] else ""
    columns = ["km", "m"] if dialect["form"] == "km_and_m" else ["Position"]
    header = [*columns, name + dialect["bracket"].format(unit)]
    table = [header]
    for i in order:
        number = "" if values[i] is None else f"{values[i] * factor:.7f}"
        table.append([*position_cells(positions[i], dialect["form"]), number])
    if dialect["swap"]:
        table = [row[::-1] for row in table]
    body = [
        dialect["delimiter"].join(
            quote + (cell if n == 0 else cell.replace(".", dialect["decimal"])) + quote for cell in row
        )
        for n, row in enumerate(table)
    ]
    text = "".join(line + dialect["end"] for line in ["about the run"] * dialect["preamble"] + body)
    chainage = {"columns": columns}
    chainage |= {"unit": dialect["form"]} if dialect["form"] in ("m", "km") else {"form": dialect["form"]}
    profile = Profile.model_validate(
        {
            "source_id": "any",
            "domain": "track_geometry",
            "title": "any",
            "decode": {
                "format": "text",
                "delimiter": dialect["delimiter"],
                "decimal": dialect["decimal"],
                "encoding": dialect["encoding"].removesuffix("-sig"),
                "preamble_rows": dialect["preamble"],
            },
            "channels": [{"name": "gauge", "column": name, "unit": unit}],
            "locate": {"line": "L", "chainage": chainage},
            "time": {"started_at": "2024-01-01T00:00:00"},
            "axis": {"kind": "distance", "step": 0.25, "max_gap": 100},
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.csv"
        path.write_bytes(text.encode(dialect["encoding"]))
        decoded = decode_file(path, profile)
    (run,) = decoded.recordings
    assert (decoded.rows_read, decoded.rows_rejected) == (len(values), 0)
    np.testing.assert_allclose(run.positions, positions)
    assert run.direction == (-1 if dialect["falling"] else 1)
    expected = np.array([np.nan if v is None else v for v in values])
    np.testing.assert_allclose(run.values("gauge"), expected, atol=0.5e-7 / factor + 1e-3, rtol=1e-6)
