"""Errors a person can act on: each one names the file, row, column or setting at fault."""

from __future__ import annotations


class GuidewayError(Exception):
    """Base of every error Guideway raises on purpose; the command line prints it as one line."""

    exit_code = 1


class ConfigurationError(GuidewayError):
    """A setting, profile or rule book is wrong: nothing was started."""

    exit_code = 2


class DecodeError(GuidewayError):
    """A delivered file cannot be turned into signals; it goes to quarantine with ``reason``.

    Args:
        reason: short machine code, for example ``missing_column``, ``truncated``, ``unknown_unit``.
        detail: one sentence naming the row, column or byte at fault.
    """

    exit_code = 3

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class LakeError(GuidewayError):
    """A table is missing, torn, locked by another writer or not what its contract says."""

    exit_code = 4
