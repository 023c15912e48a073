"""`masklet-studio propagate`: from a clip and prompts to data sets, stopped and gone on, without a window."""

import json
import os
import pty
import signal
import subprocess

import pytest

from app.cli import main
from app.document.project import Project
from app.document.values import Origin
from app.media.clip import open_clip


def masks_in(path):
    project = Project.open(path)
    masks = {cell: mask.code for cell, mask in project.document.masks.items()}
    for code in masks.values():
        code.to_array()
    project.close()
    return masks


def origins_in(path):
    """Who or what made the first object's masks, by frame."""
    project = Project.open(path)
    origins = {frame: mask.origin for frame, mask in project.document.masks_of(1).items()}
    project.close()
    return origins


def propagate(clip, *words):
    return main(["propagate", str(clip), "--device", "cpu", *map(str, words)])


def test_everything_that_is_asked_for_is_written_and_told(clip, here, capsys):
    words = ["--prompts", "walk.json", "--export", "coco:out-coco", "--export", "davis:out-davis"]
    words += ["--overlay", "walk.mp4", "--project", "walk.masklet"]
    assert propagate(clip, *words) == 0
    out, err = capsys.readouterr()
    assert "out-coco: 1 object, 8 masks, read back 8 of 8 equal" in out
    assert "out-davis: 1 object" in out and "walk.mp4: 8 frames" in out
    assert "Built-in model on" in err and "7 frames of disc, forward" in err
    coco = json.loads((here / "out-coco" / "annotations" / "instances_train.json").read_text())
    assert len(coco["annotations"]) == 8 and [one["name"] for one in coco["categories"]] == ["thing"]
    with open_clip(here / "walk.mp4") as overlay:
        assert overlay.frame_count == 8
    found = masks_in(here / "walk.masklet")
    assert sorted(found) == [(1, frame) for frame in range(8)]
    # The disc is found and followed: it is 1,257 pixels large and moves by four pixels a frame.
    for frame in range(8):
        code = found[1, frame]
        assert 600 < code.area < 2600
        assert abs(sum((code.box.x0, code.box.x1)) / 2 - (40 + 4 * frame)) < 12


def test_a_range_limits_work_and_export(clip, here, capsys):
    assert propagate(clip, "--prompts", "walk.json", "--range", "0:3", "--export", "davis:out") == 0
    assert "3 frames of disc" in capsys.readouterr().err
    assert len(list((here / "out").rglob("Annotations/**/*.png"))) == 4


def test_options_of_a_format_are_taken(clip, here):
    words = ["--export", "coco:out", "--option", "coco.with_images=no", "--option", "coco.split=val"]
    assert propagate(clip, "--prompts", "walk.json", "--range", "0:1", *words) == 0
    assert (here / "out" / "annotations" / "instances_val.json").is_file()
    assert not (here / "out" / "images").exists()


def test_a_draft_computes_every_nth_frame_and_a_run_replaces_it(clip, here, capsys):
    words = ["--prompts", "walk.json", "--project", "walk.masklet"]
    assert propagate(clip, *words, "--draft", "3") == 0
    out, err = capsys.readouterr()
    assert "A draft of 2 frames of disc, forward" in err and "Drafting" in err and "2 masks in" in out
    assert origins_in(here / "walk.masklet") == {0: Origin.PROMPTED, 3: Origin.DRAFT, 6: Origin.DRAFT}
    assert propagate(clip, *words) == 0
    assert "7 frames of disc, forward" in capsys.readouterr().err
    assert set(origins_in(here / "walk.masklet").values()) == {Origin.PROMPTED, Origin.PROPAGATED}


def test_a_single_picture_needs_no_propagation(clip, here, capsys):
    assert propagate(clip / "00000.png", "--prompts", "walk.json", "--export", "coco:out") == 0
    out, err = capsys.readouterr()
    assert "1 object, 1 mask" in out and "has masks already" in err


def test_an_export_is_replaced_only_when_that_is_allowed(clip, here, capsys):
    words = ["--prompts", "walk.json", "--range", "0:1", "--export", "coco:out", "--project", "walk.masklet"]
    assert propagate(clip, *words) == 0
    assert propagate(clip, *words) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert propagate(clip, *words, "--overwrite") == 0


