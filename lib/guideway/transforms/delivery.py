"""bronze.source_file and bronze.recording: what became of each delivery, and whether its batch may be published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pyspark.sql import DataFrame, SparkSession

from guideway.archives.audit import HELD, FileFacts, audit
from guideway.archives.landing import REFERENCE_FOLDER, Delivery
from guideway.archives.ledger import UNKNOWN, Ledger
from guideway.archives.profile import Profile, find_profile
from guideway.contracts.bronze import RECORDING, SOURCE_FILE
from guideway.errors import ConfigurationError
from guideway.udfs.decode import Outcome, outcome


def claims(profiles: Mapping[str, Profile], source_id: str | None = None) -> Callable[[str], str | None]:
    """Whose a delivered path is: the profile that claims it, or ``source_id`` for every path where that is given.

    Raises:
        ConfigurationError: there is no profile ``source_id``.
    """
    if source_id is not None and source_id not in profiles:
        raise ConfigurationError(f"no source profile {source_id!r}; there are {', '.join(profiles)}")

    def claim(path: str) -> str | None:
        if source_id is not None:
            return source_id
        if path.startswith(f"{REFERENCE_FOLDER}/"):
            return REFERENCE_FOLDER
        profile = find_profile(path, profiles)
        return profile.source_id if profile else None

    return claim


def refuse_unclaimed(deliveries: Sequence[Delivery]) -> dict[str, Outcome]:
    """Outcome of the deliveries no profile claims, or none may because their name is no text."""
    unknown = "unknown_source: no source profile claims this path; see `guideway source new`"
    hostile = "hostile_name: the name is no UTF-8, or spells an escaped byte"
    return {
        delivery.path: outcome(delivery.path, hostile if delivery.on_disk else unknown)
        for delivery in deliveries
        if delivery.source_id is None
    }


def split_duplicates(
    deliveries: Sequence[Delivery], accepted: Mapping[str, str]
) -> tuple[list[Delivery], list[tuple[Delivery, str]]]:
    """Deliveries whose content is new, and those whose bytes came before, with the path that had them first.

    Only accepted content makes a later delivery a duplicate: bytes that once were quarantined, or lie where no profile
    claims them, get a new chance at the right place.

    Args:
        deliveries: hashed deliveries in the order they were delivered.
        accepted: path by content hash, of accepted content in the ledger.
    """
    first: dict[tuple[str, str | None], str] = {}
    fresh: list[Delivery] = []
    doubled: list[tuple[Delivery, str]] = []
    claimed = {delivery.content_sha256: delivery.path for delivery in reversed(deliveries) if delivery.source_id}
    for delivery in deliveries:
        sha256, key = delivery.content_sha256, (delivery.content_sha256, delivery.source_id)
        original = accepted.get(sha256) or first.get(key) or (None if delivery.source_id else claimed.get(sha256))
        if original:
            doubled.append((delivery, original))
        else:
            first[key] = delivery.path
            fresh.append(delivery)
    return fresh, doubled


def hold_back(
    fresh: Sequence[Delivery], outcomes: Mapping[str, Outcome], profiles: Mapping[str, Profile], ledger: Ledger
) -> tuple[dict[str, str], dict[str, Outcome]]:
    """The audit of a batch: sources that must not be published, with the reason; and what becomes of their good files.

    A file that comes from quarantine and cannot be read this time either was judged with the batch it came in. It
    counts again only where files of its source are held back: reading these again does not get them past their audit.
    """
    held_sources = {delivery.source_id for delivery in fresh if delivery.look in ledger.held}
    reasons: dict[str, str] = {}
    held: dict[str, Outcome] = {}
    for source_id in sorted({d.source_id or "" for d in fresh} & set(profiles)):
        mine = [d for d in fresh if d.source_id == source_id]
        good = [d for d in mine if outcomes[d.path]["status"] == "accepted"]
        bad = [d for d in mine if outcomes[d.path]["status"] != "accepted"]
        counted = [d for d in bad if source_id in held_sources or d.look not in ledger.quarantined]
        facts = [FileFacts(True, *_rows(outcomes[d.path])) for d in good]
        facts += [FileFacts(False, 0, 0) for _ in counted]
        reason = audit(profiles[source_id].audit, facts, ledger.rows.get(source_id, ()))
        if reason is None:
            continue
        reasons[source_id] = reason
        for delivery in good:
            became = outcomes[delivery.path]
            quarantined = outcome(delivery.path, f"{HELD}: {reason}", *_rows(became))
            held[delivery.path] = quarantined | {"recordings": became["recordings"]}
    return reasons, held


def source_file_rows(
    spark: SparkSession,
    fresh: Sequence[Delivery],
    doubled: Sequence[tuple[Delivery, str]],
    outcomes: Mapping[str, Outcome],
    profile_hashes: Mapping[str, str],
) -> DataFrame:
    """One ledger row a delivery, in the columns of ``bronze.source_file``."""
    rows: list[tuple[object, ...]] = []
    for delivery in fresh:
        became = outcomes[delivery.path]
        source_id = delivery.source_id or UNKNOWN
        rows.append(
            (
                *_delivered(delivery),
                became["status"],
                became["reason"],
                became["rows_read"],
                became["rows_rejected"],
                delivery.delivered_at,
                profile_hashes.get(source_id),
            )
        )
    for delivery, original in doubled:
        rows.append(
            (*_delivered(delivery), "duplicate", f"same bytes as {original}", 0, 0, delivery.delivered_at, None)
        )
    return spark.createDataFrame(rows, SOURCE_FILE.ddl)


def recording_rows(spark: SparkSession, fresh: Sequence[Delivery], outcomes: Mapping[str, Outcome]) -> DataFrame:
    """One row a recording of the accepted deliveries, in the columns of ``bronze.recording``."""
    names = [column.name for column in RECORDING.columns]
    rows: list[tuple[object, ...]] = []
    for delivery in (d for d in fresh if outcomes[d.path]["status"] == "accepted"):
        file = {"content_sha256": delivery.content_sha256, "delivered_at": delivery.delivered_at}
        rows.extend(tuple((file | facts)[name] for name in names) for facts in outcomes[delivery.path]["recordings"])
    return spark.createDataFrame(rows, RECORDING.ddl)


def _delivered(delivery: Delivery) -> tuple[str, str, int, str]:
    return delivery.content_sha256, delivery.path, delivery.size_bytes, delivery.source_id or UNKNOWN


def _rows(became: Outcome) -> tuple[int, int]:
    return became["rows_read"], became["rows_rejected"]
