"""Lines and blocks of a text in any encoding, as UTF-8, without a byte guessed."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import IO

from guideway.errors import DecodeError

_MAX_LINE = 1 << 20
_HEAD_BYTES = 1 << 16
"""The head is read by itself: column names with accents make only this much go through the codec, not a whole block."""
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class LineReader:
    """Bytes of a file as UTF-8, cut at line ends; a byte that the encoding does not know is an error."""

    def __init__(self, stream: IO[bytes], encoding: str, block_bytes: int) -> None:
        self._stream = stream
        self._block_bytes = block_bytes
        first = stream.read(min(block_bytes, _HEAD_BYTES))
        self.encoding = encoding
        for mark, name in _BOMS:
            if first.startswith(mark):
                first, self.encoding = first[len(mark) :], name
                break
        try:
            self._decoder = codecs.getincrementaldecoder(self.encoding)("strict")
        except LookupError as error:
            raise DecodeError("unreadable_encoding", f"no codec {encoding!r}") from error
        self._plain = self._is_ascii_superset()
        self._at_end = False
        self._rest = self._text(first)

    def _is_ascii_superset(self) -> bool:
        probe = bytes(range(32, 127)) + b"\r\n\t"
        try:
            return probe.decode(self.encoding) == probe.decode("ascii")
        except UnicodeDecodeError:
            return False

    def _text(self, data: bytes) -> bytes:
        """``data`` as UTF-8; bytes that are ASCII anyway take no copy."""
        if b"\0" in data and self._plain:
            raise DecodeError("unreadable_encoding", f"a zero byte in a text of {self.encoding}")
        if self._plain and data.isascii() and not self._decoder.getstate()[0]:
            self._at_end = not data
            return data
        try:
            text = self._decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            if not data:
                raise DecodeError("truncated", f"the last character is cut ({self.encoding})") from error
            bad = error.object[error.start : error.start + 4].hex(" ")
            raise DecodeError("unreadable_encoding", f"bytes {bad} are not {self.encoding}") from error
        except UnicodeError as error:
            raise DecodeError("unreadable_encoding", str(error)) from error
        self._at_end = not data
        return text.encode("utf-8")

    def line(self) -> str | None:
        """The next line without its end, or ``None`` after the last one."""
        while b"\n" not in self._rest and not self._at_end and len(self._rest) < _MAX_LINE:
            self._rest += self._text(self._stream.read(self._block_bytes))
        if not self._rest:
            return None
        end = self._rest.find(b"\n")
        if end < 0 and len(self._rest) >= _MAX_LINE:
            raise DecodeError("unreadable_encoding", f"no line end within {_MAX_LINE} bytes")
        line, self._rest = (self._rest, b"") if end < 0 else (self._rest[:end], self._rest[end + 1 :])
        return line.decode("utf-8").rstrip("\r")

    def peek(self, prefix: str) -> bool:
        """Whether the next line starts with ``prefix``."""
        return self._rest.startswith(prefix.encode("utf-8"))

    def blocks(self) -> Iterator[tuple[bytes, bool]]:
        """What is left, cut after line ends, each with whether it is the last."""
        while True:
            fresh = b"" if self._at_end else self._text(self._stream.read(self._block_bytes))
            if self._at_end and not fresh:
                yield self._rest, True
                return
            data = self._rest + fresh
            end = data.rfind(b"\n", 0, len(data) - 1) + 1
            end = (
                data.rfind(b"\n", 0, max(end - 1, 0)) + 1
            )  # the last lines stay: a footer or a cut line is judged whole
            if end == 0 and len(data) > self._block_bytes + _MAX_LINE:
                raise DecodeError("unreadable_encoding", f"no line end within {_MAX_LINE} bytes")
            self._rest = data[end:]
            if end:
                yield data[:end], False
