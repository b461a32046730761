# ruff: noqa: D100 - the first cell says what it is
# %% [markdown]
# # What gets worse, and what did we know then?
#
# The lake is a folder of Delta tables: no server and no Java are needed to read it. Every cell of this notebook is run
# by a test. In Jupyter open it with jupytext; in an editor with cells run it as it is. It reads the lake of the setting
# `GUIDEWAY_LAKE`.

# %%
from datetime import timedelta

import duckdb
import polars as pl
from deltalake import DeltaTable

from guideway.settings import load_settings

lake = load_settings().lake

# %% [markdown]
# ## Sections that will cross a limit within 13 weeks, most likely first (Polars)

# %%
forecasts = pl.read_delta(f"{lake}/gold/limit_forecast")
as_of = forecasts["as_of"].max()
soon = (
    forecasts.filter(pl.col("as_of") == as_of, pl.col("probability_13w") > 0.5)
    .sort("probability_13w", descending=True)
    .select("asset_id", "indicator", "level", "level_now", "limit", "unit", "days_p50", "probability_13w")
)
print(f"as of {as_of}: {soon.height} crossings are more likely than not")
print(soon.head(10))

# %% [markdown]
# ## How fast its indicators get worse, beside how often they were measured (DuckDB on Arrow datasets)

# %%
worst = soon["asset_id"][0] if soon.height else forecasts["asset_id"][0]
condition = DeltaTable(f"{lake}/gold/condition").to_pyarrow_dataset()
trend = DeltaTable(f"{lake}/gold/degradation_trend").to_pyarrow_dataset()
rates = duckdb.sql(
    """
    SELECT indicator, t.status, t.level_now, t.rate_per_year, t.rate_low, t.rate_high, t.unit, count(*) AS measured
    FROM trend t JOIN condition c USING (asset_id, indicator)
    WHERE asset_id = $worst AND t.as_of = $as_of AND c.quality = 'good'
    GROUP BY ALL ORDER BY indicator
    """,
    params={"worst": worst, "as_of": as_of},
).pl()
print(worst)
print(rates)

# %% [markdown]
# ## What did we say a week earlier, and was it true? (two times)
#
# `as_of` says what a forecast is about: nothing measured after that day was used. The Delta version says when the lake
# learned it: `guideway sql --known-at 2025-03-01 "..."` asks the lake as it stood at a moment, and
# `guideway sql --report 2025-W09 "..."` as a report read it.

# %%
key = ["asset_id", "indicator", "level"]
now = forecasts.filter(pl.col("as_of") == as_of)
then = forecasts.filter(pl.col("as_of") == as_of - timedelta(days=7))
moved = now.join(then, on=key, suffix="_then").with_columns(
    change=pl.col("probability_13w") - pl.col("probability_13w_then")
)
print(f"{moved.height} forecasts of {as_of} have one of a week before; their 13-week probability moved by")
print(moved["change"].describe())

# %%
for commit in DeltaTable(f"{lake}/gold/limit_forecast").history():
    print(commit["version"], commit["operation"], commit.get("userMetadata"))
