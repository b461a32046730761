"""The limit: the kernels alone on arrays in memory, on one core; the same numbers read and written as plain bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from guideway.archives.decode import decode_file
from guideway.archives.profile import load_profiles
from guideway.archives.recording import Channel, Recording
from guideway.degradation.forecasts import forecast_limits
from guideway.degradation.interventions import find_interventions
from guideway.degradation.learning import learn_days
from guideway.degradation.parameters import DegradationParameters
from guideway.degradation.series import SeriesBatch
from guideway.degradation.trends import fit_trends
from guideway.monitoring.definition import Condition
from guideway.monitoring.facing import ReferenceRun
from guideway.monitoring.registry import indicators, measure
from guideway.network.tracks import Network
from guideway.rulebooks.load import load_rulebooks
from guideway.rulebooks.rulebook import Rulebook
from guideway.udfs.degradation import epoch_days
from tests.benchmarks.archive import CHANNELS, SOURCE, find_archive
from tests.benchmarks.harness import Stages
from tests.benchmarks.work import SAMPLE_ASSETS, aligned, arguments, days_fitted, network_of, reference_of

Found = tuple[float, Condition]


def fit(found: list[Found], network: Network, book: Rulebook, days: Sequence[date]) -> None:
    """Learn from the sample, then works, trends and forecasts of every series on each day."""
    known, parameters = indicators(), DegradationParameters()
    good = [(c.asset_id, c.indicator, t, c.value) for t, c in found if c.quality == "good"]
    points = sorted(point for point in good if known[point[1]].trendable)
    keys = [(asset, name) for asset, name, _, _ in points]
    first = [i for i, key in enumerate(keys) if i == 0 or key != keys[i - 1]]
    owners = [keys[i] for i in first]
    names = tuple(sorted({name for _, name in owners}))
    measured_with = [(name, network.by_asset[asset].line_id) for asset, name in owners]
    cohorts = sorted(set(measured_with))
    batch = SeriesBatch.of(
        [*first, len(points)],
        [t for _, _, t, _ in points],
        [value for _, _, _, value in points],
        group=[names.index(name) for _, name in owners],
        direction=[1 if known[name].direction == "above" else -1 for _, name in owners],
        cohort=[cohorts.index(one) for one in measured_with],
        asset=np.unique([asset for asset, _ in owners], return_inverse=True)[1],
    )
    pools = tuple(f"{name}|conventional|track_section" for name in names)
    assets = sorted({asset for asset, _ in owners})
    chosen = set(assets[:: max(1, -(-len(assets) // SAMPLE_ASSETS))])
    sample = batch.take([i for i, (asset, _) in enumerate(owners) if asset in chosen])
    limits = [book.limits(name, "conventional", network.by_asset[asset].speed_kmh) for asset, name in owners]
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in limits])])
    values = [limit.value for one in limits for limit in one]
    ends = [epoch_days(day) for day in days]
    for at, learned in zip(ends, learn_days(sample, pools, ends, parameters), strict=True):
        until = batch.until(at)
        works = find_interventions(until, learned.priors, parameters)
        trends = fit_trends(until, learned.priors, at, parameters, works)
        forecast_limits(trends, offsets, values, learned.calibration)


def main() -> None:
    """The three stages on one core."""
    options = arguments(__doc__ or "")
    archive = find_archive(options.archive)
    cost, samples = Stages(options.out), options.out / "samples"
    samples.mkdir(parents=True, exist_ok=True)
    profile = load_profiles(archive.profiles)[SOURCE]
    recordings: list[Recording] = []
    with cost.stage("ingest"):
        for path in archive.runs:
            (recording,) = decode_file(path, profile).recordings
            np.stack([recording.values(name) for name in CHANNELS]).tofile(samples / path.stem)
            recordings.append(replace(recording, channels=()))
    found: list[Found] = []
    with cost.stage("measure"):
        network, books = network_of(archive), load_rulebooks()
        first: dict[str, ReferenceRun] = {}
        for path, bare in zip(archive.runs, recordings, strict=True):
            values = np.fromfile(samples / path.stem, dtype=np.float32).reshape(len(CHANNELS), -1)
            channels = tuple(Channel(name, "mm", row) for name, row in zip(CHANNELS, values, strict=True))
            recording = replace(bare, channels=channels)
            run = aligned(recording, first.get(bare.line_id))
            first.setdefault(bare.line_id, reference_of(recording))
            book = books[network.rulebook_ids[run.line_id]]
            measured = measure(run, network.stretches(run.line_id, run.track_id, None), book)
            t_days = run.started_at.timestamp() / 86_400
            found += [(t_days, condition) for condition in measured.conditions]
        np.array([condition.value for _, condition in found]).tofile(options.out / "conditions")
    with cost.stage("fit"):
        fit(found, network, books["en_13848"], days_fitted(archive.day))


if __name__ == "__main__":
    main()
