"""What is changed in a mutant: operators of Cosmic Ray, and mistakes of this field that no general tool makes.

Cosmic Ray (https://cosmic-ray.readthedocs.io) brings arithmetic, comparisons, numbers, booleans and loops. Ours take another
stream of luck or another parameter, swap arguments, forget a statement. Each is one of Cosmic Ray's `Operator`s.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import parso
from cosmic_ray.ast import ast_nodes
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
    tree = ast.parse((ROOT / "simulator" / "words" / "vocabulary.py").read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return {
        node.name: [
            line.targets[0].id
            for line in node.body
            if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)
        ]
        for node in classes
    }


class Own(Operator):  # type: ignore[misc]
    """An operator that replaces a node by each of the texts that may stand for it."""

    def __init__(self, texts: Callable[[Any], Iterator[str]]) -> None:
        self.texts = texts

    def mutation_positions(self, node: Any) -> Iterator[Position]:
        """Once for each text."""
        for _ in self.texts(node):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """The node of one of the texts."""
        text = node.get_first_leaf().prefix + list(self.texts(node))[index]
        return parso.parse(text)  # type: ignore[no-untyped-call]

    @classmethod
    def examples(cls) -> tuple[()]:
        """None: the tests of Cosmic Ray's own plugins ask for them."""
        return ()


def bare(node: Any) -> str:
    """The text of a node."""
    return str(node.get_code(include_prefix=False))


TYPES = ("NDArray[", "Callable[", "Mapping[", "dict[", "tuple[")


def only_typed(statement: Any) -> bool:
    """Whether a statement tells the type checker something and assigns nothing that runs: a field that is only declared, which
    the checker misses at each call, or a name for a type, which stands in annotations."""
    _, second, *rest = statement.children
    if second.type == "annassign":
        return len(second.children) == 2
    return bare(second) == "=" and len(rest) == 1 and bare(rest[0]).startswith(TYPES)


def of_effort(statement: Any) -> bool:
    """Whether a statement gives sizes to an `Effort`, in its class or where one is made: one more or less is as good."""
    owner = statement.parent.parent.parent
    in_class = owner is not None and owner.type == "classdef" and owner.name.value == "Effort"
    return in_class or bare(statement.children[-1]).startswith("Effort(")


def forgotten(node: Any) -> Iterator[str]:
    """An assignment, a call or an exception is forgotten."""
    if node.parent is not None and node.parent.type == "simple_stmt" and node is node.parent.children[0]:
        called = node.type in {"atom_expr", "power"} and bare(node).endswith(")")
        if called or node.type == "raise_stmt" or (node.type == "expr_stmt" and not only_typed(node)):
            yield "pass"


MEMBERS = members()


def other_member(node: Any) -> Iterator[str]:
    """The next stream, risk, event or state of an enumeration."""
    if node.type != "name" or node.parent.type != "trailer" or node.parent.children[0].value != ".":
        return
    before = node.parent.get_previous_sibling()
    names = MEMBERS.get(bare(before), []) if before is not None else []
    if node.value in names and len(names) > 1:
        yield names[(names.index(node.value) + 1) % len(names)]


RECORDS = frozenset({"params", "policy", "life", "patient", "criteria"})


def field_of(node: Any) -> str | None:
    """The record that a name is a field of."""
    trailer = node.parent
    if node.type != "name" or trailer is None or trailer.type != "trailer" or trailer.children[0].value != ".":
        return None
    record = bare(trailer.get_previous_sibling())
    return record if trailer is trailer.parent.children[1] and record in RECORDS else None


def other_field(node: Any) -> Iterator[str]:
    """The next field of the same record that the same function reads: another parameter, another date."""
    record = field_of(node)
    function = parso.tree.search_ancestor(node, "funcdef") if record is not None else None
    if function is not None:
        fields = sorted({name.value for name in ast_nodes(function) if field_of(name) == record})
        if len(fields) > 1:
            yield fields[(fields.index(node.value) + 1) % len(fields)]


MULTIPLIED = {"measured": 1, "add_count": 2, "frailty_ratio": 0}
"""Functions in which an argument, by its place, and the next are only multiplied with each other: in whatever order."""


ANY_ORDER = ("math.hypot(", *(f"np.{name}(" for name in ("hypot", "dot", "minimum", "maximum")))
"""Functions whose arguments may come in any order."""


def swapped(node: Any) -> Iterator[str]:
    """Two neighbouring arguments of a call change places, where their order means something."""
    if node.type != "arglist" or node.parent.type != "trailer":
        return
    called = bare(node.parent.get_previous_sibling())
    if called in {"min", "max"} or bare(node.parent.parent).startswith(ANY_ORDER):
        return
    given = [child for child in node.children if child.type != "operator"]
    texts = [bare(child) for child in given]
    for i in range(len(given) - 1):
        if (
            MULTIPLIED.get(called) != i
            and "argument" not in {given[i].type, given[i + 1].type}
            and texts[i] != texts[i + 1]
        ):
            yield ", ".join([*texts[:i], texts[i + 1], texts[i], *texts[i + 2 :]])


OPPOSITE = {
    **{"min": "max", "max": "min", "any": "all", "all": "any", "floor": "ceil", "ceil": "floor"},
    **{"minimum": "maximum", "maximum": "minimum", "cumsum": "cumprod", "mean": "sum"},
    **{"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*="},
}


def opposite(node: Any) -> Iterator[str]:
    """The larger for the smaller, all for any, and augmented assignments the other way round."""
    if node.type in {"name", "operator"} and node.value in OPPOSITE:
        following = node.get_next_leaf()
        if node.type == "operator" or (following is not None and following.value == "("):
            yield OPPOSITE[node.value]


OWN = (forgotten, other_member, other_field, swapped, opposite)


def operators() -> dict[str, Any]:
    """Every operator by name."""
    provider = OperatorProvider()
    return {name: provider[name]() for name in GENERAL} | {texts.__name__: Own(texts) for texts in OWN}


def changes_behaviour(node: Any) -> bool:
    """Whether a node does anything: not so annotations, decorators, imports, documentation and the star before named arguments,
    assertions, which tell the type checker what is never otherwise, and how much work is done."""
    child = node
    while (parent := child.parent) is not None:
        if child.type in {"decorator", "import_from", "import_name", "tfpdef", "assert_stmt"}:
            return False
        if child.type == "expr_stmt" and of_effort(child):
            return False
        if parent.type == "annassign" and child is parent.children[1]:
            return False
        if isinstance(parent, Function) and parent.annotation is child:
            return False
        if child.type == "operator" and parent.type in {"parameters", "param"}:
            return False
        child = parent
    return True
