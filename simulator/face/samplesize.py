"""`sim.samplesize`: closed-form sample sizes."""

from __future__ import annotations

from simulator.face.result import Result, now


def samplesize(
    design: str,
    *,
    alpha: float | None = None,
    power: float | None = None,
    n: float | None = None,
    ratio: float | None = None,
    lost: float | None = None,
    aim: str | None = None,
    margin: float | None = None,
    looks: int | None = None,
    boundary: str | None = None,
    cluster_size: float | None = None,
    icc: float | None = None,
    hazard_ratio: float | None = None,
    median_0: float | None = None,
    median_1: float | None = None,
    hazard_0: float | str | None = None,
    hazard_1: float | str | None = None,
    rate_0: float | str | None = None,
    rate_1: float | str | None = None,
    at: float | str | None = None,
    accrual: float | str | None = None,
    follow_up: float | None = None,
    dropout: float | str | None = None,
    dropout_0: float | str | None = None,
    dropout_1: float | str | None = None,
    until: float | None = None,
    p0: float | None = None,
    p1: float | None = None,
    difference: float | None = None,
    sd: float | None = None,
    correlation: float | None = None,
    win_ratio: float | None = None,
    ties: float | None = None,
) -> Result:
    """Patients (or events) for a power, or the power of `n`, by every closed formula and exact test that fits.

    `design` is survival, binary, means, win-ratio, single-arm or simon. Arm 0 is the control, `ratio` the patients in arm 1
    per patient in arm 0, `alpha` one-sided, `lost` the share who will give no outcome. `aim` is superiority, non-inferiority
    or equivalence, the last two with a `margin`: a signed difference p1 - p0 or of means, or a hazard ratio. Times are of any
    one unit; what may come in pieces is text, as ``"0.4:3,0.2"`` for a hazard of 0.4 until 3 and 0.2 afterwards. `until`
    adds the difference of restricted means and of survival at this time. `looks` (with a `boundary`) and `cluster_size`
    (limbs or lesions of each patient, which correlate by `icc`) make a trial larger.

    Tables of the result: ``samplesize`` (a row a method: patients or events, by arm, `unrounded`, citation), ``power_curve``
    (method, patients, power) and, of a single arm, ``sawtooth``.

    Raises BadInput with everything missing, idle or impossible; inputs are named as options of `clti samplesize`.

    >>> import simulator as sim
    >>> sim.samplesize("single-arm", p0=0.5, p1=0.7).samplesize["patients"].tolist()
    [44, 49]
    """
    given = {name: value for name, value in locals().items() if name != "design"}
    from simulator.questions.samplesize.calculator import calculate
    from simulator.questions.samplesize.findings import findings

    begun = now()
    inputs = {{"cluster_size": "members", "icc": "correlation_within"}.get(name, name): v for name, v in given.items()}
    answer = calculate(design, inputs)
    return Result(findings(answer, {name: value for name, value in given.items() if value is not None}), begun)
