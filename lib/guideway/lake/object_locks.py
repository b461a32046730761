"""One writer a table on an object store: numbered lock objects, each made by a conditional create.

Delta's log store for S3 lets a second driver overwrite a commit in silence, and there is no lock of the system there.
The store itself refuses to create an object that exists (``If-None-Match``), and that is all it takes. Whoever creates
the next number of ``<lake>/_locks/<table>/`` is the writer; it rewrites its object as a sign of life, and marks it
released at the end. A writer that has died gives no sign: who waits sees the same object for ``LEASE_SECONDS`` by its
own clock, and takes the next number. Before each commit a writer looks whether its number is still the highest: one
that was stopped for so long that it was overtaken is refused.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import structlog
from py4j.protocol import Py4JError, Py4JJavaError  # type: ignore[import-untyped]
from pyspark.sql import SparkSession

from guideway.errors import LakeError

LEASE_SECONDS = 120.0
_POLL_SECONDS = 1.0
_CONDITIONAL = "fs.option.create.conditional.overwrite"


class ObjectLock:
    """The lock of one table, held from ``acquire`` to ``release``.

    Args:
        spark: the session whose Hadoop reaches the store.
        address: folder of the lock objects.
        owner: who is told to whoever waits.
        lease_seconds: a holder that gives no sign of life for so long has died.
    """

    def __init__(self, spark: SparkSession, address: str, owner: str, lease_seconds: float = LEASE_SECONDS) -> None:
        self.address = address
        self.lease_seconds = lease_seconds
        self._owner = owner
        jvm: Any = spark._jvm
        self._jvm = jvm
        self._folder = jvm.org.apache.hadoop.fs.Path(address)
        self._store = self._folder.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
        self._number = 0
        self._beats = 0
        self._is_held = False
        self._writing = threading.Lock()  # a sign of life on its way would outlast a release, and hold the table on

    def acquire(self, wait_seconds: float) -> None:
        """Become the writer; waits for one that lives, takes over from one that has died.

        Raises:
            LakeError: another writer still holds it after ``wait_seconds``, or the store makes an object twice.
        """
        give_up = time.monotonic() + wait_seconds
        seen: tuple[int, str] | None = None
        seen_since = time.monotonic()
        while True:
            number, text = self._latest()
            if (number, text) != seen:
                seen, seen_since = (number, text), time.monotonic()
            holder = json.loads(text) if text else {"released": True}
            if holder.get("released") or time.monotonic() - seen_since >= self.lease_seconds:
                if self._create(number + 1):
                    self._number = number + 1
                    self._refuse_careless_store()
                    self._forget_older()
                    self._is_held = True
                    return
                continue
            if time.monotonic() >= give_up:
                raise LakeError(
                    f"{self.address} is held by {holder.get('owner')}, which gives signs of life or did within "
                    f"{self.lease_seconds:g} s; gave up after {wait_seconds:g} s"
                )
            time.sleep(min(_POLL_SECONDS, self.lease_seconds / 4))

    def renew(self) -> None:
        """Give a sign of life while it is held."""
        with self._writing:
            if self._is_held:
                self._beats += 1
                self._put(released=False)

    def check(self) -> None:
        """Make sure that nobody has taken over.

        Raises:
            LakeError: somebody has: this writer was out of touch for too long and must not commit.
        """
        number, _ = self._latest()
        if number != self._number:
            raise LakeError(f"{self.address}: another writer took over (number {number} after {self._number})")

    def release(self) -> None:
        """Let the next one in at once, unless somebody has taken over already."""
        with self._writing:
            self._is_held = False
            if self._latest()[0] == self._number:
                self._put(released=True)

    def _latest(self) -> tuple[int, str]:
        """Highest number and what its object says; 0 and nothing where there is none."""
        while numbers := self._numbers():
            try:
                stream = self._store.open(self._path(max(numbers)))
                try:
                    return max(numbers), str(self._jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
                finally:
                    stream.close()
            except Py4JJavaError as error:
                if not _is(error, "FileNotFoundException"):
                    raise
                # somebody took the next number and removed this one since the folder was listed
        return 0, ""

    def _numbers(self) -> list[int]:
        try:
            return [int(status.getPath().getName()) for status in self._store.listStatus(self._folder)]
        except Py4JJavaError as error:
            if _is(error, "FileNotFoundException"):
                return []
            raise

    def _create(self, number: int) -> bool:
        """Make the object of this number; False where somebody else has."""
        stream = self._store.createFile(self._path(number)).recursive().must(_CONDITIONAL, True).build()
        stream.write(self._text(released=False))
        try:
            stream.close()
        except Py4JJavaError as error:
            if _is(error, "RemoteFileChangedException", "FileAlreadyExistsException"):
                return False
            raise
        return True

    def _refuse_careless_store(self) -> None:
        if self._create(self._number):
            raise LakeError(f"{self.address}: this object store makes an object twice; it cannot keep writers apart")

    def _forget_older(self) -> None:
        for number in self._numbers():
            if number < self._number:
                self._store.delete(self._path(number), False)

    def _put(self, *, released: bool) -> None:
        stream = self._store.create(self._path(self._number), True)
        stream.write(self._text(released=released))
        stream.close()

    def _text(self, *, released: bool) -> bytearray:
        return bytearray(json.dumps({"owner": self._owner, "beats": self._beats, "released": released}).encode())

    def _path(self, number: int) -> Any:
        return self._jvm.org.apache.hadoop.fs.Path(self._folder, f"{number:012d}")


@contextmanager
def hold_object_locks(
    spark: SparkSession, folder: str, names: tuple[str, ...], owner: str, wait_seconds: float
) -> Iterator[Mapping[str, ObjectLock]]:
    """Hold the locks of these tables, taken in sorted order so that two jobs cannot deadlock; by table name.

    Raises:
        LakeError: as :meth:`ObjectLock.acquire`.
    """
    locks: dict[str, ObjectLock] = {}
    with ExitStack() as stack:
        stack.enter_context(_alive(locks))
        for name in sorted(names):
            lock = ObjectLock(spark, f"{folder}/{name}", owner)
            lock.acquire(wait_seconds)
            stack.callback(_let_go, lock)
            locks[name] = lock
        yield locks


@contextmanager
def _alive(locks: Mapping[str, ObjectLock]) -> Iterator[None]:
    """Give signs of life for all that is held while inside."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(LEASE_SECONDS / 6):
            for lock in list(locks.values()):
                try:
                    lock.renew()
                except Py4JError as error:
                    _tell("sign of life was not given", lock, error)  # a network that is back in time gives the next

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _let_go(lock: ObjectLock) -> None:
    try:
        lock.release()
    except Py4JError as error:
        _tell("lock was not released and runs out", lock, error)  # what was done is done


def _tell(what: str, lock: ObjectLock, error: Exception) -> None:
    structlog.get_logger().warning(what, lock=lock.address, error=(str(error).splitlines() or [""])[0][:200])


def _is(error: Py4JJavaError, *names: str) -> bool:
    return str(error.java_exception.getClass().getSimpleName()) in names
