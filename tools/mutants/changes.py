"""Small wrong versions of a file of the product, found in its syntax tree.

Each changes one place in one of the usual ways. Left alone: docstrings, logging, type annotations,
decorators, `__repr__`, `__all__`, the words of messages and of raised errors, f-strings.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FLIPS: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Lt: [ast.LtE, ast.GtE],
    ast.LtE: [ast.Lt, ast.Gt],
    ast.Gt: [ast.GtE, ast.LtE],
    ast.GtE: [ast.Gt, ast.Lt],
    ast.Eq: [ast.NotEq],
    ast.NotEq: [ast.Eq],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
}
_SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}
_LOGGERS = {"log", "_log", "logger", "_logger", "logging", "warnings"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Mutant:
    """`where` is the function or class; `text` its line; `body` the lines that a test must touch;
    `names` what is called instead, where the place runs only while a module is loaded."""

    path: str
    line: int
    where: str
    kind: str
    before: str
    after: str
    text: str
    span: tuple[int, int]  # bytes of the file
    body: range
    names: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        """By which docs/mutants.md knows it."""
        return self.path, self.where, self.change

    @property
    def change(self) -> str:
        """One line that names it whatever line it stands on; a small thing with what is around."""
        around = f" @ {_flat(self.text)}" if len(self.before) < 12 else ""
        return f"{_flat(self.before)} → {_flat(self.after)}{around}"

    def applied(self, source: bytes) -> bytes:
        return source[: self.span[0]] + self.after.encode() + source[self.span[1] :]


def mutants(root: Path, path: str) -> list[Mutant]:
    """All of a file's, those left out whose source would not be Python."""
    source = (root / path).read_bytes()
    finder = _Finder(path, source)
    finder.visit(ast.parse(source))
    return [m for m in finder.found if _is_python(m.applied(source))]


def reasons(page: Path) -> dict[tuple[str, str, str], str]:
    """(file, in, change) → why it gets no test, from the table's rows in docs/mutants.md."""
    rows = (line.strip("| ").split(" | ") for line in page.read_text(encoding="utf-8").splitlines())
    return {
        (row[0], row[1], row[2].replace("\\|", "|").strip("`")): row[3]
        for row in rows
        if len(row) == 4 and row[0].endswith(".py")
    }


def _is_python(source: bytes) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _flat(text: str) -> str:
    one = " ".join(text.split())
    return one if len(one) <= 110 else one[:80] + " … " + one[-25:]


