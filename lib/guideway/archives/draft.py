"""A first profile for an unknown file, with every guess marked for the engineer to check."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import yaml

from guideway.archives.columns import split_unit
from guideway.archives.sniff import TextLayout, sniff_format, sniff_text
from guideway.archives.units import conversion, normalise
from guideway.contracts.channels import CHANNELS
from guideway.errors import DecodeError

# words of vendors in English, German, French, Finnish, Swedish and Chinese -> canonical channel without side
_WORDS: tuple[tuple[str, str], ...] = (
    (r"nuolikorkeus\w* d1|align\w* d1", "alignment_d1"),
    (r"nuolikorkeus\w* d2|align\w* d2", "alignment_d2"),
    (r"level.*d1|korkeuspoikkeama d1|längshöhe.*d1", "longitudinal_level_d1"),
    (r"level.*d2|korkeuspoikkeama d2", "longitudinal_level_d2"),
    (r"cross.?level|cant|überhöhung|dévers|rälsförhöjning|水平|kallistus", "cross_level"),
    (
        r"longitudinal.?level|^level\b|profile|längshöhe|nivellement|höjdläge|高低|高程|korkeuspoikkeama",
        "longitudinal_level",
    ),
    (r"align|richtung|pfeilhöhe|dressage|轨向|nuolikorkeus", "alignment"),
    (r"gauge|spur|écartement|spårvidd|轨距|raidelev", "gauge"),
    (r"twist|verwindung|gauche|skevning|三角坑|kierous", "twist_3m"),
    (r"speed|geschwindigkeit|vitesse|hastighet|速度|ajonopeus", "speed"),
    (r"curvature|krümmung|kaarevuus", "curvature"),
    (r"^lat", "latitude"),
    (r"^lon", "longitude"),
    (r"axle.?box|pystysuuntainen kiihtyvyys c1", "axle_box_acceleration_vertical"),
    (r"pystysuuntainen kiihtyvyys c2", "bogie_acceleration_vertical"),
    (r"poikittainen kiihtyvyys c2", "bogie_acceleration_lateral"),
    (r"pystysuuntainen kiihtyvyys c3", "car_body_acceleration_vertical"),
    (r"poikittainen kiihtyvyys c3", "car_body_acceleration_lateral"),
    (r"gap|spalt", "levitation_gap"),
    (r"current|strom", "magnet_current"),
    (r"strain|dehnung", "strain"),
    (r"deflection|durchbiegung", "girder_deflection"),
    (r"power|leistung", "motor_power"),
    (r"force|kraft", "contact_force"),
    (r"laf|sound.?level|leq|schallpegel", "sound_level_a_fast"),
    (r"beschleunigung mitte", "girder_acceleration"),
    (r"^(acc\w*[ _.])?x$", "car_body_acceleration_longitudinal"),
    (r"^(acc\w*[ _.])?y$", "car_body_acceleration_lateral"),
    (r"^(acc\w*[ _.])?z$", "car_body_acceleration_vertical"),
)
# statistics, filtered copies and deviations from a mean
_NOT_A_SIGNAL = (
    r"keskihajonta|standard|mean|suodatettu|filtered|poikkeaman muutos"
    r"|poikkeama$|poikkeama d[03]|korkeuspoikkema d0"
)
_LEFT, _RIGHT = r"left|links|gauche|vasen|vänster|左|_l\b", r"right|rechts|droit|oikea|höger|右|_r\b"
_POSITION = r"chainage|location|station|kilomet|km\b|里程|position|mileage|weg\b|pk\b"
_UNIX = ((1e17, "ns"), (1e14, "us"), (1e11, "ms"), (1e8, "s"))  # a time above the first counts from 1970 in the second
_TIME = r"^(time|zeit|temps|t|timestamp|aika|seconds.*|时间)$"


def draft_profile(path: Path) -> str:
    """YAML of a profile for the file; comments say what was guessed and what is open.

    Raises:
        DecodeError: where the file cannot be opened at all.
    """
    form, _, _ = sniff_format(path)
    if form == "text":
        return "\n".join(_text_profile(path, sniff_text(path))) + "\n"
    return "\n".join(_other_profile(path, form)) + "\n"


def _head(path: Path, domain: str) -> Iterator[str]:
    source_id = re.sub(r"[^a-z0-9]+", "-", path.stem.lower().split(".")[0]).strip("-")[:40] or "new-source"
    suffix = "".join(path.suffixes[-2:]) if path.suffix in {".gz", ".xz"} else path.suffix
    yield f"# Drafted by looking at {path.name!r}. Check every line marked with (?)."
    yield f"source_id: {_quote(source_id)}"
    yield f"domain: {domain}  # (?)"
    yield "title: a new source  # (?)"
    yield f"files: [{_quote('**/*' + suffix)}]  # (?)"


def _text_profile(path: Path, layout: TextLayout) -> Iterator[str]:
    labels = layout.labels or tuple(f"c{i + 1}" for i in range(len(layout.rows[0])))
    position = _position(labels, layout)
    channels = list(_channels(labels, layout, position))
    on_distance = bool(position) and not any(re.search(_TIME, split_unit(label)[0].lower()) for label in labels)
    names = {name for name, *_ in channels}
    yield from _head(path, _domain(names))
    yield "decode:"
    yield "  format: text"
    yield f"  encoding: {layout.encoding}"
    yield f"  delimiter: {_quote(layout.delimiter)}"
    yield f"  decimal: {_quote(layout.decimal)}"
    if layout.preamble:
        yield f"  preamble_rows: {len(layout.preamble)}"
    if not layout.labels:
        yield "  header: false"
        yield f"  columns: [{', '.join(labels)}]"
    words = _missing_words(layout, [labels.index(label) for _, label, *_ in channels if label in labels])
    if words:
        yield f"  missing: [{', '.join(_quote(word) for word in ('', 'NaN', *words))}]  # (?) words that are no numbers"
    if not layout.ends_with_newline:
        yield "  final_newline: false  # the last line has no end: is the file cut? (?)"
    yield "channels:"
    for name, label, unit, unit_label, form in channels:
        extra = f", unit_label: {_quote(unit_label)}" if unit_label else ""
        extra += ", form: hemisphere" if form == "hemisphere" else ""
        yield f"  - {{name: {name}, column: {_quote(label)}, unit: {_quote(unit)}{extra}}}  # (?)"
    taken = {label for _, label, *_ in channels} | {labels[i] for i in position}
    for label in labels:
        if label not in taken:
            yield f"  # not assigned: {_quote(label)}"
    if not channels:
        yield "  # no column could be assigned: add at least one channel of contracts/channels.py"
    yield from _place_and_time(path, layout, labels, position if on_distance else (), on_distance)


def _place_and_time(
    path: Path, layout: TextLayout, labels: tuple[str, ...], position: tuple[int, ...], on_distance: bool
) -> Iterator[str]:
    yield "locate:"
    yield "  line: unknown  # (?)"
    if position:
        form = "km_and_m" if len(position) == 2 else "number"
        if any("+" in cell for cell in layout.column(position[0])):
            form = "km_plus_m"
        columns = ", ".join(_quote(labels[i]) for i in position)
        yield f"  chainage: {{form: {form}, columns: [{columns}]{_unit_of(labels, position, form)}}}"
    yield "time:"
    yield "  zone: UTC  # (?)"
    times = [label for label in labels if re.search(_TIME, split_unit(label)[0].lower())]
    since = _since_1970(layout.column(labels.index(times[0]))) if times else None
    if on_distance or since is None:
        yield from _start(path)
    if on_distance:
        yield f"axis: {{kind: distance, step: {_step(layout, position)}}}"
    elif times:
        unit = f"{since}, epoch: unix" if since else _time_unit(times[0])
        yield f"  samples: {{column: {_quote(times[0])}, unit: {unit}}}  # (?)"
        yield "axis: {kind: time}"
    else:
        yield "axis: {kind: time, step: 0.001}  # (?) the file states no time: what is the sampling rate?"


def _start(path: Path) -> Iterator[str]:
    if re.search(r"(?<!\d)(19|20)\d{6}_\d{6}(?!\d)", path.name):
        yield "  started_at: {filename: '((?:19|20)\\d{6}_\\d{6})', format: '%Y%m%d_%H%M%S'}"
    elif re.search(r"(?<!\d)(19|20)\d{6}(?!\d)", path.name):
        yield "  started_at: {filename: '((?:19|20)\\d{6})', format: '%Y%m%d'}"
    else:
        yield "  started_at: {constant: '1970-01-01', format: '%Y-%m-%d'}  # (?) nothing says when it was recorded"


def _channels(
    labels: tuple[str, ...], layout: TextLayout, position: tuple[int, ...]
) -> Iterator[tuple[str, str, str, str | None, str]]:
    """Channel, column, unit, the unit's text where Pint cannot use it, and form."""
    used: set[str] = set()
    for i, label in enumerate(labels):
        name = _guess(label) if i not in position else None
        if name is None or name in used:
            continue
        used.add(name)
        stated = split_unit(label)[1]
        canonical = CHANNELS[name][0]
        hemisphere = any(re.search(r"[NSEW]\s*$", cell) for cell in layout.column(i)[:5])
        unit, unit_label = canonical, None
        if stated:
            try:
                conversion(stated, canonical)
                unit = normalise(stated)
            except DecodeError:
                unit_label = stated
        yield name, label, unit, unit_label, "hemisphere" if hemisphere else "number"


