"""Work in processes of their own, each task with a time limit: readers hang, crash and leak."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

CONTEXT = multiprocessing.get_context("spawn")
START = 60.0  # seconds more for a new worker's first task, which imports the readers


class Worker:
    """One process that runs `function` on one task after another."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.connection, child = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=serve, args=(child, function), daemon=True)
        self.process.start()
        child.close()
        self.index = -1
        self.deadline = 0.0
        self.fresh = True

    def give(self, index: int, task: Any, limit: float) -> None:
        """Starts a task."""
        self.connection.send(task)
        self.index, self.deadline = index, time.monotonic() + limit + (START if self.fresh else 0.0)
        self.fresh = False

    def stop(self) -> None:
        """Ends this process, and no other."""
        self.process.kill()
        self.process.join()
        self.connection.close()


def serve(connection: Connection, function: Callable[[Any], Any]) -> None:
    """The loop inside a worker."""
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        try:
            connection.send(("done", function(task)))
        except Exception as problem:  # noqa: BLE001  (what a task raises is its result)
            connection.send(("failed", f"{type(problem).__name__}: {problem}"[:500]))


def run(
    function: Callable[[Any], Any], tasks: Sequence[Any], limit: float, workers: int = 2
) -> Iterator[tuple[int, str, Any]]:
    """(index, state, result) as tasks end; state: done, failed (the message), hung or crashed."""
    waiting = list(range(len(tasks)))[::-1]
    crew = [Worker(function) for _ in range(min(workers, len(tasks)))]
    busy: list[Worker] = []
    try:
        while waiting or busy:
            for place, worker in enumerate(crew):
                if worker not in busy and waiting:
                    if worker.index == -2:
                        worker = crew[place] = Worker(function)
                    index = waiting.pop()
                    worker.give(index, tasks[index], limit)
                    busy.append(worker)
            ready = wait([worker.connection for worker in busy], timeout=0.5)
            for worker in list(busy):
                outcome = settled(worker, worker.connection in ready)
                if outcome:
                    busy.remove(worker)
                    yield worker.index, *outcome
                    if outcome[0] in ("hung", "crashed"):
                        worker.stop()
                        worker.index = -2
    finally:
        for worker in crew:
            if worker.index != -2:
                worker.stop()


def settled(worker: Worker, ready: bool) -> tuple[str, Any] | None:
    """How a worker's task ended, if it has."""
    if ready:
        try:
            return worker.connection.recv()
        except (EOFError, OSError):
            return "crashed", "the process ended"
    return ("hung", "time limit") if time.monotonic() > worker.deadline else None
