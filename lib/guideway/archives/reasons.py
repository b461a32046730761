"""Machine reasons a file is refused with: stable, documented, each with what an engineer can do about it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "unknown_source": (
            "No profile claims the file.",
            "Put it into the folder of its source, or write a profile (guideway source new FILE).",
        ),
        "not_stable": ("The file is still growing.", "Nothing to do: it is read when it has come to rest."),
        "empty": ("The file holds no rows.", "Ask the sender for the file again."),
        "truncated": (
            "The file ends before its end.",
            "Deliver it again; if the source never ends its last line, say final_newline: false.",
        ),
        "ragged_row": (
            "A row has another number of cells than the header.",
            "Look at the row; check delimiter, decimal mark and quotes.",
        ),
        "wrong_row_count": ("The file states another number of rows than it has.", "Deliver it again."),
        "unreadable_encoding": (
            "The bytes are not text in the encoding of the profile.",
            "Check 'encoding'; a file that mixes encodings cannot be read.",
        ),
        "missing_column": ("A required column is not there.", "Add the new name as an alias, or set required: false."),
        "ambiguous_column": ("Several columns fit one name.", "State the full name, with its unit or its group."),
        "unknown_unit": (
            "The unit in the file cannot be read.",
            "If it is right, state it as unit_label and say in 'unit' what it means.",
        ),
        "wrong_unit": (
            "The file states another unit than the profile.",
            "If the source changed its unit, write a second profile; never change the old one.",
        ),
        "implausible_unit": (
            "The size of the values does not fit the unit.",
            "Look for deviation instead of absolute value, inches, g; check scale and offset.",
        ),
        "not_a_number": (
            "A column that should hold numbers does not.",
            "Check which column the channel names, and 'missing'.",
        ),
        "too_many_rejected": (
            "More samples are rejected than the source's rules allow.",
            "Look at the notes; the sensor or the rule is wrong.",
        ),
        "no_valid_sample": (
            "No channel has a valid sample.",
            "The measurement failed; nothing can be learnt from the file.",
        ),
        "no_position": ("Samples cannot be placed on an axis.", "Check chainage or times and the step."),
        "no_geometry": (
            "A source located by GPS needs to know where its line runs.",
            "Deliver reference/line_geometry.csv, then guideway ingest --replay.",
        ),
        "missing_fact": (
            "Line, track, start or another stated fact is not where the profile looks.",
            "Check the regular expression against the name or header.",
        ),
        "unreadable_time": ("A time is not written as the profile says.", "Check 'format'."),
        "no_such_time": ("A local time that a clock change skips.", "Check 'zone'; the recorder may run on UTC."),
        "clock_fault": ("The recorder's clock is impossibly wrong.", "Correct the start and deliver the file again."),
        "archive_bomb": (
            "The file unpacks to more than the limits allow.",
            "If it is honest, raise the limits in 'container'.",
        ),
        "nested_archive": ("A container inside a container.", "Deliver it unpacked once."),
        "hostile_name": (
            "A name or link that leaves its folder, holds control characters or is no UTF-8.",
            "Do not open it; ask the sender.",
        ),
        "corrupt_archive": ("The container is damaged or encrypted.", "Deliver it again."),
        "corrupt_file": ("The bytes are not a file of this format, or damaged.", "Check 'format'; deliver it again."),
        "not_a_file": ("Not a plain file.", "Deliver files, not links or devices."),
        "unreadable_reference": ("A reference file is no CSV table.", "Check its encoding and its commas."),
        "unknown_column": ("A reference file has a column its table does not.", "Remove or rename the column."),
        "missing_value": ("A reference file lacks a value its table needs.", "Fill the cell."),
        "audit_failed": (
            "The file is good; too much is wrong with what its source delivered with it.",
            "Mend the profile or its 'audit' rules, or have the batch delivered again; then guideway ingest --replay.",
        ),
        "too_large": ("The file is larger than this format's reader takes.", "Split it."),
    }
)
