"""Where a project lies, and who holds it."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from app.document import lock as locking
from app.document.errors import ProjectInUse
from app.document.lock import ProjectLock, is_running
from app.document.places import found_clip, mount_type, relative_to_project, replace_whole

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/share /mnt/lab nfs4 rw 0 0
//server/clips /mnt/lab/my\\040clips cifs rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/a.masklet", "ext4"),
        ("/mnt/lab/a.masklet", "nfs4"),
        ("/mnt/laboratory/a.masklet", "ext4"),
        ("/mnt/lab/my clips/a.masklet", "cifs"),
    ],
)
def test_the_deepest_mount_says_what_kind_of_drive_it_is(path: str, kind: str) -> None:
    assert mount_type(MOUNTS, path) == kind


def test_a_project_is_locked_once_and_again_after_release(tmp_path: Path) -> None:
    project = tmp_path / "a.masklet"
    lock = ProjectLock(project)
    assert json.loads(lock.path.read_text()) == {"pid": os.getpid(), "host": socket.gethostname()}
    with pytest.raises(ProjectInUse) as caught:
        ProjectLock(project)
    assert caught.value.holder == (os.getpid(), socket.gethostname())
    lock.release()
    lock.release()
    assert not lock.path.exists()
    ProjectLock(project).release()


@pytest.mark.parametrize("left", [b"", b"{", b"[1]", b'{"pid": "x", "host": 1}', b"\xff" * 9000])
def test_a_lock_file_with_anything_in_it_is_taken_when_nobody_holds_it(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "a.masklet.lock").write_bytes(left)
    ProjectLock(tmp_path / "a.masklet").release()


def test_another_machine_on_a_shared_drive_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.masklet.lock").write_text('{"pid": 12, "host": "other"}')
    monkeypatch.setattr(locking, "is_on_network", lambda path: True)
    with pytest.raises(ProjectInUse, match=r"process 12 on other\).*delete .*a\.masklet\.lock"):
        ProjectLock(tmp_path / "a.masklet")


def test_without_locks_in_the_file_system_the_process_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "_lock", lambda descriptor: locking._Answer.UNKNOWN)
    held = tmp_path / "a.masklet.lock"
    held.write_text(json.dumps({"pid": os.getppid(), "host": socket.gethostname()}))
    with pytest.raises(ProjectInUse):
        ProjectLock(tmp_path / "a.masklet")
    held.write_text(json.dumps({"pid": 999_999_999, "host": socket.gethostname()}))
    ProjectLock(tmp_path / "a.masklet").release()


def test_running_processes_are_told_from_dead_ones() -> None:
    assert is_running(os.getpid()) and is_running(1)
    assert not is_running(999_999_999) and not is_running(0) and not is_running(-1)


def test_a_clip_is_found_where_it_was_or_at_the_same_way_from_the_project(tmp_path: Path) -> None:
    project, clip = tmp_path / "work" / "a.masklet", tmp_path / "clips" / "a.mp4"
    relative = relative_to_project(str(clip), project)
    assert relative == "../clips/a.mp4"
    assert found_clip(str(clip), relative, project) == str(clip)
    clip.parent.mkdir()
    project.parent.mkdir()
    clip.write_bytes(b"x")
    assert found_clip("/gone/a.mp4", relative, project) == str(clip)
    assert found_clip(str(clip), "", project) == str(clip)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    target, written = tmp_path / "a", tmp_path / "b"
    target.write_text("old")
    written.write_text("new")
    replace_whole(written, target)
    assert target.read_text() == "new" and not written.exists()
