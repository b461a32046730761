"""What may happen to a landing folder and a lake, drawn from a seed: one seed is one history."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from tests.unit.archives.helpers import HEADER, lines, rows

PLACES = 8
ODD = 3
"""Variant of a content that only a strict profile refuses: its gauge is a deviation, not an absolute value."""


@dataclass(frozen=True)
class Content:
    """Bytes of a run: where it starts, which revision of the values, and whether the file is cut."""

    place: int
    variant: int
    cut: bool = False

    @property
    def data(self) -> bytes:
        """The file's bytes; equal contents have equal bytes, different ones do not."""
        return _bytes(self)


@cache
def _bytes(content: Content) -> bytes:
    gauge = "0," if content.variant == ODD else f"{1435 + content.variant},"
    text = lines(HEADER, *rows(12, 1000.0 + 50 * content.place)).replace(";1435,", f";{gauge}").encode()
    return text[:-3] if content.cut else text


@dataclass(frozen=True)
class Put:
    """A file is delivered; ``age`` seconds old when it arrives, so a late one is old."""

    path: str
    content: Content
    age: float


@dataclass(frozen=True)
class Ingest:
    """An ingest of everything, or of one path; ``kill`` is the commit at which it dies, and the phase of it."""

    only: str | None = None
    kill: tuple[int, str] | None = None


@dataclass(frozen=True)
class Clock:
    """The clock steps by so many seconds, backwards too."""

    seconds: float


@dataclass(frozen=True)
class Upkeep:
    """``compact``, ``vacuum`` or a change of the ``profile`` or the ``rulebook``."""

    kind: str


Operation = Put | Ingest | Clock | Upkeep
PHASES = ("before", "within", "after")
COMMITS = 3
"""Commits of one bundle of an ingest: signals, recordings, ledger."""


def history(seed: int, length: int, upkeep: Sequence[str]) -> Iterator[Operation]:
    """``length`` operations; the last one is an ingest of everything that nothing disturbs."""
    rng = random.Random(seed)  # noqa: S311 (reproducible, not secret)
    put: list[Put] = []
    for _ in range(length - 1):
        operation = _draw(rng, put, upkeep)
        if isinstance(operation, Put):
            put.append(operation)
        yield operation
    yield Clock(40 * 86_400.0)  # further than the clock was ever set back: nothing looks as if it still grew
    yield Ingest()


def short_history(seed: int, upkeep: Sequence[str]) -> Iterator[Operation]:
    """Some deliveries, a killed ingest, perhaps upkeep, more deliveries, an ingest that nothing disturbs."""
    rng = random.Random(seed)  # noqa: S311 (reproducible, not secret)
    put: list[Put] = []
    for killed in (True, False):
        for _ in range(rng.randint(1, 3)):
            kind = rng.choice(("deliver", "cut", "duplicate", "correct", "late", "stray") if put else ("deliver",))
            put.append(_delivery(rng, kind, put))
            yield put[-1]
        if killed:
            yield Ingest(kill=(seed % COMMITS, PHASES[seed // COMMITS % len(PHASES)]))
            if rng.random() < 0.5:
                yield Upkeep(rng.choice(list(upkeep)))
    yield Ingest()


def _draw(rng: random.Random, put: list[Put], upkeep: Sequence[str]) -> Operation:
    kinds = {"deliver": 8, "cut": 1, "duplicate": 2 if put else 0, "correct": 2 if put else 0, "late": 1, "stray": 1,
             "ingest": 4, "kill": 3, "backfill": 1 if put else 0, "clock": 2, "upkeep": 3 if upkeep else 0}  # fmt: skip
    (kind,) = rng.choices(list(kinds), list(kinds.values()))
    match kind:
        case "ingest":
            return Ingest()
        case "kill":
            return Ingest(kill=(rng.randrange(COMMITS), rng.choice(PHASES)))
        case "backfill":
            return Ingest(only=rng.choice(put).path)
        case "clock":
            return Clock(rng.choice([1.0, 10.0, 3600.0, 8 * 86_400.0, -86_400.0, -3600.0]))
        case "upkeep":
            return Upkeep(rng.choice(list(upkeep)))
    return _delivery(rng, kind, put)


def _delivery(rng: random.Random, kind: str, put: list[Put]) -> Put:
    fresh = Content(rng.randrange(PLACES), rng.randrange(ODD + 1), cut=kind == "cut")
    name = f"test-car/r{len(put):03d}.csv"
    age = rng.choice([0.0, 2.0, 60.0, 3600.0])
    match kind:
        case "duplicate":
            return Put(rng.choice([name, f"elsewhere/{len(put)}.csv"]), rng.choice(put).content, age)
        case "correct":
            return Put(rng.choice(put).path, fresh, age)
        case "late":
            return Put(name, fresh, rng.choice([86_400.0, 35 * 86_400.0, 730 * 86_400.0]))
        case "stray":
            return Put(f"elsewhere/{len(put)}.csv", fresh, age)
    return Put(name, fresh, age)
