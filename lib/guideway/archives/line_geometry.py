"""Where tracks run on the ground: positions of a receiver to line, track and chainage, or honestly to nothing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

F64 = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
PIECE_M = 100.0
_CHUNK = 4_000
_A, _E2 = 6_378_137.0, 6.694379990141317e-3
"""WGS 84: equatorial radius in m and squared eccentricity (NIMA TR8350.2, third edition, table 3.1 and 3.3)."""


@dataclass(frozen=True, slots=True)
class Match:
    """What each position is, shape (n,).

    Attributes:
        track: number of the track, -1 where the position is on none, beyond its end or undecided.
        chainage_m: NaN where ``track`` is -1.
        distance_m: to the nearest place of any track; infinite where none is near.
        is_ambiguous: near enough to two places that are apart: two tracks, or two legs of one.
    """

    track: Ints
    chainage_m: F64
    distance_m: F64
    is_ambiguous: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class LineGeometry:
    """Tracks as straight pieces of at most ``PIECE_M`` in earth-centred coordinates.

    A chord of 100 m lies 0.2 mm below the ground, so no map projection is needed, whatever the line's length.
    ``is_end``: pieces at the first (column 0) and last (column 1) vertex of their track.
    """

    tracks: tuple[tuple[str, str], ...]
    track: Ints
    start: F64
    vector: F64
    from_m: F64
    to_m: F64
    is_end: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, rows: list[tuple[str, str, float, float, float]]) -> LineGeometry:
        """Tracks of rows (line_id, track_id, chainage m, latitude degrees, longitude degrees), in any order."""
        by_track: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
        for line, track, *vertex in sorted(rows):
            by_track.setdefault((line, track), []).append((vertex[0], vertex[1], vertex[2]))
        tracks = tuple(key for key, vertices in by_track.items() if len(vertices) > 1)
        pieces = [_pieces(np.array(by_track[key], dtype=np.float64)) for key in tracks]
        number = np.repeat(np.arange(len(tracks)), [p[0].shape[0] for p in pieces]) if tracks else np.empty(0, np.intp)
        empty = (np.empty((0, 3)), np.empty((0, 3)), np.empty(0), np.empty(0), np.empty((0, 2), bool))
        joined = [np.concatenate(column) for column in zip(*pieces, strict=True)] if pieces else list(empty)
        return cls(tracks, number, *joined)

    def only(self, line_id: str | None, track_id: str | None) -> LineGeometry:
        """The geometry of one line or track; a place that is None is any."""
        if line_id is None and track_id is None:
            return self
        fits = [(line_id in (None, line)) and (track_id in (None, track)) for line, track in self.tracks]
        keep = np.array(fits, dtype=bool)[self.track] if self.tracks else np.zeros(0, dtype=bool)
        parts = (part[keep] for part in (self.track, self.start, self.vector, self.from_m, self.to_m, self.is_end))
        return LineGeometry(self.tracks, *parts)

    def match(self, latitude: F64, longitude: F64, max_distance_m: float, margin_m: float) -> Match:
        """The place of each position.

        Args:
            latitude: WGS 84, degrees, shape (n,); not finite: no place.
            longitude: likewise.
            max_distance_m: a position further from every track is on none.
            margin_m: the nearest place must be nearer by this than any other place: another track, or the same one
                more than four times ``max_distance_m`` along. Parallel tracks closer than this are never told apart.
        """
        n = latitude.size
        found = Match(np.full(n, -1), np.full(n, np.nan), np.full(n, np.inf), np.zeros(n, dtype=bool))
        usable = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
        if self.track.size == 0 or usable.size == 0:
            return found
        tree = cKDTree(self.start + 0.5 * self.vector)
        points = to_earth_centred(latitude[usable], longitude[usable])
        for first in range(0, usable.size, _CHUNK):
            rows = usable[first : first + _CHUNK]
            self._match(points[first : first + _CHUNK], tree, max_distance_m, margin_m, found, rows)
        return found

    def _match(self, points: F64, tree: cKDTree, limit_m: float, margin_m: float, found: Match, rows: Ints) -> None:
        reach = limit_m + margin_m + 0.5 * np.linalg.norm(self.vector, axis=1).max()
        most = int(tree.query_ball_point(points, reach, return_length=True).max())
        _, near = tree.query(points, k=np.arange(1, max(most, 1) + 1), distance_upper_bound=reach)
        piece = np.minimum(near, self.track.size - 1)
        offset = points[:, None, :] - self.start[piece]
        vector = self.vector[piece]
        along = np.einsum("nkc,nkc->nk", offset, vector) / np.maximum(np.einsum("nkc,nkc->nk", vector, vector), 1e-9)
        beyond = ((along < 0) & self.is_end[piece, 0]) | ((along > 1) & self.is_end[piece, 1])
        share = np.clip(along, 0.0, 1.0)
        distance = np.linalg.norm(offset - share[..., None] * vector, axis=2)
        distance[near == self.track.size] = np.inf
        chainage = self.from_m[piece] + share * (self.to_m[piece] - self.from_m[piece])
        best = (np.arange(rows.size), np.argmin(distance, axis=1))
        elsewhere = (self.track[piece] != self.track[piece[best]][:, None]) | (
            np.abs(chainage - chainage[best][:, None]) > 4 * limit_m
        )
        other = np.where(elsewhere, distance, np.inf).min(axis=1)
        nearest = distance[best]
        on_track = (nearest <= limit_m) & ~beyond[best]
        undecided = on_track & (other < nearest + margin_m)
        sure = on_track & ~undecided
        found.distance_m[rows] = nearest
        found.is_ambiguous[rows] = undecided
        found.track[rows[sure]] = self.track[piece[best]][sure]
        found.chainage_m[rows[sure]] = chainage[best][sure]


def to_earth_centred(latitude: F64, longitude: F64) -> F64:
    """Earth-centred coordinates of places on the WGS 84 ellipsoid, shape (n, 3), m."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    normal = _A / np.sqrt(1.0 - _E2 * np.sin(phi) ** 2)
    flat = normal * np.cos(phi)
    return np.stack([flat * np.cos(lam), flat * np.sin(lam), normal * (1.0 - _E2) * np.sin(phi)], axis=-1)


def _pieces(vertices: F64) -> tuple[F64, F64, F64, F64, npt.NDArray[np.bool_]]:
    """Start, vector, chainage at both ends and ends of the track, of pieces of at most ``PIECE_M``."""
    chainage, corner = vertices[:, 0], to_earth_centred(vertices[:, 1], vertices[:, 2])
    starts, ends, from_m, to_m = [], [], [], []
    for (at, a), (then, b) in pairwise(zip(chainage, corner, strict=True)):
        share = np.linspace(0.0, 1.0, max(1, int(np.ceil(np.linalg.norm(b - a) / PIECE_M))) + 1)
        cuts, metres = a + share[:, None] * (b - a), at + share * (then - at)
        starts.append(cuts[:-1])
        ends.append(cuts[1:])
        from_m.append(metres[:-1])
        to_m.append(metres[1:])
    start = np.concatenate(starts)
    is_end = np.zeros((start.shape[0], 2), dtype=bool)
    is_end[0, 0] = is_end[-1, 1] = True
    return start, np.concatenate(ends) - start, np.concatenate(from_m), np.concatenate(to_m), is_end
