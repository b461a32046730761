"""The work as peers without Guideway's jobs do it: the same kernels, called as each of them would.

Results are tables of two kinds: ``condition`` (asset_id, indicator, recording, value) and ``trend`` (asset_id,
indicator, as_of, status, rate_per_year, level_now).
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from guideway.archives.recording import Channel, Recording
from guideway.archives.reference import read_reference
from guideway.contracts.reference import ASSET, LINE, SECTION
from guideway.degradation.interventions import find_interventions
from guideway.degradation.series import SeriesBatch
from guideway.degradation.trends import STATUSES, fit_trends
from guideway.monitoring.facing import ReferenceRun, align_either_way
from guideway.monitoring.registry import indicators
from guideway.monitoring.track_geometry.bands import Signals
from guideway.monitoring.track_geometry.parameters import TrackGeometryParameters
from guideway.network.stretches import Stretch
from guideway.network.tracks import Network
from guideway.signals.alignment import corrected
from guideway.udfs.degradation import Fitting
from guideway.udfs.measure import ALIGNED_ON
from tests.benchmarks.archive import CHANNELS, SOURCE, Archive

STEP_M = 0.25
SAMPLE_ASSETS = 400
WEEK = timedelta(days=7)
GOOD_COVERAGE = TrackGeometryParameters().good_coverage
COLUMNS = {
    "Location [km+m]": "location",
    "TG Master.Vasen Korkeuspoikkeama [mm]": "longitudinal_level_left",
    "TG Master.Oikea Korkeuspoikkeama [mm]": "longitudinal_level_right",
    "TG Master.Vasen Nuolikorkeus [mm]": "alignment_left",
    "TG Master.Oikea Nuolikorkeus [mm]": "alignment_right",
    "TG Master.Raideleveys [mm]": "gauge",
    "TG Master.Kallistus [mm]": "cross_level",
}
FILTERED = (*CHANNELS[:4], "gauge", "cross_level")
SECTION_INDICATORS = {
    "longitudinal_level_sd": "mm",
    "longitudinal_level_sd_worst": "mm",
    "longitudinal_level_peak": "mm",
    "alignment_sd": "mm",
    "alignment_peak": "mm",
    "gauge_mean": "mm",
    "gauge_sd": "mm",
    "cross_level_sd": "mm",
}
"""What ways that work section by section compute: less than the 15 and more indicators of the whole kernel."""


def trended(names: Iterable[str]) -> list[str]:
    """Those of the indicators a trend makes sense of."""
    return [name for name in names if indicators()[name].trendable]


def arguments(description: str, master: bool = False) -> argparse.Namespace:
    """The command line of every way; with ``--master`` those that may run on a cluster."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("archive", type=Path, help="folder of an archive, see archive.py")
    parser.add_argument("--out", type=Path, required=True, help="folder of results and costs")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--learned", type=Path, help="pickle of what the sample taught, for ways that do not learn")
    if master:
        parser.add_argument("--master", help="Spark master instead of local cores")
        parser.add_argument("--as-of", type=date.fromisoformat, help="day of the fit (default: the archive's last)")
    return parser.parse_args()


def days_fitted(as_of: date) -> tuple[date, date]:
    """The first fit of a lake also fits the week before; so does everybody."""
    return as_of - WEEK, as_of


def network_of(archive: Archive) -> Network:
    """The network from the delivered reference tables."""
    folder = archive.landing / "reference"
    assets, sections, lines = (
        read_reference(folder / f"{table.name}.csv", table).to_pandas() for table in (ASSET, SECTION, LINE)
    )
    of_lines = lines[["line_id", "mode", "time_zone"]]
    facts = assets.merge(sections, on="asset_id", how="left", suffixes=("", "_s")).merge(of_lines, on="line_id")
    stretches = [
        Stretch(
            asset_id=row.asset_id,
            asset_type=row.asset_type,
            line_id=row.line_id,
            track_id=row.track_id,
            mode=row.mode,
            from_m=row.from_m,
            to_m=row.to_m,
            speed_kmh=0.0 if pd.isna(row.speed_kmh) else row.speed_kmh,
            curvature_per_km=0.0 if pd.isna(row.curvature_per_km) else row.curvature_per_km,
            cant_mm=0.0 if pd.isna(row.cant_mm) else row.cant_mm,
            time_zone=row.time_zone,
        )
        for row in facts.itertuples()
    ]
    return Network.of(stretches, dict(zip(lines["line_id"], lines["rulebook_id"], strict=True)))


def started_at(name: str) -> datetime:
    """Start of a run, UTC, from its file's name."""
    match = re.search(r"TG_(\d{8}_\d{6})_", name)
    assert match, name
    local = datetime.strptime(match[1], "%Y%m%d_%H%M%S").replace(tzinfo=ZoneInfo("Europe/Helsinki"))
    return local.astimezone(timezone.utc)


