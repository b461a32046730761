"""Quality rules as data: what a profile may say about the samples of a channel."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from guideway.archives.options import Strict


class _Rule(Strict):
    channels: tuple[str, ...] = Field(description="canonical channels the rule is about; '*' is every channel")

    def applies(self, channel: str) -> bool:
        """Whether the rule is about the channel."""
        return channel in self.channels or "*" in self.channels


class Range(_Rule):
    """Samples outside [low, high], in the canonical unit, become missing."""

    rule: Literal["range"]
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Range:
        if self.low is None and self.high is None:
            raise ValueError("a range needs low, high or both")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low {self.low} is not below high {self.high}")
        return self


class Jump(_Rule):
    """Lone samples more than ``limit`` away from both neighbours, on the same side, become missing."""

    rule: Literal["jump"]
    limit: float = Field(gt=0, description="in the canonical unit")


class Stuck(_Rule):
    """Runs of ``samples`` or more identical values become missing; a channel that never moves is the rule 'dead'."""

    rule: Literal["stuck"]
    samples: int = Field(gt=1)


class Dead(_Rule):
    """A channel whose values all lie within ``spread`` is left out of the recording, with a note."""

    rule: Literal["dead"]
    spread: float = Field(0.0, ge=0)


class Drift(_Rule):
    """A channel whose robust line rises or falls by more than ``limit`` over the recording is left out."""

    rule: Literal["drift"]
    limit: float = Field(gt=0, description="in the canonical unit, over the whole recording")


class Plausible(_Rule):
    """The file is refused (``implausible_unit``) where the channel's median or RMS is outside [low, high].

    Catches what a range per sample cannot: gauge as deviation, inches as millimetres, g as m/s**2.
    """

    rule: Literal["plausible"]
    statistic: Literal["median", "rms"] = "median"
    low: float
    high: float


class Gap(_Rule):
    """A channel with less than ``valid_share`` valid samples is left out, with a note."""

    rule: Literal["gap"]
    valid_share: float = Field(ge=0, le=1)


Rule = Annotated[Range | Jump | Stuck | Dead | Drift | Plausible | Gap, Field(discriminator="rule")]


class QualityRules(Strict):
    """Rules of a source. Infinite and unreadable numbers are always missing; channels without a value are left out."""

    rules: tuple[Rule, ...] = ()
    max_rejected_share: float = Field(
        0.5, ge=0, le=1, description="a file is refused where more than this share of a channel's values is rejected"
    )
    earliest_year: int = Field(1970, description="an earlier start is a clock fault: the file is refused")
    latest_year: int = Field(2100, description="a later start is a clock fault: the file is refused")


class AuditRules(Strict):
    """What one source delivers at once is published whole or held back; a held batch waits in quarantine."""

    min_files: int = Field(10, ge=1, description="smaller batches are published as they are")
    max_quarantined_share: float = Field(
        0.5, ge=0, le=1, description="held where more than this share of its files cannot be read"
    )
    max_rejected_share: float = Field(
        1.0, ge=0, le=1, description="held where more than this share of the rows of its good files is rejected"
    )
    rows_factor: float | None = Field(
        None, gt=1, description="held where the median rows of its files are off the source's usual by more than this"
    )
