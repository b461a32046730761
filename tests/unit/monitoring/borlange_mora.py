"""Two rides between Borlänge and Mora: what vibration says of joints and turnouts, rides never mixed.

Everything a model learns, its strength of regularisation included, comes from one ride; the other ride only tests it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import GroupKFold, StratifiedShuffleSplit, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from guideway.monitoring.rail_surface.asset_join import distances_m, join_assets

RIDES = ("2024-12-10_10-00-00", "2024-12-10_12-00-00")
REACH_M = {"Bridge": 150.0, "Turnout": 90.0, "RailJoint": 60.0}
NORMAL = "Normal Track"
PUBLISHED = 0.702
_FOLDER = "se-borlange-mora-vibration"
_STANDING_KMH = 5.0
_STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
_BLOCK = 8
Floats = npt.NDArray[np.float64]


class Ride:
    """Segments of one ride: features, label, speed, place."""

    def __init__(self, shared_data: Path, name: str) -> None:
        table = pd.read_csv(shared_data / _FOLDER / "features_60.csv.gz")
        own = table[table["source_folder"].str.startswith(name.replace("_", " "))]
        segments = pd.read_csv(shared_data / _FOLDER / f"segments_{name}.csv")
        raw = own.iloc[:, :60].to_numpy(dtype=float)
        self.plain = np.sign(raw) * np.log1p(np.abs(raw))
        self.label = segments["infrastructure_type"].to_numpy().astype(str)
        assert (self.label == own["infrastructure_type"].to_numpy()).all()
        self.speed_kmh = segments["gps_speed_kmh"].to_numpy()
        self.moving = self.speed_kmh > _STANDING_KMH
        self.places = segments["gps_latitude"].to_numpy(), segments["gps_longitude"].to_numpy()

    def freed_of_speed(self) -> Floats:
        """Features less what the ride's own speed explains, beside their differences to the segments around."""
        speed = np.log(np.maximum(self.speed_kmh, _STANDING_KMH))
        terms = np.stack([np.ones_like(speed), speed, speed**2], axis=1)
        explained, *_ = np.linalg.lstsq(terms[self.moving], self.plain[self.moving], rcond=None)
        rest = self.plain - terms @ explained
        alone = rest / (rest[self.moving].std(axis=0) + 1e-9)
        around = np.pad(alone, ((1, 1), (0, 0)), mode="edge")
        return np.hstack([alone, around[:-2] - alone, around[2:] - alone])


@dataclass(frozen=True)
class Held:
    """What a model says of a ride it has not seen.

    Attributes:
        as_published: accuracy over four labels of the author's kind of model, every segment.
        ceiling: the most any method reaches on every segment that answers for standing trains as the other ride
            taught it (the other ride's most frequent label), were it right wherever the train moves.
        moving: accuracy over four labels above 5 km/h, features freed of speed.
        always_normal: accuracy of always saying "normal" there.
        auc: chance that a segment with an asset is ranked above one without, above 5 km/h.
        auc_90: its 90 % interval, blocks of segments drawn anew.
    """

    as_published: float
    ceiling: float
    moving: float
    always_normal: float
    auc: float
    auc_90: tuple[float, float]


def across_rides(shared_data: Path) -> list[Held]:
    """Every ride tested by models of the other one, in the order of ``RIDES``."""
    rides = [Ride(shared_data, name) for name in RIDES]
    return [_held(seen, unseen) for unseen, seen in (rides, rides[::-1])]


def _held(seen: Ride, unseen: Ride) -> Held:
    labels, counts = np.unique(seen.label[~seen.moving], return_counts=True)
    of_standing = labels[np.argmax(counts)]
    x, y = seen.freed_of_speed()[seen.moving], seen.label[seen.moving]
    test, truth = unseen.freed_of_speed()[unseen.moving], unseen.label[unseen.moving]
    strength = _chosen_strength(x, y != NORMAL)
    said = _model(strength).fit(x, y).predict(test)
    score = _model(strength).fit(x, y != NORMAL).decision_function(test)
    return Held(
        as_published=float(np.mean(_published().fit(seen.plain, seen.label).predict(unseen.plain) == unseen.label)),
        ceiling=float(np.mean(unseen.moving | (unseen.label == of_standing))),
        moving=float(np.mean(said == truth)),
        always_normal=float(np.mean(truth == NORMAL)),
        auc=float(roc_auc_score(truth != NORMAL, score)),
        auc_90=_interval(truth != NORMAL, score),
    )


def _model(strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=3000)


def _published() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))


def _chosen_strength(x: Floats, has_asset: npt.NDArray[np.bool_]) -> float:
    """Inverse regularisation with the least log loss in five folds of neighbouring segments of the training ride."""
    groups = np.arange(len(x)) // _BLOCK
    losses = [
        log_loss(
            has_asset,
            cross_val_predict(_model(c), x, has_asset, groups=groups, cv=GroupKFold(5), method="predict_proba"),
        )
        for c in _STRENGTHS
    ]
    return _STRENGTHS[int(np.argmin(losses))]


def _interval(has_asset: npt.NDArray[np.bool_], score: Floats) -> tuple[float, float]:
    rng = np.random.default_rng(0)
    blocks = np.array_split(np.arange(score.size), score.size // _BLOCK)
    found = []
    for _ in range(500):
        drawn = np.concatenate([blocks[i] for i in rng.integers(0, len(blocks), len(blocks))])
        if 0 < has_asset[drawn].mean() < 1:
            found.append(roc_auc_score(has_asset[drawn], score[drawn]))
    low, high = np.quantile(found, (0.05, 0.95))
    return float(low), float(high)


def mixed_rides(shared_data: Path) -> tuple[float, float]:
    """Mean and SD of accuracy over ten 70/30 splits that mix the rides, as the published figure does."""
    rides = [Ride(shared_data, name) for name in RIDES]
    x, y = np.vstack([ride.plain for ride in rides]), np.concatenate([ride.label for ride in rides])
    splits = StratifiedShuffleSplit(10, test_size=0.3, random_state=0)
    found = [np.mean(_published().fit(x[a], y[a]).predict(x[b]) == y[b]) for a, b in splits.split(x, y)]
    return float(np.mean(found)), float(np.std(found))


def apart_m(shared_data: Path) -> float:
    """Least distance between a place of one ride and one of the other."""
    one, two = (Ride(shared_data, name).places for name in RIDES)
    return float(distances_m(*one, *two).min())


def by_position(shared_data: Path) -> list[float]:
    """Accuracy of joining places with the register, for each ride; nothing is learnt."""
    points = pd.read_csv(shared_data / _FOLDER / "infrastructure_points.csv")
    assets = {
        kind: (rows["Latitude"].to_numpy(), rows["Longitude"].to_numpy()) for kind, rows in points.groupby("Category")
    }
    found = []
    for name in RIDES:
        ride = Ride(shared_data, name)
        said, _ = join_assets(*ride.places, assets, REACH_M, NORMAL)
        found.append(float(np.mean(said == ride.label)))
    return found
