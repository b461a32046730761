"""Peer (c): DuckDB where SQL can express it: files to Parquet, and condition series with least-squares slopes.

SQL cannot align a run, filter a wave band or fit a trend between works: those stages have no counterpart here.
"""

from __future__ import annotations

import duckdb

from tests.benchmarks.archive import CHANNELS, SOURCE, find_archive
from tests.benchmarks.harness import Stages
from tests.benchmarks.work import COLUMNS, arguments


def main() -> None:
    """Two stages: ``ingest``, and ``series`` over the conditions another way left in ``--learned``'s folder."""
    options = arguments(__doc__ or "")
    archive, cost, out = find_archive(options.archive), Stages(options.out), options.out
    base = duckdb.connect()
    base.execute(f"SET threads = {options.cores}")
    names = {name: label for label, name in COLUMNS.items()}
    channels = ", ".join(f'"{names[name]}"::FLOAT AS {name}' for name in CHANNELS)
    place = "string_split(\"Location [km+m]\", '+')"
    with cost.stage("ingest"):
        base.execute(
            f"COPY (SELECT filename AS recording, 1000 * {place}[1]::DOUBLE "
            f"+ replace({place}[2], ',', '.')::DOUBLE AS chainage, {channels} "
            f"FROM read_csv('{archive.landing}/{SOURCE}/*/*.csv', delim=';', quote='\"', skip=1, header=true, "
            f"decimal_separator=',', filename=true, nullstr='NaN', types={{'Location [km+m]': 'VARCHAR'}})) "
            f"TO '{out}/samples.parquet' (FORMAT parquet)"
        )
    with cost.stage("series"):
        day = "epoch_us(started_at) / 86400e6"
        base.execute(
            f"COPY (SELECT asset_id, indicator, list({day} ORDER BY started_at) AS t_days, "
            f"list(value ORDER BY started_at) AS values, 365.25 * regr_slope(value, {day}) AS rate_per_year "
            f"FROM '{options.learned.parent}/condition.parquet' WHERE quality = 'good' GROUP BY ALL) "
            f"TO '{out}/series.parquet' (FORMAT parquet)"
        )
    (cost.facts["samples"],) = base.execute(f"SELECT 6 * count(*) FROM '{out}/samples.parquet'").fetchone() or (0,)
    cost.write()


if __name__ == "__main__":
    main()
