"""What is changed in a mutant: operators of Cosmic Ray, and mistakes of this field that no general tool makes.

Cosmic Ray (https://cosmic-ray.readthedocs.io) brings arithmetic, comparisons, numbers, booleans and loops. Ours take another
stream of luck or another parameter, swap arguments, forget a statement. Each is one of Cosmic Ray's `Operator`s.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import parso
from cosmic_ray.operators.operator import Operator
from cosmic_ray.operators.provider import OperatorProvider
from parso.python.tree import Function

ROOT = Path(__file__).resolve().parents[1]
Position = tuple[tuple[int, int], tuple[int, int]]

GENERAL = (
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Lt_GtE", "LtE_Gt", "Gt_LtE", "GtE_Lt", "Eq_NotEq", "NotEq_Eq")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Is_IsNot", "IsNot_Is")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "Pow_Mul")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("FloorDiv_Mul", "Mod_Add", "RShift_LShift", "LShift_RShift")),
    *(f"ReplaceBinaryOperator_{pair}" for pair in ("BitOr_BitAnd", "BitAnd_BitOr", "BitXor_BitAnd")),
    "ReplaceUnaryOperator_Delete_USub",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_Delete_Invert",
    "AddNot",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "NumberReplacer",
    "ZeroIterationForLoop",
)
"""Cosmic Ray's operators in use. It would replace each arithmetic operator by all eleven others: the opposite one is enough."""


def members() -> dict[str, list[str]]:
    """The enumerations of the model's vocabulary and their members, in order."""
    tree = ast.parse((ROOT / "simulator" / "vocabulary.py").read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return {
        node.name: [
            line.targets[0].id
            for line in node.body
            if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)
        ]
        for node in classes
    }


class _Own(Operator):  # type: ignore[misc]
    """An operator that replaces a node by text, in one way or several."""

    def texts(self, node: Any) -> Iterator[str]:
        """The texts that may stand for the node."""
        raise NotImplementedError

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        for _ in self.texts(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        return parso.parse(node.get_first_leaf().prefix + list(self.texts(node))[index])

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


def _bare(node: Any) -> str:
    return str(node.get_code(include_prefix=False))


class DeleteStatement(_Own):
    """Forget an assignment, a call or an exception."""

    def texts(self, node: Any) -> Iterator[str]:
        if node.parent is not None and node.parent.type == "simple_stmt" and node is node.parent.children[0]:
            called = node.type in {"atom_expr", "power"} and _bare(node).endswith(")")
            if called or node.type in {"expr_stmt", "raise_stmt"}:
                yield "pass"


class OtherMember(_Own):
    """Another member of an enumeration: the next stream, risk, event, state."""

    known = members()

    def texts(self, node: Any) -> Iterator[str]:
        if node.type != "name" or node.parent.type != "trailer" or node.parent.children[0].value != ".":
            return
        before = node.parent.get_previous_sibling()
        names = self.known.get(_bare(before), []) if before is not None else []
        if node.value in names and len(names) > 1:
            yield names[(names.index(node.value) + 1) % len(names)]


class OtherField(_Own):
    """Another parameter, another field of the life, patient or policy that the same function reads."""

    bases = frozenset({"params", "policy", "life", "patient", "criteria"})

    def texts(self, node: Any) -> Iterator[str]:
        if node.type != "name" or not self._is_field(node):
            return
        function = parso.tree.search_ancestor(node, "funcdef")
        base = _bare(node.parent.get_previous_sibling())
        fields = sorted(set(self._fields(function, base))) if function is not None else []
        if len(fields) > 1:
            yield fields[(fields.index(node.value) + 1) % len(fields)]

    def _is_field(self, node: Any) -> bool:
        trailer = node.parent
        if trailer is None or trailer.type != "trailer" or trailer.children[0].value != ".":
            return False
        return trailer is trailer.parent.children[1] and _bare(trailer.get_previous_sibling()) in self.bases

    def _fields(self, node: Any, base: str) -> Iterator[str]:
        for child in getattr(node, "children", ()):
            if child.type == "name" and self._is_field(child) and _bare(child.parent.get_previous_sibling()) == base:
                yield child.value
            yield from self._fields(child, base)


class SwapArguments(_Own):
    """Two neighbouring arguments of a call change places."""

    def texts(self, node: Any) -> Iterator[str]:
        if node.type != "arglist" or node.parent.type != "trailer":
            return
        if _bare(node.parent.get_previous_sibling()) in {"min", "max"}:
            return
        given = [_bare(child) for child in node.children if child.type != "operator"]
        plain = [child.type != "argument" for child in node.children if child.type != "operator"]
        for i in range(len(given) - 1):
            if plain[i] and plain[i + 1] and given[i] != given[i + 1]:
                yield ", ".join([*given[:i], given[i + 1], given[i], *given[i + 2 :]])


class OtherName(_Own):
    """The larger for the smaller, all for any, augmented assignments the other way round."""

    other = {
        **{"min": "max", "max": "min", "any": "all", "all": "any", "floor": "ceil", "ceil": "floor"},
        **{"minimum": "maximum", "maximum": "minimum", "cumsum": "cumprod", "mean": "sum"},
        **{"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*="},
    }

    def texts(self, node: Any) -> Iterator[str]:
        if node.type not in {"name", "operator"} or node.value not in self.other:
            return
        following = node.get_next_leaf()
        if node.type == "operator" or (following is not None and following.value == "("):
            yield self.other[node.value]


OWN = (DeleteStatement, OtherMember, OtherField, SwapArguments, OtherName)


def operators() -> dict[str, Any]:
    """Every operator by name."""
    provider = OperatorProvider()
    return {name: provider[name]() for name in GENERAL} | {kind.__name__: kind() for kind in OWN}


def changes_behaviour(node: Any) -> bool:
    """Whether a node is run: not so annotations, decorators, imports and documentation."""
    child = node
    while (parent := child.parent) is not None:
        if child.type in {"decorator", "import_from", "import_name", "tfpdef"}:
            return False
        if parent.type == "annassign" and child is parent.children[1]:
            return False
        if isinstance(parent, Function) and parent.annotation is child:
            return False
        child = parent
    return True
