"""The known truth beside an archive: rates, states, shifts, works, defects, passages and what became of every file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from guideway.simulate.degradation import Deterioration
from guideway.simulate.failures import FailingAsset
from guideway.simulate.guideway import SlowDefect
from guideway.simulate.layout import Layout
from guideway.simulate.measurements import Measurement
from guideway.simulate.network import NetworkSpec
from guideway.simulate.odometer import Odometer
from guideway.simulate.track import Track
from guideway.simulate.wayside import CORRUGATION_LIMIT_DB, Receiver, flat_wheel_day
from guideway.simulate.works import Work

Row = dict[str, object]


@dataclass
class Truth:
    """Gathers the truth while an archive is written; large tables go to disk line by line.

    Files in the truth folder:
        ``sections.csv``: start, rate and the explained part of it, of every track section;
        ``section_sd/<line>.parquet``: true D1 standard deviation of level and alignment, per section and run;
        ``shifts/<line>.parquet``: true minus stated chainage, per run, every 50 m (add it to the stated one);
        ``works.csv``: all works, whether recorded, their effect;
        ``defects.csv``: isolated, maglev and corrugation defects, onset and the day their limit is passed;
        ``failures.csv``: assets of the fault register, their rates of failure on the first and last day, how many came;
        ``passages.csv``: trains in fixed records; ``files.csv``: every file, its fault, the status it should get.
    """

    folder: Path
    spec: NetworkSpec
    sections: list[Row] = field(default_factory=list)
    works: list[Row] = field(default_factory=list)
    defects: list[Row] = field(default_factory=list)
    failures: list[Row] = field(default_factory=list)
    passages: list[Row] = field(default_factory=list)
    files: list[Row] = field(default_factory=list)

    def add_track(self, track: Track, days: Sequence[float]) -> None:
        """Sections, their states on the days of the runs, works and isolated defects of a line."""
        self._add_sections(track.layout, track.deterioration)
        self.add_works(track.works, track.layout)
        frames = []
        for number, day in enumerate(days):
            level, alignment, tampings = track.deterioration.on(day, track.works)
            present = {d.asset_id for d in track.defects if d.onset_day <= day}
            frames.append(
                pd.DataFrame(
                    {
                        "line_id": track.line.line_id,
                        "track_id": track.line.track_id,
                        "asset_id": track.layout.asset_ids,
                        "run": number,
                        "day": day,
                        "measured_on": self.date(day),
                        "level_sd_mm": level,
                        "alignment_sd_mm": alignment,
                        "tampings": tampings,
                        "isolated_defect": [asset in present for asset in track.layout.asset_ids],
                    }
                )
            )
        self._write_part("section_sd", track.line.line_id, pd.concat(frames, ignore_index=True))
        for defect in track.defects:
            self._add_defect(
                track.line.line_id, defect.asset_id, "isolated_level",
                onset_day=defect.onset_day, limit_day=None, unit="mm",
                growth_per_year=defect.growth_mm_per_year, start=defect.depth_mm, limit=None, at_m=defect.at_m,
            )  # fmt: skip

    def add_shifts(self, line_id: str, odometers: Iterable[tuple[str, Odometer]]) -> None:
        """Odometer errors of the runs of a line, with the file each run came in."""
        frames = [
            pd.DataFrame(
                {
                    "path": path,
                    "stated_m": odometer.stated_m,
                    "true_m": odometer.stated_m - odometer.error_m,
                    "shift_m": -odometer.error_m,
                }
            )
            for path, odometer in odometers
        ]
        if frames:
            self._write_part("shifts", line_id, pd.concat(frames, ignore_index=True))

    def add_works(self, works: Iterable[Work], layout: Layout) -> None:
        """Works as they were, one row for each section they touched."""
        for work in works:
            for offset, effect in enumerate(work.effects):
                self.works.append(
                    {
                        "work_id": work.work_id,
                        "line_id": work.line_id,
                        "track_id": work.track_id,
                        "asset_id": layout.asset_ids[work.first + offset],
                        "work_type": work.work_type,
                        "day": work.day,
                        "finished_on": self.date(work.day),
                        "from_m": work.from_m,
                        "to_m": work.to_m,
                        "effect": float(effect),
                        "effect_unit": work.effect_unit,
                        "recorded": work.recorded,
                    }
                )

    def add_slow_defects(self, line_id: str, defects: Iterable[SlowDefect]) -> None:
        """Defects of girders and magnets."""
        for d in defects:
            self._add_defect(
                line_id, d.asset_id, d.kind, onset_day=d.onset_day, limit_day=d.limit_day, unit=d.unit,
                growth_per_year=d.rate_per_year, start=0.0, limit=d.limit, at_m=None,
                repaired_on=self.date(d.repair_day) if d.repair_day < self.spec.weeks * 7 else None,
            )  # fmt: skip

    def add_corrugation(self, layout: Layout, receivers: Iterable[Receiver]) -> None:
        """Corrugation beside the receivers of a metro line, and the fleet's flat wheel."""
        line_id = layout.line.line_id
        for r in receivers:
            if r.growth_db_per_year > 2.0:
                self._add_defect(
                    line_id, layout.asset_ids[r.section], "corrugation",
                    onset_day=0.0, limit_day=r.limit_day(), unit="dB",
                    growth_per_year=r.growth_db_per_year, start=r.start_db, limit=CORRUGATION_LIMIT_DB, at_m=r.at_m,
                    receiver_id=r.asset_id,
                )  # fmt: skip
        self._add_defect(
            line_id, f"{line_id}-T07", "flat_wheel", onset_day=flat_wheel_day(self.spec), limit_day=None, unit="1",
            growth_per_year=0.0, start=1.0, limit=None, at_m=None,
        )  # fmt: skip

    def add_failures(self, failing: FailingAsset) -> None:
        """Rates of failure of an asset, and how often it failed within the register."""
        self.failures.append(
            {
                "line_id": failing.line_id,
                "asset_id": failing.asset_id,
                "asset_type": failing.asset_type,
                "rate_per_year_first_day": failing.rate(0.0),
                "rate_per_year_last_day": failing.rate(self.spec.weeks * 7.0),
                "n_failures": len(failing.days),
            }
        )

    def add_passages(self, path: str, measurement: Measurement) -> None:
        """Trains in a fixed sensor's record."""
        for from_s, to_s, speed_kmh, train_id in measurement.passages:
            self.passages.append(
                {
                    "path": path,
                    "asset_id": measurement.asset_id,
                    "from_s": from_s,
                    "to_s": to_s,
                    "speed_kmh": speed_kmh,
                    "train_id": train_id,
                }
            )

    def write(self) -> None:
        """Write the tables that were gathered."""
        self.folder.mkdir(parents=True, exist_ok=True)
        tables: Mapping[str, list[Row]] = {
            "sections": self.sections,
            "works": self.works,
            "defects": self.defects,
            "failures": self.failures,
            "passages": self.passages,
            "files": self.files,
        }
        for name, rows in tables.items():
            pd.DataFrame(rows).to_csv(self.folder / f"{name}.csv", index=False, lineterminator="\n")
        (self.folder / "spec.json").write_text(self.spec.model_dump_json(indent=2) + "\n", encoding="utf-8")

    def date(self, day: float) -> str:
        """Date of a day since the first."""
        return str(np.datetime64(self.spec.first_day) + np.timedelta64(int(np.floor(day)), "D"))

    def _add_sections(self, layout: Layout, state: Deterioration) -> None:
        for i, asset_id in enumerate(layout.asset_ids):
            self.sections.append(
                {
                    "line_id": layout.line.line_id,
                    "track_id": layout.line.track_id,
                    "asset_id": asset_id,
                    "from_m": layout.from_m[i],
                    "to_m": layout.to_m[i],
                    "level_start_mm": state.level_start_mm[i],
                    "level_rate_mm_per_year": state.level_rate_mm_per_year[i],
                    "level_rate_explained_mm_per_year": state.explained_rate_mm_per_year[i],
                    "alignment_start_mm": state.alignment_start_mm[i],
                    "alignment_rate_mm_per_year": state.alignment_rate_mm_per_year[i],
                }
            )

    def _add_defect(
        self,
        line_id: str,
        asset_id: str,
        kind: str,
        *,
        onset_day: float,
        limit_day: float | None,
        unit: str,
        **facts: object,
    ) -> None:
        crossed = limit_day is not None and limit_day < self.spec.weeks * 7
        self.defects.append(
            {
                "line_id": line_id,
                "asset_id": asset_id,
                "kind": kind,
                "onset_on": self.date(onset_day),
                "limit_on": self.date(limit_day) if limit_day is not None else None,
                "crosses_within_archive": crossed,
                "unit": unit,
                **facts,
            }
        )

    def _write_part(self, name: str, line_id: str, frame: pd.DataFrame) -> None:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        frame.to_parquet(folder / f"{line_id}.parquet", index=False)
