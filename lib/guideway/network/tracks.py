"""The whole network in memory: what a task needs to know about lines and the assets along them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from guideway.network.stretches import Stretch


@dataclass(frozen=True)
class Network:
    """Stretches by track and by asset, and the rule book of each line.

    Small enough to send to every task: a national network has about 100,000 stretches.
    """

    by_track: Mapping[tuple[str, str], tuple[Stretch, ...]]
    by_asset: Mapping[str, Stretch]
    rulebook_ids: Mapping[str, str]

    @classmethod
    def of(cls, stretches: Iterable[Stretch], rulebook_ids: Mapping[str, str]) -> Network:
        """Index the stretches; those of a track are in order of chainage."""
        ordered = sorted(stretches, key=lambda stretch: (stretch.from_m, stretch.to_m, stretch.asset_id))
        tracks: dict[tuple[str, str], list[Stretch]] = defaultdict(list)
        for stretch in ordered:
            tracks[stretch.line_id, stretch.track_id].append(stretch)
        return cls(
            {key: tuple(members) for key, members in tracks.items()},
            {stretch.asset_id: stretch for stretch in ordered},
            dict(rulebook_ids),
        )

    def stretches(self, line_id: str, track_id: str | None, asset_id: str | None) -> tuple[Stretch, ...]:
        """What a recording can say something about: its own asset, or everything along its track."""
        if asset_id is not None:
            return (self.by_asset[asset_id],) if asset_id in self.by_asset else ()
        return self.by_track.get((line_id, track_id or ""), ())
