"""Two rides between Borlänge and Mora: what vibration says of joints and turnouts, rides never mixed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedShuffleSplit

from guideway.monitoring.rail_surface.asset_join import join_assets

RIDES = ("2024-12-10_10-00-00", "2024-12-10_12-00-00")
REACH_M = {"Bridge": 150.0, "Turnout": 90.0, "RailJoint": 60.0}
NORMAL = "Normal Track"
PUBLISHED = 0.702


class Ride:
    """Segments of one ride: features standardised within the ride, label, speed, place."""

    def __init__(self, shared_data: Path, name: str) -> None:
        folder = shared_data / "se-borlange-mora-vibration"
        table = pd.read_csv(folder / "features_60.csv.gz")
        own = table[table["source_folder"].str.startswith(name.replace("_", " "))]
        segments = pd.read_csv(folder / f"segments_{name}.csv")
        raw = own.iloc[:, :60].to_numpy(dtype=float)
        bent = np.sign(raw) * np.log1p(np.abs(raw))
        alone = (bent - bent.mean(axis=0)) / (bent.std(axis=0) + 1e-9)
        around = np.pad(alone, ((1, 1), (0, 0)), mode="edge")
        self.features = np.hstack([alone, around[:-2] - alone, around[2:] - alone])
        self.label = segments["infrastructure_type"].to_numpy().astype(str)
        assert (self.label == own["infrastructure_type"].to_numpy()).all()
        self.moving = segments["gps_speed_kmh"].to_numpy() > 5.0
        self.places = segments["gps_latitude"].to_numpy(), segments["gps_longitude"].to_numpy()


def _model() -> LogisticRegression:
    return LogisticRegression(C=0.03, max_iter=2000)


def across_rides(shared_data: Path, *, moving_only: bool) -> list[tuple[float, float]]:
    """Accuracy of a model trained on the other ride, and of always saying "normal", for each ride."""
    rides = [Ride(shared_data, name) for name in RIDES]
    found = []
    for seen, unseen in (rides, rides[::-1]):
        train, test = (ride.moving if moving_only else np.full(ride.label.size, True) for ride in (seen, unseen))
        model = _model().fit(seen.features[train], seen.label[train])
        said = model.predict(unseen.features[test])
        found.append((float(np.mean(said == unseen.label[test])), float(np.mean(unseen.label[test] == NORMAL))))
    return found


def mixed_rides(shared_data: Path) -> float:
    """Mean accuracy over ten 70/30 splits that mix the rides, as the published figure does."""
    rides = [Ride(shared_data, name) for name in RIDES]
    x, y = np.vstack([ride.features for ride in rides]), np.concatenate([ride.label for ride in rides])
    splits = StratifiedShuffleSplit(10, test_size=0.3, random_state=0)
    return float(np.mean([np.mean(_model().fit(x[a], y[a]).predict(x[b]) == y[b]) for a, b in splits.split(x, y)]))


def by_position(shared_data: Path) -> list[float]:
    """Accuracy of joining places with the register, for each ride; nothing is learnt."""
    points = pd.read_csv(shared_data / "se-borlange-mora-vibration" / "infrastructure_points.csv")
    assets = {
        kind: (rows["Latitude"].to_numpy(), rows["Longitude"].to_numpy()) for kind, rows in points.groupby("Category")
    }
    found = []
    for name in RIDES:
        ride = Ride(shared_data, name)
        said, _ = join_assets(*ride.places, assets, REACH_M, NORMAL)
        found.append(float(np.mean(said == ride.label)))
    return found
