"""The engine in a process of its own: the same answers, and a window that outlives whatever happens there."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from app.document.values import Point, Prompt
from app.errors import record_bug
from app.inference.engine import EngineError, EngineStopped
from app.inference.inputs import click_inputs, plan_inputs
from app.inference.plan import make_plan
from app.inference.process_engine import ProcessEngine

ROOT = Path(__file__).resolve().parents[2]


def started(model, clip):
    made = ProcessEngine()
    made.load(model, "cpu")
    made.open_clip(clip)
    return made


@pytest.fixture(scope="module")
def far(small_model, small_clip):
    """A worker for all tests that leave it alive."""
    made = started(small_model, small_clip)
    yield made
    made.close()


@pytest.fixture
def doomed(small_model, small_clip):
    """A worker for one test that ends it."""
    made = started(small_model, small_clip)
    yield made
    made.close()


@pytest.fixture
def clicked(small_work):
    small_work.prompt(0, Prompt((Point(22.0, 30.0),)))
    return small_work


def results_of(batches):
    return [cell for batch in batches for cell in batch.cells]


def wait_for_end(process_id):
    deadline = time.monotonic() + 30
    while psutil.pid_exists(process_id) and time.monotonic() < deadline:
        if psutil.Process(process_id).status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.05)
    assert not psutil.pid_exists(process_id)


def test_clicks_and_runs_are_answered_as_in_the_same_process(engine, far, clicked):
    inputs = click_inputs((1, 0), clicked.document.prompts[1, 0], None)
    assert far.prompt_frame(inputs, 0) == engine.prompt_frame(inputs, 0)
    plan = make_plan(clicked.document, [1], 0, 23)
    inputs = plan_inputs(clicked.document, plan)
    assert results_of(far.run(plan, inputs)) == results_of(engine.run(plan, inputs))


def test_a_click_is_answered_between_two_frames_and_the_run_goes_on(engine, far, clicked):
    plan = make_plan(clicked.document, [1], 0, 23)
    inputs = plan_inputs(clicked.document, plan)
    click = click_inputs((1, 0), clicked.document.prompts[1, 0], None)
    run = far.run(plan, inputs)
    begun = [next(run) for _ in range(3)]
    assert far.prompt_frame(click, 0) == engine.prompt_frame(click, 0)
    far.prepare_frame(20)
    assert results_of([*begun, *run]) == results_of(engine.run(plan, inputs))


def test_a_closed_run_stops_and_the_engine_stays_useful(far, clicked):
    plan = make_plan(clicked.document, [1], 0, 23)
    inputs = plan_inputs(clicked.document, plan)
    run = far.run(plan, inputs)
    next(run)
    run.close()
    assert list(far.run(plan, inputs))[-1].done > 20


def test_a_new_run_or_clip_ends_an_open_one(far, clicked, small_clip):
    plan = make_plan(clicked.document, [1], 0, 23)
    inputs = plan_inputs(clicked.document, plan)
    first = far.run(plan, inputs)
    next(first)
    second = far.run(plan, inputs)
    next(second)
    assert list(first) == []
    far.open_clip(small_clip)
    assert list(second) == []


def test_a_fault_in_there_is_the_same_sentence(far, tmp_path, small_model, small_clip):
    with pytest.raises(EngineError, match=r"gone\.mp4 is not in"):
        far.open_clip(tmp_path / "gone.mp4")
    with pytest.raises(EngineError, match="choose the device"):
        far.load(tmp_path, "cuda:7")
    far.load(small_model, "cpu")
    far.open_clip(small_clip)


def test_a_bug_in_there_is_told_in_one_line_and_logged_with_its_place(far, tmp_path, monkeypatch):
    monkeypatch.setattr("app.errors.log_path", lambda: tmp_path / "bugs.log")
    with pytest.raises(RuntimeError) as caught:
        far._ask("what_no_engine_can_do")
    said = record_bug(caught.value, "A run")
    assert "\n" not in said and "in the model's process, AttributeError: " in said
    assert "worker.py" in (tmp_path / "bugs.log").read_text()


def test_a_killed_worker_is_noticed_in_the_middle_of_a_run_and_can_be_started_again(
    doomed, clicked, small_model, small_clip
):
    far = doomed
    plan = make_plan(clicked.document, [1], 0, 23)
    inputs = plan_inputs(clicked.document, plan)
    run = far.run(plan, inputs)
    next(run)
    os.kill(far.process_id, signal.SIGKILL)
    with pytest.raises(EngineStopped, match=r"memory ran out.*Your work is kept"):
        list(run)
    far.load(small_model, "cpu")
    far.open_clip(small_clip)
    assert list(far.run(plan, inputs))[-1].frame in (0, 23)


def test_an_idle_worker_that_dies_is_seen_without_asking_it(doomed):
    far = doomed
    assert far.is_alive
    process_id = far.process_id
    os.kill(process_id, signal.SIGSEGV)
    wait_for_end(process_id)
    deadline = time.monotonic() + 30
    while far.is_alive and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not far.is_alive
    with pytest.raises(EngineStopped, match="broke off"):
        far.prepare_frame(0)


def test_a_worker_that_died_before_its_run_was_closed_is_seen_afterwards(doomed, clicked):
    plan = make_plan(clicked.document, [1], 0, 23)
    run = doomed.run(plan, plan_inputs(clicked.document, plan))
    next(run)
    os.kill(doomed.process_id, signal.SIGKILL)
    run.close()
    assert not doomed.is_alive


def test_a_silent_worker_is_given_up(doomed, monkeypatch):
    monkeypatch.setattr("app.inference.process_engine.SILENCE_SECONDS", 1.0)
    far = doomed
    process_id = far.process_id
    os.kill(process_id, signal.SIGSTOP)
    with pytest.raises(EngineStopped):
        far.prepare_frame(0)
    wait_for_end(process_id)


def test_interrupting_ends_a_long_computation_at_once(doomed, clicked):
    far = doomed
    process_id = far.process_id
    far.interrupt()
    wait_for_end(process_id)
    with pytest.raises(EngineStopped, match="was stopped"):
        far.prompt_frame(click_inputs((1, 0), clicked.document.prompts[1, 0], None), 0)


def test_the_worker_is_modest_and_deaf_to_ctrl_c(far):
    worker = psutil.Process(far.process_id)
    assert worker.nice() == min(19, psutil.Process().nice() + 10)
    os.kill(far.process_id, signal.SIGINT)
    far.prepare_frame(0)
    assert far.is_alive


def test_closing_leaves_no_process(small_model, small_clip):
    engine = ProcessEngine()
    engine.load(small_model, "cpu")
    process_id = engine.process_id
    engine.close()
    assert not psutil.pid_exists(process_id)
    assert engine.process_id is None


def run_script(text, *arguments):
    """Start Python on a script that may import the program; its output can be read."""
    script = textwrap.dedent(text)
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


PARENT = """
    import sys
    from pathlib import Path
    from app.document.document import Document
    from app.document.steps import SetObject, SetPrompt
    from app.document.values import Clip, Point, Prompt, TrackedObject
    from app.inference.inputs import plan_inputs
    from app.inference.plan import make_plan
    from app.inference.process_engine import ProcessEngine

    model, clip = map(Path, sys.argv[1:])
    document = Document(Clip("clip", "clip", 24, 72, 96, 25.0))
    document.apply(SetObject(1, TrackedObject(1, "disc")))
    document.apply(SetPrompt((1, 0), Prompt((Point(22.0, 30.0),))))
    engine = ProcessEngine()
    engine.load(model, "cpu")
    engine.open_clip(clip)
    plan = make_plan(document, [1], 0, 23)
