"""The command line: every wrong word gets one clear sentence and its exit code, and asking is quick."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app import cli
from app.cli import display, main
from app.cli.checks import parse_range
from app.cli.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
WRONG = [
    ([], "CLIP"),
    (["{clip}"], "Nothing would be kept"),
    (["gone.mp4", *("--prompts", "walk.json", "--export", "coco:out")], "gone.mp4 is not in"),
    (["walk.json", *("--prompts", "walk.json", "--export", "coco:out")], "is not a video that can be read"),
    (["{clip}", *("--prompts", "gone.json", "--export", "coco:out")], "There is no prompts file gone.json"),
    (["{clip}", *("--prompts", "far.json", "--export", "coco:out")], "99 is not a frame of the clip"),
    (["{clip}", *("--export", "coco:out")], "There is nothing to follow: name a prompts file"),
    (["{clip}", *("--prompts", "walk.json", "--export", "cocoo:out")], "Did you mean coco?"),
    (["{clip}", *("--prompts", "walk.json", "--export", "out")], "names no format"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:full")], "full exists already"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a/b/c")], "does not exist: make it first"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a", "--export", "davis:a")], "is named twice"),
    (["{clip}", *("--prompts", "walk.json", "--overlay", "a.avi")], "ends in .mp4"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a", "--option", "coco=1")], "is no option"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a", "--option", "davis.split=x")], "not exported"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a", "--option", "coco.spilt=x")], "Did you mean split"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a", "--range", "4")], "is no range"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a", "--range", "5:4")], "is empty"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a", "--range", "0:8")], "the clip has frames 0 to 7"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a", "--direction", "up")], "invalid choice: 'up'"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a", "--direction", "backward")], "Nothing to propagate."),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a", "--draft", "1")], "--draft takes a number from"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a", "--draft", "9")], "takes a number from 2 to 8: the"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a", "--draft", "2", "--again")], "leave --draft or"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a", "--checkpoint", "2.1_tiny")], "is not on this comp"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a", "--checkpoint", "walk.json")], "no PyTorch weight"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a", "--device", "tpu")], "is no device"),
    (["{clip}", *("--prompts", "walk.json", "--project", "walk.json")], "is not a project"),
    (["{clip}", *("--prompts", "walk.json", "--project", "a/b.masklet")], "its folder a does not exist"),
    (["{clip}", *("--prompts", "walk.json", "--export", "coco:a", "--fast")], "Unrecognized arguments: --fast"),
]


@pytest.mark.parametrize(("words", "said"), WRONG, ids=[said for _, said in WRONG])
def test_whatever_cannot_be_used_is_told_before_any_work(words, said, clip, here, prompts_of, capsys):
    prompts_of(here / "far.json", [[40, 48, 1]], frame=99)
    (here / "full").mkdir()
    (here / "full" / "notes.txt").write_text("mine")
    before = sorted(here.rglob("*"))
    assert main(["propagate", *(word.format(clip=clip) for word in words)]) == 2
    out, err = capsys.readouterr()
    assert said in err and err.startswith("masklet-studio: ") and err.count("\n") == 1 and out == ""
    assert sorted(here.rglob("*")) == before


@pytest.mark.parametrize("device", ["cuda:99"])
def test_a_device_that_is_not_here_is_the_machines_fault(device, clip, here, capsys):
    words = ["propagate", str(clip), "--prompts", "walk.json", "--project", "a.masklet", "--device", device]
    assert main(words) == 3
    assert "choose" in capsys.readouterr().err and not (here / "a.masklet").exists()


def test_a_missing_built_in_model_is_an_incomplete_installation(clip, here, capsys, monkeypatch):
    monkeypatch.setattr("app.inference.checkpoints.BUILT_IN_PATH", here / "built_in.pt")
    assert main(["propagate", str(clip), "--prompts", "walk.json", "--project", "a.masklet"]) == 3
    assert "installation is incomplete" in capsys.readouterr().err


def test_a_project_of_another_clip_is_refused(clip, here, capsys):
    words = ["--prompts", "walk.json", "--project", "walk.masklet"]
    assert main(["propagate", str(clip / "00000.png"), *words]) == 0
    capsys.readouterr()
    assert main(["propagate", str(clip), *words]) == 2
    assert "walk.masklet belongs to 00000.png (1 frames of 128 x 96)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "frames"), [(None, (0, 95)), ("3:7", (3, 7)), (":7", (0, 7)), ("90:", (90, 95)), (":", (0, 95))]
)
def test_ranges(text, frames):
    assert parse_range(text, 96) == frames


@pytest.mark.parametrize("text", ["a:b", "1-3", "-3:4", "1:2:3", ""])
def test_no_ranges(text):
    with pytest.raises(UsageError):
        parse_range(text, 96)


def test_words_that_are_no_file_and_no_command(here, capsys):
    assert main(["wibble"]) == 2
    assert "wibble does not exist. For the commands see" in capsys.readouterr().err


class TestWithoutADisplay:
    @pytest.fixture(autouse=True)
    def no_display(self, monkeypatch):
        for variable in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setattr(sys, "platform", "linux")

    def test_the_window_says_so(self, capsys):
        assert main([]) == 3
        assert "There is no display here" in capsys.readouterr().err

    @pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY"])
    def test_a_display_that_is_named_but_not_there_is_told(self, variable, capsys, monkeypatch, tmp_path):
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        monkeypatch.setenv(variable, ":4711" if variable == "DISPLAY" else "wayland-4711")
        assert main([]) == 3
        assert "4711 does not answer" in capsys.readouterr().err

    def test_a_display_that_answers_is_no_obstacle(self, monkeypatch):
        with socket.create_server(("127.0.0.1", 0)) as server:
            number = server.getsockname()[1] - display.FIRST_X_PORT
            monkeypatch.setenv("DISPLAY", f"127.0.0.1:{number}.0")
            assert display.display_obstacle() is None

    def test_the_demo_works_without_one_and_says_so(self, here, capsys, monkeypatch):
        made = []
        monkeypatch.setattr("app.cli.demo.make_demo", lambda *words: made.append(words) or 0)
        assert main(["demo"]) == 0
        assert "There is no display here" in capsys.readouterr().out
        assert [path.name for path in made[0][:2]] == ["demo.mp4", "demo.json"] and made[0][2] is None


def test_the_demo_opens_the_window_where_there_is_a_display(monkeypatch):
    monkeypatch.setattr(cli, "display_obstacle", lambda: None)
    opened = []
    monkeypatch.setattr("app.ui.start.run_window", lambda *words, **named: opened.append((words, named)) or 0)
    assert main(["demo"]) == 0
    ((clip, prompts), named) = opened[0]
    assert clip.name == "demo.mp4" and prompts.name == "demo.json" and named == {"propagate": True}


def test_the_demo_never_writes_into_a_folder_that_is_in_use(here, capsys):
    (here / "mine").mkdir()
    (here / "mine" / "a.txt").write_text("a")
    assert main(["demo", "--out", "mine"]) == 2
    assert "mine is not empty" in capsys.readouterr().err


def test_a_bug_is_told_as_one_with_its_details_in_a_file(clip, here, capsys, monkeypatch):
    def stumble(request):
        raise ZeroDivisionError("no frames")

    monkeypatch.setattr("app.cli.propagate.propagate", stumble)
    monkeypatch.setattr("app.errors.log_path", lambda: here / "bugs.log")
    assert main(["propagate", str(clip), "--project", "a.masklet"]) == 1
    err = capsys.readouterr().err
    assert "because of a bug in Masklet Studio (ZeroDivisionError: no frames)" in err and "bugs.log" in err
    assert "Traceback" not in err and "stumble" in (here / "bugs.log").read_text()


@pytest.mark.parametrize("words", [["--help"], ["propagate", "--help"], ["--version"], ["info"]])
def test_asking_needs_neither_torch_nor_qt(words, here):
    code = (
        "import sys\nfrom app.cli import main\n"
        f"try:\n    code = main({words!r})\nexcept SystemExit as end:\n    code = end.code\n"
        "print('asked', code, sorted({'torch', 'PySide6'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.endswith("asked 0 []\n")


def test_info_tells_versions_devices_models_and_formats(capsys):
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    for word in ("torch", "PySide6", "cpu", "built-in", "sam2.1_hiera_large.pt", "coco", "with_images=yes"):
        assert word in out


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_demo_leaves_all_kinds_of_results(started, here):
    process = started("demo", "--no-window", "--out", "results")
    out, err = process.communicate(timeout=880)
    assert process.returncode == 0, err
    assert "The results go to results" in out
    for name in ("coco", "davis", "overlay.mp4", "demo.masklet"):
        assert (here / "results" / name).exists()
