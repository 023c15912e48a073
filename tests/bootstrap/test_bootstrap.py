"""The set-up: what it does without being asked (nothing), and what it notices."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.bootstrap import environment, parse, system
from app.bootstrap.failure import Failed
from app.bootstrap.narrator import Narrator

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The few files of a checkout that the set-up itself consists of."""
    folder = tmp_path / "checkout"
    shutil.copytree(
        ROOT / "app" / "bootstrap", folder / "app" / "bootstrap", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("main.py", "app/__init__.py", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def run(checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Start `main.py` with an interpreter that has no packages at all."""
    command = [sys.executable, "-S", "-E", str(checkout / "main.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_plain_start_installs_nothing_and_names_what_is_missing(checkout: Path) -> None:
    result = run(checkout, "demo")
    assert result.returncode == 3
    assert "torch" in result.stderr and "`python3 main.py --setup`" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (checkout / ".venv").exists()


def test_options_of_the_set_up_are_taken_off_the_words_of_the_program() -> None:
    request = parse(["--torch-index", "somewhere", "--setup", "propagate", "--setup"])
    assert (request.setup, request.self_test, request.torch_index) == (True, False, "somewhere")
    assert request.words == ["propagate", "--setup"]


def test_a_torch_index_without_an_address_is_a_sentence() -> None:
    with pytest.raises(Failed, match="wants the address"):
        parse(["--torch-index"])


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment as the set-up leaves it, with two tiny packages."""
    folder = tmp_path / ".venv"
    monkeypatch.setattr(environment, "ENVIRONMENT", folder)
    monkeypatch.setattr(environment, "STAMP", folder / "masklet-studio.json")
    packages = folder / "lib" / "python3.11" / "site-packages"
    for name in ("torch", "numpy"):
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").write_text("VERSION = 1\n")
    (folder / "bin").mkdir()
    (folder / "bin" / "python").write_text("")
    environment.write_stamp(("test",))
    return packages


def test_an_environment_is_sound_until_something_in_it_changes(made: Path) -> None:
    assert environment.is_sound(())
    assert environment.is_sound(("test",))
    assert not environment.is_sound(("test", "dev"))


@pytest.mark.parametrize(
    "damage", ["package gone", "file cut short", "interpreter gone", "stamp cut short", "other lock"]
)
def test_a_broken_environment_is_noticed(made: Path, damage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if damage == "package gone":
        shutil.rmtree(made / "numpy")
    elif damage == "file cut short":
        (made / "torch" / "__init__.py").write_text("")
    elif damage == "interpreter gone":
        environment.interpreter().unlink()
    elif damage == "stamp cut short":
        environment.STAMP.write_text(environment.STAMP.read_text()[:20])
    else:
        monkeypatch.setattr(environment, "CHECKOUT", made)
        shutil.copy(ROOT / "pyproject.toml", made)
        (made / "constraints.txt").write_text("torch==0.0\n")
    assert not environment.is_sound(())


def test_without_root_and_terminal_the_one_line_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name == "apt-get" else None)
    with pytest.raises(Failed, match="sudo apt-get install -y --no-install-recommends libegl1"):
        system.provide(["libegl1"], Narrator(["System libraries"]))


def test_a_tool_that_fails_is_quoted(capfd: pytest.CaptureFixture[str]) -> None:
    script = "print('Collecting a thing'); print('no room left'); raise SystemExit(4)"
    with pytest.raises(Failed, match=r"(?s)the tool failed \(exit 4\).*no room left"):
        Narrator(["A step"]).watch([sys.executable, "-c", script], "the tool failed")


def test_a_tool_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(Failed, match="cannot be started"):
        Narrator(["A step"]).watch(["no-such-tool-anywhere"], "the tool failed")


def test_a_library_that_no_machine_has_is_reported_by_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(system, "LIBRARIES", {"libnothing-like-this.so.9": "libnothing9"})
    assert system.missing_packages() == ["libnothing9"]
