"""Where the tasks of a sweep are played: processes of this machine, or a cluster of dask.distributed.

A process that leads a sweep may be killed at any instruction; its workers then end by themselves.
"""

import multiprocessing
import os
import signal
import threading
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from pathlib import Path
from typing import Final

import attrs

from tipoff.exit_codes import Exit
from tipoff.output import Failure

CONNECT_SECONDS: Final = 10
"""So long a cluster may take to answer."""


class Processes:
    """Worker processes of this machine, spawned."""

    def __init__(self, count: int | None = None) -> None:
        """As many as the processor has cores for us, unless said."""
        self.count = count or len(os.sched_getaffinity(0))
        self._executor: ProcessPoolExecutor | None = None

    def executor(self) -> Executor:
        """The pool, made when it is first needed."""
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self.count, mp_context=multiprocessing.get_context("spawn"), initializer=_begin
            )
        return self._executor

    def died(self, error: BaseException) -> bool:
        """One dead process makes the whole pool unusable."""
        return isinstance(error, BrokenProcessPool)

    def renew(self) -> bool:
        """The pool is made anew when it is next needed."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None
        return True

    def close(self) -> None:
        """End the processes at once: what they work on is not worth waiting for."""
        if self._executor is None:
            return
        processes = list((self._executor._processes or {}).values())  # noqa: SLF001 - 3.14 has kill_workers
        self._executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()
        self._executor = None


def _begin() -> None:
    """In a new worker: leave Ctrl-C to the leader, and end with it however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


@attrs.frozen(kw_only=True)
class Certificates:
    """Files (PEM) for an encrypted cluster: its authority, and our certificate and key."""

    ca: Path
    cert: Path
    key: Path


class Cluster:
    """The workers of a dask cluster, which somebody else started."""

    def __init__(self, address: str, certificates: Certificates | None = None) -> None:
        """Connect. Raises Failure where the extra is missing or nobody answers."""
        try:
            from distributed import Client, KilledWorker, Security
        except ImportError as error:
            message = "--cluster needs the extra `sweep`: pip install 'tipoff[sweep]'"
            raise Failure("cluster", message, exit_code=Exit.CONFIG) from error
        security = Security()
        if certificates is not None:
            security = Security(
                require_encryption=True,
                tls_ca_file=str(certificates.ca),
                tls_client_cert=str(certificates.cert),
                tls_client_key=str(certificates.key),
            )
        self._killed = KilledWorker
        try:
            self._client = Client(address, timeout=CONNECT_SECONDS, security=security, set_as_default=False)
            self.count = max(1, sum(self._client.nthreads().values()))
        except (OSError, ValueError, TypeError) as error:
            raise Failure("cluster", f"{address}: no cluster answers there: {error}") from error
        # Equal tasks are the same task: asked for again it must run again.
        self._executor = self._client.get_executor(pure=False, retries=0)

    def executor(self) -> Executor:
        """The cluster as an executor."""
        found: Executor = self._executor
        return found

    def died(self, error: BaseException) -> bool:
        """The scheduler says so, after it has tried other workers."""
        return isinstance(error, self._killed)

    def renew(self) -> bool:
        """The scheduler finds other workers by itself; nothing else is lost."""
        return False

    def close(self) -> None:
        """Leave the cluster as it is."""
        self._client.close()
