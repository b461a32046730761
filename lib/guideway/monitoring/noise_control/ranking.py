"""The sources a receiver hears over many recordings, loudest first."""

from __future__ import annotations

import pandas as pd

RANKED = (
    "asset_id",
    "quantity",
    "source_id",
    "kind",
    "share",
    "share_when_found",
    "n_found",
    "n_passages",
    "frequency_hz",
    "last_found",
)
_SOURCE = ["asset_id", "quantity", "source_id", "kind"]


def rank_receivers(sources: pd.DataFrame) -> pd.DataFrame:
    """Share of each source in the energy of all passages at its receiver, largest first, one row a source found.

    Args:
        sources: rows of ``gold.noise_source``, those without a find included: they are the passages it was not in.

    Returns:
        Columns of ``RANKED``: ``share`` of the energy of every passage, ``share_when_found`` of those with the source,
        counts of passages, the frequency where it is usually loudest and when it was last found.
    """
    if sources.empty:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in RANKED})
    rows = sources.assign(energy=10.0 ** (sources["total_db"].astype(float) / 10.0) * sources["n_passages"])
    rows["own"] = rows["energy"] * rows["share"].astype(float)
    # every recording has one row of each kind, so the corrugation rows are all passages, each once
    whole = rows[rows["kind"] == "corrugation"].groupby(["asset_id", "quantity"])
    total = whole.agg(all_energy=("energy", "sum"), n_passages=("n_passages", "sum")).reset_index()
    found = rows[rows["n_found"] > 0]
    own = found.groupby(_SOURCE).agg(
        own=("own", "sum"),
        energy=("energy", "sum"),
        n_found=("n_found", "sum"),
        frequency_hz=("frequency_hz", "median"),
        last_found=("measured_at", "max"),
    )
    ranked = own.reset_index().merge(total, on=["asset_id", "quantity"])
    ranked["share"] = ranked["own"] / ranked["all_energy"]
    ranked["share_when_found"] = ranked["own"] / ranked["energy"]
    order = ["asset_id", "quantity", "share", "source_id"]
    ranked = ranked.sort_values(order, ascending=[True, True, False, True], kind="stable")
    return ranked[list(RANKED)].reset_index(drop=True)