def test_changed_prompts_make_the_masks_that_followed_from_them_anew(clip, here, prompts_of, capsys):
    words = ["--prompts", "walk.json", "--range", "0:3", "--project", "walk.masklet"]
    assert propagate(clip, *words) == 0
    before = masks_in(here / "walk.masklet")
    assert propagate(clip, *words) == 0
    assert "Every frame that can run has masks already" in capsys.readouterr().err
    assert masks_in(here / "walk.masklet") == before
    prompts_of(here / "walk.json", [[40, 48, 1], [52, 48, 0]])
    assert propagate(clip, *words) == 0
    assert "3 frames of disc" in capsys.readouterr().err
    after = masks_in(here / "walk.masklet")
    assert after.keys() == before.keys() and after != before


def test_a_project_goes_on_without_the_prompts_file(clip, here):
    assert propagate(clip, "--prompts", "walk.json", "--range", "0:2", "--project", "walk.masklet") == 0
    assert propagate(clip, "--project", "walk.masklet") == 0
    assert len(masks_in(here / "walk.masklet")) == 8


def stopped(process):
    """Send Ctrl-C once the first frames are there; gives what was said on both streams."""
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith("Propagating: ") and not line.startswith("Propagating: 0"):
            process.send_signal(signal.SIGINT)
            break
    out, err = process.communicate(timeout=100)
    return out, "".join(said) + err


def test_ctrl_c_keeps_what_is_complete_and_the_same_command_goes_on_to_the_same_masks(long_clip, here, started):
    words = ["propagate", long_clip, "--device", "cpu", "--prompts", "walk.json", "--export", "coco:out"]
    process = started(*words, "--project", "walk.masklet")
    _, err = stopped(process)
    assert process.returncode == 130
    assert "Stopped at frame" in err and "No output was written" in err and "goes on from there" in err
    assert "Traceback" not in err and not (here / "out").exists()
    kept = masks_in(here / "walk.masklet")
    assert 1 < len(kept) < len(list(long_clip.iterdir()))
    assert propagate(long_clip, "--prompts", "walk.json", "--export", "coco:out", "--project", "walk.masklet") == 0
    assert propagate(long_clip, "--prompts", "walk.json", "--project", "whole.masklet") == 0
    gone_on = masks_in(here / "walk.masklet")
    assert kept.items() <= gone_on.items()
    assert gone_on == masks_in(here / "whole.masklet")


def test_ctrl_c_without_a_project_keeps_the_work_in_a_file_that_it_names(long_clip, here, started):
    process = started("propagate", long_clip, "--prompts", "walk.json", "--export", "coco:out")
    _, err = stopped(process)
    assert process.returncode == 130
    assert "are kept in walk.masklet; add --project walk.masklet" in err
    assert len(masks_in(here / "walk.masklet")) > 1


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="only POSIX has terminals that a test can make")
def test_a_terminal_gets_a_bar(clip, here, started):
    near, far = pty.openpty()
    process = started(
        "propagate", clip, "--prompts", "walk.json", "--project", "w.masklet", stderr=far, stdout=subprocess.DEVNULL
    )
    os.close(far)
    said = b""
    while True:
        try:
            piece = os.read(near, 4096)
        except OSError:
            break
        if not piece:
            break
        said += piece
    os.close(near)
    assert process.wait(100) == 0
    text = said.decode()
    assert "█" in text and "7 of 7 frames" in text and "left" in text and "Propagating: " not in text


def test_a_failing_export_says_what_is_kept(clip, here, capsys, monkeypatch):
    from exporters.errors import ExportError

    def refuse(*_, **__):
        raise ExportError("The disk is full.")
        yield

    monkeypatch.setattr("app.cli.propagate.export", refuse)
    assert propagate(clip, "--prompts", "walk.json", "--range", "0:1", "--export", "coco:out") == 1
    err = capsys.readouterr().err
    assert "The disk is full. No output was written. 2 masks are kept in walk.masklet" in err
    assert (here / "walk.masklet").is_file()
