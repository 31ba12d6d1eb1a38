"""The picture in docs/architecture.md is the code's own; size is argued, not accidental."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("domain", "crawlers", "pipeline", "alerts", "db", "gridvoice")
DOC = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")


def modules() -> list[Path]:
    return [
        path
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "versions" not in path.parts
    ]


def dotted(path: Path) -> str:
    """`db/engine.py` → `db.engine`; a folder's `__init__.py` → the folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


ALL = {dotted(path) for path in modules()}
PACKAGES = {dotted(path) for path in modules() if path.name == "__init__.py"}


def place(name: str) -> str:
    """The folder in which a module, or what stands in one, lives: `db.pages.board` → `db.pages`."""
    while name not in ALL:
        name = name.rpartition(".")[0]
    return name if name in PACKAGES else name.rpartition(".")[0]


def imported(path: Path) -> set[str]:
    """The folders of ours that a module imports from."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import; write the whole name"
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {place(name) for name in found if name.split(".")[0] in FOLDERS}


def drawn_arrows() -> set[tuple[str, str]]:
    """Lines `from → to, to` of the block marked `arrows`."""
    block = re.search(r"```arrows\n(.*?)```", DOC, re.DOTALL)
    assert block, "docs/architecture.md has no ```arrows block"
    arrows: set[tuple[str, str]] = set()
    for line in block[1].splitlines():
        if "→" in line:
            start, ends = line.split("→")
            arrows.update((start.strip(), end.strip()) for end in ends.split(","))
    return arrows


def real_arrows() -> set[tuple[str, str]]:
    arrows: set[tuple[str, str]] = set()
    for path in modules():
        start = place(dotted(path))
        arrows.update((start, end) for end in imported(path) if end not in (start, "gridvoice"))
    return arrows


def test_the_picture_shows_exactly_the_arrows_of_the_code() -> None:
    assert drawn_arrows() == real_arrows()


def test_the_arrows_form_no_ring() -> None:
    arrows = real_arrows()
    left = {start for start, _ in arrows} | {end for _, end in arrows}
    while left:
        free = {node for node in left if not any(a == node and b in left for a, b in arrows)}
        assert free, f"a ring among {sorted(left)}"
        left -= free


def test_a_folder_holds_about_ten_modules_or_says_why_not() -> None:
    crowded = {
        folder
        for folder in PACKAGES
        if sum(place(name) == folder and name not in PACKAGES for name in ALL) > 11
    }
    listed = set(re.findall(r"^\| `([a-z_.]+)` \|", DOC, re.MULTILINE))
    assert crowded == listed


def test_modules_over_300_lines_stand_in_the_architecture_page_with_a_reason() -> None:
    long = {
        str(path.relative_to(ROOT))
        for path in modules()
        if len(path.read_text(encoding="utf-8").splitlines()) > 300
    }
    listed = set(re.findall(r"^\| `([^`]+\.py)` \|", DOC, re.MULTILINE))
    assert long == listed


def test_every_locked_dependency_of_ours_has_its_reason() -> None:
    reasons = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8").lower()
    for name in ("run", "dev"):
        for line in (ROOT / f"requirements/{name}.in").read_text(encoding="utf-8").splitlines():
            wanted = re.match(r"[A-Za-z][A-Za-z0-9-]*", line)
            if wanted:
                assert f"`{wanted[0].lower()}`" in reasons, f"{wanted[0]}: no reason given"


def test_no_tracked_file_names_a_registry_host_or_a_path_of_one_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    pattern = re.compile(
        "py" + r"pi\.org|files\.python" + r"hosted|registry\.np" + r"mjs|deb\.deb" + "ian"
    )
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.is_file() and path.stat().st_size < 2_000_000:
            text = path.read_text(encoding="utf-8", errors="ignore")
            assert not pattern.search(text), name
            assert str(ROOT.parent) + "/" not in text, name
