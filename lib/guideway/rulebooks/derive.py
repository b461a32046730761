"""Limits from a network's own percentiles, for railways no standard covers (as Beijing's metro did)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

import numpy as np
import numpy.typing as npt

from guideway.rulebooks.limit import Limit
from guideway.rulebooks.rulebook import ANY_CLASS

DEFAULT_SHARES: Mapping[str, float] = {"AL": 0.70, "IL": 0.90, "IAL": 0.99}
_SEVERITY = {"AL": 1, "IL": 2, "IAL": 3}
_LEAST_BEYOND = 3


def derive_limits(
    values: Mapping[str, npt.ArrayLike],
    units: Mapping[str, str],
    *,
    rulebook_id: str,
    as_of: date,
    directions: Mapping[str, Literal["above", "below"]] | None = None,
    shares: Mapping[str, float] = DEFAULT_SHARES,
    asset_class: str = ANY_CLASS,
    speed_band_kmh: tuple[float, float] = (0.0, 160.0),
) -> tuple[Limit, ...]:
    """Limits such that the given share of today's sections is no worse than each level.

    Beijing Metro took the 70th percentile of its 200 m standard deviations as its control value [S65]; the
    higher shares for the harsher levels are a default of this project.

    Args:
        values: indicator -> one value a section, shape (n,); NaN is left out.
        units: indicator -> unit of its values.
        rulebook_id: book the rows belong to.
        as_of: day the network was measured; the limits are valid from then.
        directions: indicator -> which side is worse; ``above`` where not given.
        shares: level (AL, IL, IAL) -> share of sections that must lie on the good side.
        asset_class: class of the rows.
        speed_band_kmh: speed band of the rows.

    Returns:
        Rows for every indicator, of the levels that leave at least three sections beyond them (10 sections for a share
        of 70 %, 300 for 99 %): a percentile that fewer decide is no more than the greatest values themselves.
    """
    rows: list[Limit] = []
    for indicator, sample in values.items():
        numbers = np.asarray(sample, dtype=np.float64)
        numbers = numbers[np.isfinite(numbers)]
        direction = (directions or {}).get(indicator, "above")
        for level, share in shares.items():
            if round(numbers.size * (1 - share), 6) < _LEAST_BEYOND:
                continue
            quantile = float(np.quantile(numbers, share if direction == "above" else 1 - share))
            rows.append(
                Limit(
                    rulebook_id=rulebook_id,
                    indicator=indicator,
                    asset_class=asset_class,
                    speed_from_kmh=speed_band_kmh[0],
                    speed_to_kmh=speed_band_kmh[1],
                    level=level,
                    severity=_SEVERITY[level],
                    value=quantile,
                    unit=units[indicator],
                    direction=direction,
                    standard="derived from the network",
                    edition=as_of.isoformat(),
                    clause=f"{100 * share:g} % of {numbers.size} sections are no worse",
                    provenance=f"derived: percentiles of {numbers.size} sections measured up to {as_of.isoformat()}",
                    valid_from=as_of,
                )
            )
    return tuple(rows)
