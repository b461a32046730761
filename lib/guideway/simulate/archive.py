"""Write the archive of a network: delivered files, reference tables, and the truth beside them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path

from guideway.simulate import assets, faults, maglev
from guideway.simulate.failures import FailingAsset, failing_magnet, failing_switch, register_rows
from guideway.simulate.guideway import Guideway, magnet_defects, repairs
from guideway.simulate.layout import Layout
from guideway.simulate.measurements import (
    Measurement,
    Series,
    run_days,
    series_of_guideway,
    series_of_receivers,
    series_of_track,
)
from guideway.simulate.network import LineSpec, NetworkSpec
from guideway.simulate.odometer import Odometer
from guideway.simulate.streams import stream
from guideway.simulate.track import Track
from guideway.simulate.truth import Truth
from guideway.simulate.wayside import Receiver, receivers_of
from guideway.simulate.weather import weather_rows
from guideway.simulate.works import rail_works, recorded

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ArchiveSummary:
    """What was written: files and bytes in the landing folder, files by source and by fault."""

    lines: int
    files: int
    size_bytes: int
    by_source: dict[str, int] = field(default_factory=dict)
    by_fault: dict[str, int] = field(default_factory=dict)


def write_archive(spec: NetworkSpec, landing: Path, truth: Path, progress: Progress | None = None) -> ArchiveSummary:
    """Write the delivered archive of a network and its truth; one line is in memory at a time.

    Args:
        spec: the network. The same spec writes the same bytes.
        landing: folder for delivered files, ``<source_id>/...`` and ``reference/*.csv``; made where it is missing.
        truth: folder for the truth, see :class:`guideway.simulate.truth.Truth`; apart from ``landing``.
        progress: called before each file as ``progress(line and source, files done, files)``.

    Returns:
        What was written.
    """
    archive = _Archive(spec, landing, Truth(truth, spec), progress)
    for line in spec.lines:
        archive.write_line(line)
    archive.finish()
    return archive.summary()


class _Archive:
    def __init__(self, spec: NetworkSpec, landing: Path, truth: Truth, progress: Progress | None) -> None:
        self.spec, self.landing, self.truth, self.progress = spec, landing, truth, progress
        self.reference = assets.ReferenceRows()
        self.sources: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.size_bytes = 0

    def write_line(self, line: LineSpec) -> None:
        for name, row in zip(("line", "track"), assets.line_rows(line), strict=True):
            self.reference.add(name, [row])
        self.reference.add("weather", weather_rows(line, self.spec.first_day, self.spec.weeks, self.spec.seed))
        if line.mode == "maglev":
            self._write_maglev(line)
        else:
            self._write_track(line)

    def finish(self) -> None:
        """Reference tables, the truth and a file nobody claims."""
        self.reference.write(self.landing / "reference")
        if self.spec.faults:
            note = b"Dear colleagues, the measuring data of last week are on the other drive.\r\n"
            moment = datetime.combine(self.spec.first_day, time(), tzinfo=timezone.utc) + timedelta(days=3)
            self._put("unclaimed/readme.txt", note, moment.timestamp())
            self._account("unclaimed/readme.txt", None, "unknown_source", len(note))
        self.truth.write()

    def summary(self) -> ArchiveSummary:
        return ArchiveSummary(
            len(self.spec.lines), sum(self.sources.values()), self.size_bytes, dict(self.sources), dict(self.faults)
        )

    def _write_track(self, line: LineSpec) -> None:
        track = Track(line, self.spec)
        self.truth.add_track(track, run_days(line, self.spec))
        self.truth.add_shifts(line.line_id, self._deliver(series_of_track(track)))
        works = track.works
        receivers: tuple[Receiver, ...] = ()
        if line.mode == "metro":
            receivers = receivers_of(track.layout, self.spec)
            for series in series_of_receivers(track.layout, receivers, self.spec):
                self._deliver(series)
            self.truth.add_corrugation(track.layout, receivers)
            rail = rail_works(track.layout, receivers, self.spec)
            self.truth.add_works(rail, track.layout)
            works = works + rail
        self._add_reference(track.layout, receivers)
        self.reference.add("work_history", assets.work_rows(recorded(works, track.layout, self.spec), self.spec))

    def _write_maglev(self, line: LineSpec) -> None:
        guideway = Guideway(line, self.spec)
        magnets = maglev.magnet_ids(guideway)
        weak = magnet_defects(line, self.spec, magnets)
        self.truth.add_slow_defects(line.line_id, guideway.defects + weak)
        runs, passages = series_of_guideway(guideway, weak)
        self.truth.add_shifts(line.line_id, self._deliver(runs))
        self._deliver(passages)
        works = repairs(guideway)
        self.truth.add_works(works, guideway.layout)
        self.reference.add("work_history", assets.work_rows(recorded(works, guideway.layout, self.spec), self.spec))
        self._add_reference(guideway.layout, (), guideway.frequency_hz.tolist())
        rows = assets.magnet_rows(line, magnets, self.spec.first_day)
        self.reference.add("asset", rows)
        first, weeks, seed = self.spec.first_day, self.spec.weeks, self.spec.seed
        self._register(
            failing_magnet(str(row["asset_id"]), line.line_id, _installed(row), weak, first, weeks, seed)
            for row in rows
            if row["asset_type"] == "magnet"
        )

    def _add_reference(
        self, layout: Layout, receivers: tuple[Receiver, ...], frequency_hz: Sequence[float] = ()
    ) -> None:
        first, weeks, seed = self.spec.first_day, self.spec.weeks, self.spec.seed
        zones = {receiver.section: receiver.zone for receiver in receivers}
        switches = assets.switch_rows(layout, seed, first)
        for rows in (
            assets.section_rows(layout, zones, first, seed, frequency_hz),
            assets.receiver_rows(layout, receivers, first),
            switches,
        ):
            self.reference.add("section", rows[0])
            self.reference.add("asset", rows[1])
        self.reference.add("traffic", assets.traffic_rows(layout, self.spec))
        for row in switches[1]:
            passes = float(layout.passes[layout.index_at(float(str(row["from_m"])))])
            asset_id, line_id = str(row["asset_id"]), layout.line.line_id
            self._register([failing_switch(asset_id, line_id, _installed(row), passes, first, weeks, seed)])

    def _register(self, failing: Iterable[FailingAsset]) -> None:
        """Put what failed into the fault register, and the rates behind it into the truth."""
        for asset in failing:
            self.truth.add_failures(asset)
            self.reference.add("failure", register_rows(asset, self.spec.first_day, self.spec.seed))

    def _deliver(self, series: Series) -> list[tuple[str, Odometer]]:
        """Write the files of one source on one line; returns path and odometer of those from a vehicle."""
        spec = self.spec
        delivered: list[tuple[str, Odometer]] = []
        dealt = faults.deal(series.source_id, series.line_id, series.n_files, spec.seed) if spec.faults else {}
        for measurement in series.measurements:
            if self.progress is not None:
                self.progress(f"{series.line_id} {series.source_id}", measurement.number, series.n_files)
            path = self._write(measurement, dealt.get(measurement.number, "none"))
            self.truth.add_passages(path, measurement)
            if measurement.odometer is not None:
                delivered.append((path, measurement.odometer))
        return delivered

    def _write(self, measurement: Measurement, kind: str) -> str:
        """Write one measurement with its fault; returns the path of its (last) file."""
        rng = stream(self.spec.seed, measurement.source_id, measurement.header.line_id, measurement.number, "fault")
        channels = faults.fail_sensor(kind, measurement.channels, rng, measurement.required)
        header = measurement.header
        if kind == "clock":
            header = replace(header, started_local=header.started_local.replace(year=1980, day=1))
        name, data = measurement.write(header, channels)
        delivered = (measurement.started + timedelta(seconds=measurement.lasts_s) + faults.delay(kind, rng)).timestamp()
        path = f"{measurement.source_id}/{measurement.header.line_id}/{name}"
        data = faults.spoil(kind, data, rng)
        self._put(path, data, delivered)
        self._account(path, measurement, kind if kind != "duplicate" else "none", len(data))
        if kind == "duplicate":
            again = str(Path(path).with_stem(Path(path).stem + "-copy"))
            self._put(again, data, delivered + 3.0 * 86400.0)
            self._account(again, measurement, "duplicate", len(data))
        elif kind == "superseded":
            name, data = measurement.write(replace(header, revision=2), measurement.channels)
            path = f"{measurement.source_id}/{measurement.header.line_id}/{name}"
            self._put(path, data, delivered + 5.0 * 86400.0)
            self._account(path, measurement, "correction", len(data))
        return path

    def _put(self, path: str, data: bytes, modified: float) -> None:
        target = self.landing / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        os.utime(target, (modified, modified))
        self.size_bytes += len(data)
        self.sources[path.split("/", 1)[0]] += 1

    def _account(self, path: str, measurement: Measurement | None, fault: str, size_bytes: int) -> None:
        kind = faults.expected(measurement.source_id if measurement else "", fault)
        self.faults[fault] += 1
        self.truth.files.append(
            {
                "path": path,
                "source_id": measurement.source_id if measurement else "unknown",
                "line_id": measurement.header.line_id if measurement else None,
                "track_id": measurement.header.track_id if measurement else None,
                "asset_id": measurement.asset_id if measurement else None,
                "started_at": measurement.started.isoformat() if measurement else None,
                "direction": measurement.header.direction if measurement else None,
                "fault": fault,
                "expected_status": kind.status,
                "expected_reason": kind.reason,
                "size_bytes": size_bytes,
            }
        )


def _installed(asset: assets.Row) -> date:
    return date.fromisoformat(str(asset["installed_on"]))
