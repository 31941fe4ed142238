"""`sim.forecast`: trials that have not reported, predicted; and scored when they have."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.face.asked import SMALL_SEEDS, Progress, check
from simulator.face.result import Result, now
from simulator.words.errors import BadInput, Problem, said
from simulator.work.linear_algebra import on_one_thread

if TYPE_CHECKING:
    from collections.abc import Callable


@on_one_thread
def forecast(
    trials: Sequence[str] = (),
    *,
    results: str | Path | None = None,
    sealed: str | Path | None = None,
    running: str | Path | None = None,
    draws: int = 400,
    patients: int = 400,
    seed: int = 1,
    progress: Progress | None = None,
) -> Result:
    """Forecast registered trials whose results are not known, or score one that has reported.

    `trials` are names of shipped ones or files (TOML, as ``clti new forecast`` writes them); without any every shipped trial
    is forecast. Each of the joint `draws` of the parameters, of the hospital and of what a registration leaves open lives at
    least `patients` people of each arm, under each view of the evidence. With `results` (a TOML file of what was reported)
    that trial alone is scored: from the `sealed` forecast (``forecast_NAME.json``) that was made before from the same file, or
    anew without it. `running` is the running table (CSV) of trials scored before, if there is one; it is read, not written.

    Tables of the result, all with the trial's name: ``arms`` (events of each arm, with 95% prediction limits), ``contrasts``
    (difference of risks, treated minus control), ``chances`` (of success), ``risks`` (each arm's risk as equally likely
    values); after results ``scores``, ``verdicts``, ``running`` (the running table with this trial) and ``overall`` (its sums).
    Shares are 0 to 1, `se` is the Monte Carlo standard error.

    Raises BadInput with everything that is wrong with the files.

    >>> import simulator as sim
    >>> found = sim.forecast(["circulate"], draws=20, patients=40)
    >>> found.chances["view"].unique().tolist()
    ['sceptical', 'central', 'optimistic', 'naive']
    """
    from simulator.compiling import announced
    from simulator.evidence import load_register
    from simulator.questions.forecast.findings import findings
    from simulator.questions.forecast.predicted import Forecast
    from simulator.questions.forecast.predicted import forecast as predicted
    from simulator.questions.forecast.reading import file_of, load_results, load_trials
    from simulator.questions.forecast.sealed import opened
    from simulator.questions.forecast.sealed import sealed as seal
    from simulator.questions.validate.own_therapies import with_own_therapies
    from simulator.studies.reading import evidence_files

    begun = now()
    if isinstance(trials, str | Path) or not isinstance(trials, Sequence):
        raise BadInput([Problem("forecast", "trials", said(trials), f"a list of names, as in [{trials!r}]")])
    check("forecast", draws=(draws, 2, 100_000), patients=(patients, 10, 100_000), seed=(seed, 0, SMALL_SEEDS - 1))
    if sealed is not None and results is None:
        raise BadInput([Problem("forecast", "sealed", str(sealed), "results, too: what the forecast is scored by")])
    if running is not None and results is None:
        raise BadInput(
            [Problem("forecast", "running", str(running), "results, too: what is added to the running table")]
        )
    asked = [str(each) for each in trials]
    register, own = with_own_therapies(load_register(), [file_of(each) for each in asked])
    chosen, read = load_trials(register, asked)
    evidence = evidence_files() | own
    reported = None
    told: dict[str, bytes] = {}
    if results is not None:
        reported, told = load_results(Path(results), chosen)
        chosen = {reported.forecast: chosen[reported.forecast]}
    settings: dict[str, Any] = {"draws": draws, "patients": patients, "register": register.hash()}
    inputs = {called: content for name in chosen for called, content in read[name].items()} | evidence | told
    made: dict[str, Forecast] = {}
    written: dict[str, str] = {}
    if sealed is not None:
        name = next(iter(chosen))
        tables, kept = opened(Path(sealed), of=read[name])
        made[name], settings = Forecast(**tables), dict(kept)
        written[name] = Path(sealed).read_text(encoding="utf-8")
    else:
        with announced("forecasts"):
            predicted("first", next(iter(chosen.values())), register, 2, 10, seed)
        show = progress or _silent
        with show("Forecasting", 3 * draws * len(chosen)) as advance:
            for name, trial in chosen.items():
                made[name] = predicted(name, trial, register, draws, patients, seed, advance)
                written[name] = seal(made[name], {**settings, "seed": seed}, read[name] | evidence).decode()
    earlier = None if running is None else Path(running)
    before = sealed is not None
    told_of = findings(chosen, made, register, written, inputs, settings, seed, reported, before, earlier)
    return Result(told_of, begun)


def _silent(what: str, total: int) -> nullcontext[Callable[[int], None]]:
    return nullcontext(lambda steps: None)