def _guess(label: str) -> str | None:
    text = split_unit(label)[0].lower()
    if re.search(_NOT_A_SIGNAL, text):
        return None
    side = "_left" if re.search(_LEFT, text) else "_right" if re.search(_RIGHT, text) else ""
    for words, name in _WORDS:
        if re.search(words, text):
            for candidate in (name + side, name):
                if candidate in CHANNELS:
                    return candidate
    return None


def _position(labels: tuple[str, ...], layout: TextLayout) -> tuple[int, ...]:
    for i, label in enumerate(labels):
        if re.search(_POSITION, label.lower()):
            following = labels[i + 1].lower() if i + 1 < len(labels) else ""
            whole_km = all(re.fullmatch(r"\s*-?\d+\s*", cell) for cell in layout.column(i))
            pair = whole_km and re.match(r"(meters?|metres?|m)\b|米", following)
            return (i, i + 1) if pair else (i,)
    return ()


def _missing_words(layout: TextLayout, columns: list[int]) -> list[str]:
    """Cells of the channels' columns that are no numbers, places or times."""
    cells = {cell.strip() for i in columns for cell in layout.column(i) if cell.strip()}
    return sorted(cell for cell in cells if not re.search(r"[0-9]", cell) and cell.lower() != "nan")[:8]


