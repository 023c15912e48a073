"""The rules of the house that tools can check: imports, types, style, and what may be used where."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ESSENTIALS = {
    "QtCore",
    "QtGui",
    "QtWidgets",
    "QtSvg",
    "QtSvgWidgets",
    "QtTest",
    "QtNetwork",
    "QtOpenGL",
    "QtOpenGLWidgets",
}


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "command",
    [
        ["lint-imports", "--no-cache"],
        ["ruff", "check", "--no-cache", "."],
        ["ruff", "format", "--no-cache", "--check", "."],
        ["mypy", "--cache-dir", "{cache}"],
    ],
    ids=["imports", "lint", "format", "types"],
)
def test_the_tree_passes(command: list[str], tmp_path: Path) -> None:
    words = [word.format(cache=tmp_path / "cache") for word in command]
    result = subprocess.run([tool(words[0]), *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def imports_of(path: Path) -> set[str]:
    """Everything that a file imports, lazily or not, as dotted names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_the_bootstrap_needs_nothing_but_python() -> None:
    for path in [*sources("app/bootstrap"), ROOT / "main.py", ROOT / "app/__init__.py"]:
        for name in imports_of(path):
            assert name.split(".")[0] in sys.stdlib_module_names or name.startswith(("app.bootstrap", "app.cli")), (
                f"{path.relative_to(ROOT)} imports {name}"
            )


def test_only_essential_qt_modules_are_used() -> None:
    for path in sources("app", "tests"):
        for name in imports_of(path):
            if name.startswith("PySide6."):
                assert name.split(".")[1] in ESSENTIALS, f"{path.relative_to(ROOT)} imports {name}"


def test_jobs_know_no_widgets() -> None:
    for path in sources("app/jobs"):
        assert not any(name.startswith(("PySide6.QtWidgets", "PySide6.QtGui")) for name in imports_of(path)), path


def test_only_the_project_file_speaks_sql() -> None:
    speakers = {
        path.relative_to(ROOT).parts[:2] for path in sources("app", "exporters") if "sqlite3" in imports_of(path)
    }
    assert speakers == {("app", "document")}


def test_opencv_never_opens_a_window() -> None:
    for path in sources("app", "exporters"):
        text = path.read_text(encoding="utf-8")
        assert not any(f"cv2.{call}(" in text for call in ("imshow", "waitKey", "namedWindow", "imwrite")), path


def test_files_can_be_read_in_one_sitting() -> None:
    for path in sources("app", "sam2_core", "exporters"):
        assert path.read_text(encoding="utf-8").count("\n") <= 500, f"{path.relative_to(ROOT)} is two rooms"


def test_every_room_has_a_readme() -> None:
    for package in [ROOT / "app", ROOT / "sam2_core", ROOT / "exporters", *(ROOT / "app").glob("*/")]:
        if (package / "__init__.py").exists():
            assert (package / "README.md").exists(), f"{package.relative_to(ROOT)} has no README.md"