"""


def test_the_process_that_asks_never_imports_torch_or_qt(small_model, small_clip):
    script = (
        PARENT
        + """
    done = [batch.done for batch in engine.run(plan, plan_inputs(document, plan))]
    engine.close()
    print(len(done), sorted({"torch", "PySide6", "sam2_core"} & set(sys.modules)))
    """
    )
    process = run_script(script, small_model, small_clip)
    said, _ = process.communicate(timeout=100)
    assert process.returncode == 0
    assert said.strip() == "24 []"


def test_the_worker_imports_no_qt(far):
    maps = Path(f"/proc/{far.process_id}/maps")
    if not maps.exists():
        pytest.skip("only Linux tells what a process has loaded")
    assert "libQt6" not in maps.read_text()


def test_a_worker_does_not_outlive_a_parent_that_is_killed(small_model, small_clip):
    script = (
        PARENT
        + """
    print(engine.process_id, flush=True)
    import time
    time.sleep(100)
    """
    )
    process = run_script(script, small_model, small_clip)
    worker = int(process.stdout.readline())
    assert psutil.pid_exists(worker)
    process.kill()
    process.communicate()
    wait_for_end(worker)


def test_a_lack_of_memory_is_a_sentence_with_a_way_out(small_clip):
    """Real memory that really runs out: the process may take 24 MB more than it has, and the model wants more."""
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux limits a process's address space reliably")
    script = """
    import resource, sys
    from pathlib import Path
    from app.document.values import Point, Prompt
    from app.inference.checkpoints import find_checkpoint
    from app.inference.engine import EngineError
    from app.inference.inline_engine import InlineEngine
    from app.inference.inputs import click_inputs

    engine = InlineEngine()
    engine.load(find_checkpoint("built-in").path, "cpu")
    engine.open_clip(Path(sys.argv[1]))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 24_000_000,) * 2)
    try:
        engine.prompt_frame(click_inputs((1, 0), Prompt((Point(22.0, 30.0),)), None), 0)
    except EngineError as error:
        print(error)
    """
    said, _ = run_script(script, small_clip).communicate(timeout=100)
    assert said.startswith("Memory ran out while") and "choose a smaller model" in said
