"""One word, one meaning: what stands at the top of a module is named once in the house."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from test_architecture import ROOT, modules


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in modules():
        yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def named_twice(found: Iterator[tuple[Path, ast.Module]]) -> dict[str, list[str]]:
    """Public classes of the same name, with where they stand."""
    homes: dict[str, list[str]] = defaultdict(list)
    for path, tree in found:
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(str(path))
    return {name: where for name, where in homes.items() if len(where) > 1}


def test_no_two_classes_of_the_product_share_a_name() -> None:
    assert named_twice(trees()) == {}


def test_two_classes_of_one_name_would_be_found() -> None:
    one, two = Path("a.py"), Path("b.py")
    tree = ast.parse("class Post:\n    pass\n\n\nclass _Own:\n    pass\n")
    assert named_twice(iter([(one, tree), (two, tree)])) == {"Post": ["a.py", "b.py"]}


def compares_scorers(tree: ast.Module) -> bool:
    """Whether a `.scorer` is compared with a `.assessed_by`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = (node.left, *node.comparators)
            named = {side.attr for side in sides if isinstance(side, ast.Attribute)}
            if {"scorer", "assessed_by"} <= named:
                return True
    return False


def test_whose_assessment_stands_is_joined_in_one_place() -> None:
    assert [str(path) for path, tree in trees() if compares_scorers(tree)] == ["db/assessments.py"]
