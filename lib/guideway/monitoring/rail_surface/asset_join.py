"""Which joint, turnout or bridge a place belongs to: assets joined by position."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_EARTH_M = 6_371_000.0
_CHUNK = 4096


def distances_m(latitude: Array, longitude: Array, asset_latitude: Array, asset_longitude: Array) -> Array:
    """Great-circle distances of places to assets, shape (places, assets), by the haversine formula."""
    here, there = np.radians(latitude)[:, None], np.radians(asset_latitude)[None, :]
    across = np.radians(asset_longitude)[None, :] - np.radians(longitude)[:, None]
    h = np.sin((there - here) / 2) ** 2 + np.cos(here) * np.cos(there) * np.sin(across / 2) ** 2
    return np.asarray(2.0 * _EARTH_M * np.arcsin(np.sqrt(np.clip(h, 0.0, 1.0))))


def join_assets(
    latitude: npt.ArrayLike,
    longitude: npt.ArrayLike,
    assets: Mapping[str, tuple[Array, Array]],
    reach_m: Mapping[str, float],
    otherwise: str,
) -> tuple[npt.NDArray[np.str_], Array]:
    """Kind of the nearest asset of each place, and its distance; ``otherwise`` where it lies out of its kind's reach.

    Args:
        latitude: of the places, degrees, shape (n,); NaN gives ``otherwise`` and NaN.
        longitude: of the places.
        assets: kind -> latitudes and longitudes of its assets.
        reach_m: kind -> distance within which a place belongs to an asset of the kind.
        otherwise: kind of places that belong to none.
    """
    places = np.asarray(latitude, dtype=np.float64), np.asarray(longitude, dtype=np.float64)
    kinds = np.array([otherwise, *assets], dtype=np.str_)
    best = np.full(places[0].size, np.inf)
    index = np.zeros(places[0].size, dtype=np.intp)
    for number, (_, (lat, lon)) in enumerate(assets.items(), start=1):
        if not np.size(lat):
            continue
        for first in range(0, best.size, _CHUNK):
            part = slice(first, first + _CHUNK)
            nearest = distances_m(places[0][part], places[1][part], np.asarray(lat), np.asarray(lon)).min(axis=1)
            closer = nearest < best[part]
            best[part][closer], index[part][closer] = nearest[closer], number
    reach = np.array([0.0, *(reach_m[kind] for kind in assets)])
    index = np.where(best <= reach[index], index, 0)
    return kinds[index], np.where(np.isfinite(best), best, np.nan)
