"""Jobs: a generator on a thread, its progress, and its one end."""

import gc
import threading
import weakref

from app.commands.errors import CommandError
from app.jobs.background import close_background, run_in_background
from app.jobs.job import Job


def record(job):
    seen = []
    job.started.connect(lambda: seen.append("started"))
    job.progress.connect(lambda step: seen.append(step))
    job.finished.connect(lambda value: seen.append(("finished", value)))
    job.failed.connect(lambda said: seen.append(("failed", said)))
    job.cancelled.connect(lambda: seen.append("cancelled"))
    job.ended.connect(lambda: seen.append("ended"))
    return seen


def test_a_job_tells_start_progress_and_result_in_order_on_the_makers_thread(qtbot):
    threads = set()

    def work():
        threads.add(threading.current_thread().name)
        yield from range(1000)
        return "done"

    job = run_in_background(work)
    seen = record(job)
    job.progress.connect(lambda step: threads.add(threading.current_thread().name))
    with qtbot.waitSignal(job.ended, timeout=5000):
        pass
    assert seen[0] == "started" and seen[-2:] == [("finished", "done"), "ended"]
    steps = seen[1:-2]
    assert steps == sorted(steps) and steps[-1] == 999
    assert threads == {"job: The work", "MainThread"}
    assert not job.is_running


def test_cancelling_closes_the_generator_between_two_steps(qtbot):
    closed = threading.Event()

    def work():
        try:
            step = 0
            while True:
                yield step
                step += 1
        finally:
            closed.set()

    job = run_in_background(work)
    seen = record(job)
    with qtbot.waitSignal(job.progress, timeout=5000):
        pass
    with qtbot.waitSignal(job.ended, timeout=5000):
        job.cancel()
    assert closed.is_set()
    assert seen[-2:] == ["cancelled", "ended"]


def test_a_known_fault_is_a_sentence(qtbot):
    def work():
        yield 1
        raise CommandError("The box is empty. Draw it around the object.")

    job = Job(work)
    seen = record(job)
    with qtbot.waitSignal(job.ended, timeout=5000):
        job.start()
    assert ("failed", "The box is empty. Draw it around the object.") in seen


def test_an_unknown_fault_is_told_as_a_bug_with_its_details_in_a_file(qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("app.errors.log_path", lambda: tmp_path / "logs" / "bugs.log")

    def work():
        yield 1
        raise ZeroDivisionError("no pixels")

    job = Job(work, "Making proxies")
    seen = record(job)
    with qtbot.waitSignal(job.ended, timeout=5000):
        job.start()
    said = next(one[1] for one in seen if isinstance(one, tuple) and one[0] == "failed")
    assert "Making proxies stopped because of a bug" in said and "bugs.log" in said
    assert "ZeroDivisionError: no pixels" in (tmp_path / "logs" / "bugs.log").read_text()


def test_closing_the_program_cancels_what_runs(qtbot):
    begun, closed = threading.Event(), threading.Event()

    def work():
        try:
            while True:
                begun.set()
                yield None
        finally:
            closed.set()

    job = run_in_background(work)
    assert begun.wait(5)
    close_background()
    assert closed.is_set() and not job.is_running


def test_a_fault_while_making_the_generator_is_an_end_too(qtbot):
    def make():
        raise CommandError("There is no clip.")

    job = Job(make)
    seen = record(job)
    with qtbot.waitSignal(job.ended, timeout=5000):
        job.start()
    assert ("failed", "There is no clip.") in seen


def test_a_job_that_has_ended_is_let_go_with_all_that_it_worked_on(qtbot):
    class Snapshot:
        pass

    def ran():
        snapshot = Snapshot()

        def work():
            yield snapshot
            return snapshot

        job = run_in_background(work)
        with qtbot.waitSignal(job.ended, timeout=10_000):
            pass
        return weakref.ref(job), weakref.ref(snapshot)

    job, snapshot = ran()
    qtbot.waitUntil(lambda: gc.collect() >= 0 and job() is None and snapshot() is None, timeout=10_000)


def test_a_job_that_somebody_keeps_lets_go_what_it_was_made_from(qtbot):
    def ran():
        large = set(range(9))

        def work():
            yield from large

        job = Job(lambda: work())
        with qtbot.waitSignal(job.ended, timeout=10_000):
            job.start()
        return job, weakref.ref(large)

    job, large = ran()
    gc.collect()
    assert large() is None and not job.is_running