def _unit_of(labels: tuple[str, ...], position: tuple[int, ...], form: str) -> str:
    unit = split_unit(labels[position[0]])[1]
    return f", unit: {unit}" if form == "number" and unit in {"m", "km", "ft", "mi"} else ""


def _step(layout: TextLayout, position: tuple[int, ...]) -> str:
    def metres(row: tuple[str, ...]) -> float:
        cells = [row[i].replace(",", ".") for i in position]
        if "+" in cells[0]:
            km, _, rest = cells[0].partition("+")
            return 1000 * float(km) + float(rest)
        return 1000 * float(cells[0]) + float(cells[1]) if len(cells) == 2 else float(cells[0])

    try:
        at = sorted({round(metres(row), 4) for row in layout.rows[:50]})
        steps = sorted(b - a for a, b in pairwise(at))
        return f"{steps[len(steps) // 2]:g}"
    except (ValueError, IndexError):
        return "0.25  # (?)"


def _since_1970(cells: list[str]) -> str | None:
    """Unit in which the times count from 1970, told by their size; None where they count from the start."""
    try:
        first = float(cells[0])
    except (ValueError, IndexError):
        return None
    return next((unit for least, unit in _UNIX if first > least), None)


def _time_unit(label: str) -> str:
    unit = (split_unit(label)[1] or "s").lower()
    return unit if unit in {"s", "ms", "us", "ns"} else "s"


def _domain(names: set[str]) -> str:
    joined = " ".join(names)
    for word, domain in (
        ("level_d", "track_geometry"),
        ("longitudinal_level", "track_geometry"),
        ("gauge", "track_geometry"),
        ("levitation", "maglev"),
        ("girder", "maglev"),
        ("strain", "structure_strain"),
        ("motor_power", "switches"),
        ("sound", "vibration_noise"),
        ("vibration", "vibration_noise"),
    ):
        if word in joined:
            return domain
    return "ride_comfort"


def _other_profile(path: Path, form: str) -> Iterator[str]:
    yield from _head(path, "ride_comfort")
    yield f"decode: {{format: {form}}}  # (?)"
    yield "channels:"
    yield "  # name the columns this format gives; 'guideway source check' lists those there are"
    yield "  - {name: car_body_acceleration_vertical, column: name-of-the-column, unit: m/s**2}  # (?)"
    yield "locate:"
    yield "  line: unknown  # (?)"
    yield "time:"
    yield "  zone: UTC  # (?)"
    yield from _start(path)
    yield "axis: {kind: time}"


def _quote(text: str) -> str:
    """``text`` as a YAML flow scalar."""
    return yaml.safe_dump([text], default_flow_style=True, allow_unicode=True, width=10_000).strip()[1:-1]
