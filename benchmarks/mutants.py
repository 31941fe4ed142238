"""Every mutant of a file: the program with one line changed."""

from __future__ import annotations

import ast
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from mutation_operators import changes_behaviour, operators

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Mutant:
    """One change: file and function, what a line read -> reads now (numbered where it is there twice), and the whole text."""

    file: str
    function: str
    operator: str
    change: str
    text: str

    @property
    def name(self) -> str:
        """Key that edits elsewhere in the file do not change."""
        return f"{self.file}::{self.function}: {self.change}"


def changed_lines(before: str, after: str) -> tuple[str, str]:
    """The lines that differ, each joined to one."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return " ".join(" ".join(old).split()), " ".join(" ".join(new).split())


def definition_of(node: Any) -> str:
    """The qualified name of the function, method or class that a node stands in; "" outside them."""
    names = []
    while (node := node.parent) is not None:
        if node.type in {"funcdef", "classdef"}:
            names.append(str(node.name.value))
    return ".".join(reversed(names))


def mutants_of(file: str, functions: set[str] | None = None) -> Iterator[Mutant]:
    """Every change of a file, or of some of its functions; what means the same is given once."""
    before = ""
    names = Counter[tuple[str, str]]()
    text = (ROOT / file).read_text(encoding="utf-8")
    for part in get_ast(text).children:
        own, changeable = part.get_code(), list(ast_nodes(part))
        seen = {ast.dump(ast.parse(own))}
        for name, operator in operators().items():
            nodes = (node for node in changeable for _ in operator.mutation_positions(node))
            for occurrence, node in enumerate(nodes):
                function = definition_of(node)
                if not changes_behaviour(node) or (functions is not None and function not in functions):
                    continue
                changed = mutate_code(own, operator, occurrence)
                try:
                    meaning = ast.dump(ast.parse(changed))
                except SyntaxError:
                    continue
                if meaning not in seen:
                    seen.add(meaning)
                    whole = before + changed + text[len(before) + len(own) :]
                    change = " -> ".join(changed_lines(own, changed))
                    names[function, change] += 1
                    number = names[function, change]
                    yield Mutant(file, function, name, change if number == 1 else f"{change} #{number}", whole)
        before += own


def definitions(text: str) -> dict[str, str]:
    """Each function and method by its qualified name, and what stands outside them under "", without documentation."""
    found: dict[str, str] = {}

    def look(node: Any, path: str) -> None:
        for child in getattr(node, "body", []):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                name = f"{path}.{child.name}" if path else child.name
                if isinstance(child, ast.FunctionDef):
                    if ast.get_docstring(child) is not None:
                        child.body = child.body[1:] or [ast.Pass()]
                    found[name] = ast.dump(child)
                else:
                    look(child, name)
            elif not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
                found[path] = found.get(path, "") + ast.dump(child)

    look(ast.parse(text), "")
    return found


def changed_since(ref: str, file: str) -> set[str]:
    """Functions of a file that differ from a commit. A file that moved is compared with where it was."""

    def git(*words: str) -> str:
        run = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        return run.stdout

    before = file
    for line in git("diff", "--name-status", "--find-renames", ref).splitlines():
        status, *names = line.split("\t")
        if status.startswith("R") and names[1] == file:
            before = names[0]
    old = definitions(git("show", f"{ref}:{before}"))
    return {
        name for name, text in definitions((ROOT / file).read_text(encoding="utf-8")).items() if old.get(name) != text
    }


def module_of(file: str) -> str:
    """The name by which Python imports a file."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
