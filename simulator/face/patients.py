"""`sim.patients`: a registry's export read, described, and turned into a hospital of one's own."""

from __future__ import annotations

from pathlib import Path

from simulator.face.asked import Progress, check
from simulator.face.result import Result, now
from simulator.words.errors import BadInput, CheckFailed, Problem

SMALLEST, MOST_SLOTS = 10, 10_000


def patients(
    export: str | Path,
    *,
    mapping: str | Path | None = None,
    smallest: int = SMALLEST,
    rows: bool = False,
    slots_per_week: float | None = None,
    progress: Progress | None = None,
) -> Result:
    """Read a registry's export: who its people are, what became of them, and where the hospital lies by that.

    `export` is CSV with any delimiter, decimals and encoding, or .xlsx; `mapping` a file that says exactly what its columns
    are (default: the one that is proposed, if nothing has to be answered). Counts from 1 to `smallest` are not shown, nor
    what they could be worked out from. With `rows` the people are written one by one, without identifiers or dates.

    With `slots_per_week` it is told, too, what policies change if so few treatments can be given.

    Tables: ``who`` (characteristics beside the base referral mix and the founding cohort), ``missing``, ``eligible`` (by
    policy), ``course`` (cumulative incidence with 95% limits and people at risk), ``odd``; of the hospital by what became of
    each of its people ``own`` (offset, before and after with 95% limits), ``accuracy`` (observed and expected, C-index, Brier
    score), ``calibration`` (in groups of like risk) and ``calendar``; what policies would change ``here``, a year of its own
    referrals (of 100 where dates do not tell how many come), ``slots_needed``, with `slots_per_week` ``few_slots`` and ``waits``;
    with `rows` ``patients``. Files beside them:
    ``mapping.toml``, and ``centre.toml``, a scenario for `compare` and every ``--centre``.

    Raises BadInput with everything that is wrong with the export or the mapping, and for questions that are open.

    >>> import simulator as sim
    >>> sim.patients("nowhere.csv")
    Traceback (most recent call last):
    simulator.words.errors.BadInput: 1 problem(s) in the input:
      nowhere.csv: file = No such file or directory; allowed: an export at this place (CSV or .xlsx)
    """
    from simulator.compiling import announced
    from simulator.questions.registry.export.cells import read_export
    from simulator.questions.registry.export.mapping import read_mapping
    from simulator.questions.registry.export.proposal import Proposal, propose
    from simulator.questions.registry.findings import findings
    from simulator.questions.registry.here import referrals_per_year
    from simulator.questions.registry.offsets.offsets import PARTICLES
    from simulator.questions.registry.people.people import people_of
    from simulator.scenario import load_scenario
    from simulator.valuation.lives import silent

    begun = now()
    check("patients", smallest=(smallest, 0, 1_000))
    if slots_per_week is not None and not 0.0 < slots_per_week <= MOST_SLOTS:
        raise BadInput([Problem("patients", "slots_per_week", f"{slots_per_week:g}", f"above 0, to {MOST_SLOTS:,}")])
    cells = read_export(Path(export))
    if mapping is None:
        proposal = propose(cells)
        open_still = list(proposal.mapping.faults(cells))
        if open_still:
            raise BadInput(Problem("mapping", *fault) for fault in open_still)
    else:
        exact, _ = read_mapping(Path(mapping), cells)
        proposal = Proposal(exact, dict.fromkeys(exact.fields, "as the mapping says"))
    if not proposal.mapping.fields:
        raise BadInput([Problem(cells.called, "columns", "none recognised", "a mapping that names them: --mapping")])
    people = people_of(cells, proposal.mapping)
    if len(people) <= smallest:
        few = f"more than {smallest} people with ischaemia that threatens the limb (--smallest)"
        raise BadInput([Problem(cells.called, "people", f"at most {smallest}", few)])
    if slots_per_week is not None and referrals_per_year(people, smallest) is None:
        allowed = f"dates of a year at least, with more than {smallest} referrals a year, for slots_per_week"
        raise BadInput([Problem(cells.called, "index_date", "too little", allowed)])
    base, founding = load_scenario("base"), load_scenario("founding_cohort")
    with (
        announced("lives along recorded courses"),
        (progress or silent)("Living each course", PARTICLES + 1) as advance,
    ):
        found = findings(
            cells, people, proposal, base, founding, smallest, rows=rows, slots_per_week=slots_per_week, advance=advance
        )
    return Result(found, begun)


def propose_mapping(export: str | Path, to: Path) -> int:
    """Write the proposed mapping of an export to a file that is not there yet. Returns how many answers it wants.

    Raises CheckFailed where the file is there, and StorageFailed where it cannot be written.
    """
    from simulator.questions.registry.export.cells import read_export
    from simulator.questions.registry.export.proposal import mapping_toml, propose
    from simulator.work.disk import AGAIN, save_new, storage_fault

    cells = read_export(Path(export))
    proposal = propose(cells)
    try:
        save_new(to, mapping_toml(proposal, cells).encode())
    except FileExistsError:
        raise CheckFailed(f"{to} is there already: answer what it asks, then give it as --mapping.") from None
    except OSError as error:
        raise storage_fault(to, error, AGAIN) from error
    return proposal.questions


def made_up_export() -> bytes:
    """The export (CSV) of a hospital that does not exist, to try `patients` on."""
    from simulator.compiling import announced
    from simulator.questions.registry.synthetic.generator import tutorial

    with announced("the simulation of single patients"):
        return tutorial()
