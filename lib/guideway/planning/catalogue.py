"""Works, machines, windows, remedies and consequences as data: CSV files anybody can override."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from guideway.errors import ConfigurationError

DATA = Path(__file__).parent / "data"
ANY = "*"
_KEYS = {
    "works": ("work_type",),
    "machines": ("machine",),
    "remedies": ("indicator", "asset_type", "track_form", "rank"),
    "consequences": ("mode", "indicator", "severity"),
    "windows": ("line_id", "mode"),
    "settings": ("name",),
    "policies": ("policy",),
}
_TEXT = {
    "work_type",
    "machine",
    "indicator",
    "asset_type",
    "track_form",
    "mode",
    "line_id",
    "start_local",
    "name",
    "unit",
    "source",
    "provenance",
    "policy",
    "kind",
    "title",
}


@dataclass(frozen=True)
class Catalogue:
    """What works do, take and cost, and when the track may be had; each row names its source and provenance.

    Attributes:
        works: productivity and cost of each type of work.
        machines: machines, their number, crew and cost of a possession.
        remedies: which work helps which indicator, in order of preference, and how much.
        consequences: cost of a day beyond a limit, by mode, indicator and severity.
        windows: the weekly possession of a line, or of a mode; mode ``depot``: the weekly shift of a line's depot.
        settings: numbers of the plan as a whole.
        policies: the policies compared; see ``planning.policies``.
    """

    works: pd.DataFrame
    machines: pd.DataFrame
    remedies: pd.DataFrame
    consequences: pd.DataFrame
    windows: pd.DataFrame
    settings: pd.DataFrame
    policies: pd.DataFrame

    def number(self, name: str) -> float:
        """A numeric setting.

        Raises:
            ConfigurationError: it is missing or no number.
        """
        text = self.text(name)
        try:
            return float(text)
        except ValueError as error:
            raise ConfigurationError(f"settings.csv, row {name!r}: {text!r} is not a number") from error

    def text(self, name: str) -> str:
        """A setting as text.

        Raises:
            ConfigurationError: it is missing.
        """
        found = self.settings.loc[self.settings["name"] == name, "value"]
        if found.empty:
            raise ConfigurationError(f"settings.csv: row {name!r} is missing")
        return str(found.iloc[0])


def load_catalogue(folder: Path | str | None = None) -> Catalogue:
    """The packaged data; a row of the same key in ``folder`` replaces a packaged one, others are added.

    Raises:
        ConfigurationError: the folder is missing, a file lacks a column, or a cell is no number; names file and row.
    """
    if folder is not None and not Path(folder).is_dir():
        raise ConfigurationError(f"planning folder {folder} is not there")
    tables = {}
    for name, key in _KEYS.items():
        table = _read(DATA / f"{name}.csv")
        other = Path(folder) / f"{name}.csv" if folder is not None else None
        if other is not None and other.is_file():
            table = pd.concat([table, _read(other, tuple(table.columns))])
        tables[name] = table.drop_duplicates(list(key), keep="last").reset_index(drop=True)
    catalogue = Catalogue(**tables)
    for column, table, known in (
        ("machine", catalogue.works, catalogue.machines["machine"]),
        ("work_type", catalogue.remedies, catalogue.works["work_type"]),
    ):
        unknown = sorted(set(table[column]) - set(known))
        if unknown:
            raise ConfigurationError(f"planning data: {column} {unknown[0]!r} is used but not defined")
    return catalogue


def _read(file: Path, columns: tuple[str, ...] = ()) -> pd.DataFrame:
    try:
        frame = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: {error}") from error
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise ConfigurationError(f"{file}: column {missing[0]!r} is missing")
    for name in frame.columns:
        if name in _TEXT or (name == "value"):
            continue
        numbers = pd.to_numeric(frame[name], errors="coerce")
        wrong = numbers.isna() | ~numbers.abs().lt(float("inf"))
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise ConfigurationError(f"{file}, row {row + 2}, column {name!r}: {frame[name].iloc[row]!r} is no number")
        frame[name] = numbers.astype(float)
    return frame[list(columns)] if columns else frame