def recording_of(line_id: str, started: datetime, rows: pd.DataFrame) -> Recording:
    """A recording from one row a sample: ``chainage`` and the channels."""
    chainage = rows["chainage"].to_numpy()
    channels = tuple(Channel(name, "mm", rows[name].to_numpy(np.float32)) for name in CHANNELS)
    return Recording(
        source_id=SOURCE,
        domain="track_geometry",
        vehicle_or_sensor_id=f"EM-{line_id}",
        line_id=line_id,
        track_id="1",
        started_at=started,
        axis="distance",
        start=float(chainage[0]),
        step=STEP_M,
        channels=channels,
        asset_id=None,
        direction=1,
        attributes={},
    )


def reference_of(recording: Recording) -> ReferenceRun:
    """The recording as the run others of its line are aligned to."""
    shapes = {name: recording.values(name) for name in ALIGNED_ON["track_geometry"] if recording.has(name)}
    return ReferenceRun(recording.positions, shapes)


def aligned(recording: Recording, reference: ReferenceRun | None) -> Recording:
    """The recording on the chainage of its line's reference run; the reference itself has none."""
    if reference is None:
        return recording
    turned, alignment, _ = align_either_way(recording, reference)
    return corrected(turned, alignment)


def filtered_samples(recording: Recording, network: Network) -> pd.DataFrame:
    """One row a sample of an aligned recording: asset_id and the signals the indicators of a section are made of."""
    signals = Signals(recording, TrackGeometryParameters())
    level, alignment = signals.rails("longitudinal_level", "d1"), signals.rails("alignment", "d1")
    gauge, cross_level = signals.channel("gauge"), signals.channel("cross_level")
    assert level is not None
    assert alignment is not None
    assert gauge is not None
    assert cross_level is not None
    uneven = signals.without_cant(cross_level)
    sections = [s for s in network.by_track[recording.line_id, "1"] if s.asset_type == "track_section"]
    owner, assets = _owners(recording.positions, sections)
    frame = pd.DataFrame(dict(zip(FILTERED, (*level, *alignment, gauge, uneven), strict=True)))
    frame.insert(0, "asset_id", assets[owner])
    return frame[owner < len(sections)]


def _owners(positions: npt.ArrayLike, sections: list[Stretch]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.object_]]:
    edges = np.array([s.from_m for s in sections] + [sections[-1].to_m]) - 1e-6 * STEP_M
    place = np.searchsorted(edges, positions, side="right") - 1
    outside = (place < 0) | (place >= len(sections))
    return np.where(outside, len(sections), place), np.array([*(s.asset_id for s in sections), ""], dtype=object)


def section_values(samples: pd.DataFrame) -> dict[str, float]:
    """Indicators of one section on one run, those measured on enough of it for quality ``good``."""
    level = samples[["longitudinal_level_left", "longitudinal_level_right"]]
    alignment = samples[["alignment_left", "alignment_right"]]
    found = {
        "longitudinal_level_sd": level.std().mean(skipna=False),
        "longitudinal_level_sd_worst": level.std().max(),
        "longitudinal_level_peak": level.abs().max().max(),
        "alignment_sd": alignment.std().mean(skipna=False),
        "alignment_peak": alignment.abs().max().max(),
        "gauge_mean": samples["gauge"].mean(),
        "gauge_sd": samples["gauge"].std(),
        "cross_level_sd": samples["cross_level"].std(),
    }
    least = GOOD_COVERAGE * 200.0 / STEP_M
    counts = {
        "longitudinal_level": level.count().min(),
        "alignment": alignment.count().min(),
        "gauge": samples["gauge"].count(),
        "cross_level": samples["cross_level"].count(),
    }
    return {
        name: float(value)
        for name, value in found.items()
        if counts[next(key for key in counts if name.startswith(key))] >= least
    }


def fit_one(
    t_days: npt.ArrayLike, values: npt.ArrayLike, indicator: str, line_id: str, fitting: Fitting
) -> tuple[str, float, float]:
    """Status, rate a year and level now of one series, as a loop over series calls the kernel."""
    pool, day = f"{indicator}|conventional|track_section", fitting.as_of_days
    alone = SeriesBatch.of(
        [0, np.size(t_days)],
        t_days,
        values,
        group=[fitting.priors.groups.index(pool)],
        direction=[1 if indicators()[indicator].direction == "above" else -1],
        cohort=[fitting.cohorts.index(f"{pool}|{line_id}")],
    ).until(day)
    works = find_interventions(alone, fitting.priors, fitting.parameters)
    trend = fit_trends(alone, fitting.priors, day, fitting.parameters, works)
    return STATUSES[trend.status[0]], float(trend.rate_per_year[0]), float(trend.level_now[0])
