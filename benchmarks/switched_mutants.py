"""One program that holds many mutants, of which a number chosen as it runs puts one in force: compiled once instead of for each.

Every function that a mutant changes is there as it is and as each mutant has it, and asks for the number to know which of them
to be. A mutant whose types do not fit could not be compiled, which is written down as it turns out; in this program it then does
what the function does.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from mutants import ROOT, Mutant

VARIABLE = "CLTI_MUTANT"
"""The environment variable from which processes that are begun later know the number; 0 is the program as it is."""
SWITCH = "simulator/mutant_switch.py"
SWITCH_TEXT = '''
"""Which mutant is in force."""

import ctypes
import os
from pathlib import Path

from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

# A number of the C library that nobody here uses, because compiled code that is read from a file finds it by its name.
_number = ctypes.c_int.in_dll(ctypes.CDLL(None), "optopt")
_number.value = int(os.environ.get("CLTI_MUTANT", "0"))
UNFIT = Path(__file__).with_name("unfit.txt")
"""Numbers of the mutants that cannot be compiled, a line each."""


def choose(number):
    """Put a mutant in force, here and in processes that are begun later."""
    os.environ["CLTI_MUTANT"] = str(number)
    _number.value = number


def mutant():
    """The number of the mutant in force."""
    return _number.value


@intrinsic
def _read(context):
    def generate(context, builder, signature, arguments):
        module = builder.module
        known = module.globals.get("optopt")
        return builder.load(known or ir.GlobalVariable(module, ir.IntType(32), "optopt"))

    return types.int32(), generate


@overload(mutant)
def _mutant():
    return lambda: _read()


def fits(number, function, changed, given):
    """Whether a changed function can be compiled and returns what the function returns."""
    given = tuple(types.unliteral(getattr(each, "value", each) if isinstance(each, types.Omitted) else each) for each in given)
    function.compile(given)
    try:
        changed.compile(given)
    except Exception:  # of many kinds: a field of another record is a KeyError
        same = False
    else:
        same = changed.overloads[given].signature.return_type == function.overloads[given].signature.return_type
    if not same:
        with UNFIT.open("a") as file:
            file.write(f"{number}\\n")
    return same
'''


def definitions(text: str) -> dict[str, str]:
    """Each function of a module with its decorators, by name."""
    lines = text.splitlines(keepends=True)
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            found[node.name] = "".join(lines[first - 1 : node.end_lineno])
    return found


def changed_function(mutant: Mutant) -> str:
    """The name of the one function of its file that a mutant changes; "" where it changes anything else."""
    before, after = (ROOT / mutant.file).read_text(encoding="utf-8"), mutant.text
    old, new = definitions(before), definitions(after)
    names = [name for name in old if new.get(name) != old[name]]
    if len(names) != 1 or before.replace(old[names[0]], "") != after.replace(new[names[0]], ""):
        return ""
    return names[0]


def renamed(text: str, name: str, now: str) -> str:
    """A definition under another name."""
    return re.sub(rf"^def {name}\(", f"def {now}(", text, count=1, flags=re.MULTILINE)


def switching(name: str, text: str, changed: Mapping[int, str]) -> str:
    """A function as it is, as mutants have it by their number, and under its own name what chooses among them."""
    node = ast.parse(text).body[0]
    assert isinstance(node, ast.FunctionDef)
    given = ", ".join(argument.arg for argument in node.args.args)
    compiled = [each for each in map(ast.unparse, node.decorator_list) if each.startswith("compiled")]
    parts = [renamed(text, name, f"{name}__0")]
    chooser = [*(f"@{each}" for each in compiled), f"def {name}({ast.unparse(node.args)}):", "    number = mutant()"]
    for number, mutated in changed.items():
        now = f"{name}__{number}"
        parts.append(renamed(mutated, name, now))
        if compiled:
            parts.append(
                f"def {now}_if_it_fits({given}):\n    return {now}({given})\n\n"
                f"@overload({now}_if_it_fits, strict=False)\n"
                f"def _({given}):\n"
                f"    if fits({number}, {name}__0, {now}, ({given}{',' if given else ''})):\n"
                f"        return lambda {given}: {now}({given})\n"
                f"    return lambda {given}: {name}__0({given})\n"
            )
            now = f"{now}_if_it_fits"
        chooser += [f"    if number == {number}:", f"        return {now}({given})"]
    chooser.append(f"    return {name}__0({given})")
    return "\n\n".join([*parts, "\n".join(chooser)]) + "\n"


IMPORTS = "from numba.extending import overload\nfrom simulator.mutant_switch import fits, mutant\n"


def write_switched(program: Path, mutants: Sequence[Mutant]) -> list[int]:
    """Put mutants, numbered from 1, into a copy of the program. Returns the numbers of those that no function can hold."""
    (program / SWITCH).write_text(SWITCH_TEXT.lstrip(), encoding="utf-8")
    by_function: dict[tuple[str, str], dict[int, str]] = {}
    apart = []
    for number, mutant in enumerate(mutants, 1):
        name = changed_function(mutant)
        if name:
            by_function.setdefault((mutant.file, name), {})[number] = definitions(mutant.text)[name]
        else:
            apart.append(number)
    for file in sorted({file for file, _ in by_function}):
        text = (ROOT / file).read_text(encoding="utf-8")
        for name, own in definitions(text).items():
            if (file, name) in by_function:
                text = text.replace(own, switching(name, own, by_function[file, name]))
        future = "from __future__ import annotations\n"
        (program / file).write_text(text.replace(future, future + IMPORTS, 1), encoding="utf-8")
    return apart