class _Finder(ast.NodeVisitor):
    def __init__(self, path: str, source: bytes) -> None:
        self._path, self._source = path, source
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._scopes: list[ast.AST] = []
        self._body = range(0)
        self._names: tuple[str, ...] = ()
        self.found: list[Mutant] = []

    # --- what is walked, and what is not ---

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.stmt):
            inner = getattr(node, "body", None)
            last = inner[0].lineno - 1 if inner else (node.end_lineno or node.lineno)
            self._body = range(node.lineno, max(last, node.lineno) + 1)
            if not any(isinstance(s, _FUNCTIONS) for s in self._scopes):
                self._names = tuple(self._called(node))
        super().visit(node)

    def _called(self, node: ast.stmt) -> Iterator[str]:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        yield from (t.id for t in targets if isinstance(t, ast.Name))
        yield from (s.name for s in self._scopes if isinstance(s, ast.ClassDef))

    def _in(self, scope: ast.AST, nodes: Iterable[ast.AST]) -> None:
        self._scopes.append(scope)
        for node in nodes:
            self.visit(node)
        self._scopes.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._in(node, node.body)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.name == "__repr__":
            return
        before, names = self._body, self._names
        # A default counts where the function runs.
        self._body, self._names = range(node.body[0].lineno, (node.end_lineno or 0) + 1), ()
        self._scopes.append(node)
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.visit(default)
        self._scopes.pop()
        self._in(node, node.body)
        self._body, self._names = before, names

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(isinstance(t, ast.Name) and t.id.startswith("__") for t in node.targets):
            return
        if isinstance(node.targets[0], ast.Attribute | ast.Subscript) and self._inside():
            self._add("statement deleted", node, "pass")
        self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        pass

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        for case in node.cases:
            if case.guard:
                self._body = range(case.guard.lineno, (case.guard.end_lineno or 0) + 1)
                self.visit(case.guard)
            for part in case.body:
                self.visit(part)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._add("raise removed", node, "pass")

    def visit_If(self, node: ast.If) -> None:
        if "TYPE_CHECKING" in ast.unparse(node.test) or "__name__" in ast.unparse(node.test):
            return
        if not node.orelse and isinstance(node.body[-1], ast.Return | ast.Continue | ast.Raise):
            self._add("guard removed", node, "pass")
        self._negated(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negated(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for condition in node.ifs:
            self._add("condition dropped", condition, "True")
        self.generic_visit(node)

    # --- how each is changed ---

    def visit_Compare(self, node: ast.Compare) -> None:
        for place, op in enumerate(node.ops):
            for other in _FLIPS[type(op)]:

                def flip(new: ast.Compare, p: int = place, o: type[ast.cmpop] = other) -> None:
                    new.ops[p] = o()

                self._altered("comparison", node, flip)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        def swap(new: ast.BoolOp) -> None:
            new.op = ast.Or() if isinstance(new.op, ast.And) else ast.And()

        self._altered("and/or", node, swap)
        for place in range(len(node.values)):
            rest = [v for p, v in enumerate(node.values) if p != place]
            left: ast.expr = ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0]
            self._add("condition dropped", node, f"({ast.unparse(left)})")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._add("not dropped", node, f"({ast.unparse(node.operand)})")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        words = any(
            isinstance(side, ast.JoinedStr)
            or (isinstance(side, ast.Constant) and isinstance(side.value, str | bytes))
            for side in (node.left, node.right)
        )
        if isinstance(node.op, ast.Add | ast.Sub) and not words:

            def swap(new: ast.BinOp) -> None:
                new.op = ast.Sub() if isinstance(new.op, ast.Add) else ast.Add()

            self._altered("+/-", node, swap)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._add("constant", node, str(not node.value))
        elif isinstance(node.value, int | float):
            small = abs(node.value) <= 10
            for other in (node.value + 1, node.value - 1) if small else (node.value * 2,):
                self._add("constant", node, f"({other})" if other < 0 else repr(other))

    def visit_Slice(self, node: ast.Slice) -> None:
        for name in ("lower", "upper"):
            bound = getattr(node, name)
            if bound is not None and not isinstance(bound, ast.Constant):
                self._add("slice", bound, f"({ast.unparse(bound)}) + 1")
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        value = node.value
        if value is None or (isinstance(value, ast.Constant) and value.value is None):
            return
        holder = next(s for s in reversed(self._scopes) if isinstance(s, _FUNCTIONS))
        shape = ast.unparse(holder.returns) if holder.returns else ""
        if shape == "bool" and not isinstance(value, ast.Constant):
            self._add("return replaced", value, f"(not ({ast.unparse(value)}))")
        elif not isinstance(value, ast.Constant):
            empty = {"str": '""', "int": "0", "float": "0.0"}.get(shape)
            if shape.startswith(("list", "dict", "set", "frozenset", "tuple[", "Sequence")):
                word = shape.split("[")[0].replace("Sequence", "tuple")
                empty = f"{word}()" if not shape.startswith("tuple[") or "..." in shape else None
            self._add("return replaced", value, empty or "None")
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(call, ast.Constant):
            return
        if isinstance(call, ast.Call):
            if ast.unparse(call.func).split(".")[0].removeprefix("self.") in _LOGGERS:
                return
            if self._inside():
                self._add("statement deleted", node, "pass")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._add("statement deleted", node, "pass")
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        self._add("statement deleted", node, "pass")

    def visit_Break(self, node: ast.Break) -> None:
        self._add("break/continue", node, "continue")

    def visit_Continue(self, node: ast.Continue) -> None:
        self._add("break/continue", node, "break")

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id in _SWAPPED:
            self._add("min/max, any/all", node.func, _SWAPPED[node.func.id])
        self.visit(node.func)
        for part in (*node.args, *(k.value for k in node.keywords)):
            self.visit(part)

    # --- helpers ---

    def _line(self, number: int) -> str:
        return self._source[self._starts[number - 1] : self._starts[number]].decode().strip()

    def _inside(self) -> bool:
        return any(isinstance(s, _FUNCTIONS) for s in self._scopes)

    def _negated(self, test: ast.expr) -> None:
        if not isinstance(test, ast.Compare | ast.UnaryOp):  # those have ways of their own
            self._add("condition negated", test, f"(not ({ast.unparse(test)}))")

    def _altered(self, kind: str, node: ast.expr, change: Callable[[Any], None]) -> None:
        new = copy.deepcopy(node)
        change(new)
        self._add(kind, node, f"({ast.unparse(new)})")

    def _add(self, kind: str, node: ast.stmt | ast.expr, after: str) -> None:
        start = self._starts[node.lineno - 1] + node.col_offset
        end = self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        before = self._source[start:end].decode()
        where = ".".join(getattr(s, "name", "") for s in self._scopes) or "(module)"
        self.found.append(
            Mutant(
                self._path, node.lineno, where, kind, before, after, self._line(node.lineno),
                (start, end), self._body, self._names,
            )
        )  # fmt: skip
