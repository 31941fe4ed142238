"""Sensitivity studies of the clinical model: the right lives, the right money, and which policy is best where."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer
from scipy.stats import spearmanr
from typer.testing import CliRunner

from simulator import load_scenario, simulate
from simulator.cli import merge as merge_command
from simulator.cli import sensitivity as sensitivity_command
from simulator.evidence.shipped import shipped
from simulator.questions.sweep.clinical import clinical
from simulator.questions.sweep.clinical.clinical import Clinical, batch_means
from simulator.questions.sweep.clinical.policy_settings import SETTINGS, with_settings
from simulator.questions.sweep.methods.designs import METHODS
from simulator.questions.sweep.methods.inputs import Floats
from simulator.questions.sweep.methods.model import Model
from simulator.questions.sweep.policy_choice import Choices, choose
from simulator.questions.sweep.policy_sweep import PolicySweep, read_policy_study, sweep_of
from simulator.questions.sweep.results import analyse
from simulator.questions.sweep.study import Study
from simulator.questions.sweep.study_reading import SHIPPED, read_study, study_tables
from simulator.questions.sweep.sweep import Runs, Sweep
from simulator.scenario import Scenario
from simulator.scenario.policy import Policy
from simulator.valuation.valuation import worth
from simulator.valuation.values import values_of
from simulator.words.errors import BadInput, CheckFailed
from simulator.work.model import Evaluation

AMPUTATION = "protocol.major_amputation@1"
DIFFERENCE = "difference(protocol, conservative).major_amputation@1"
PEOPLE = 400


def model(**changes: Any) -> Model:
    asked: dict[str, Any] = {"outputs": (AMPUTATION, DIFFERENCE), "patients": PEOPLE, "seed": 3} | changes
    return Model(kind="clti", **asked)


def evaluated(of: Model, rows: list[list[float]], replicate: int = 0) -> tuple[Floats, Floats]:
    """Means and standard errors of each row's outputs."""
    inputs = np.array(rows, dtype=np.float64).reshape(len(rows), len(of.parameters))
    found: Evaluation = of.runner().evaluate(inputs, np.arange(len(rows)), replicate)
    return astuple(found)


def study(**changes: Any) -> Study:
    tables: dict[str, Any] = {
        "method": "one_way",
        "size": 2,
        "seed": 3,
        "patients": 100,
        "outputs": [DIFFERENCE],
        "model": {"kind": "clti"},
        "parameters": {"names": ["healing_rate"]},
    }
    return read_study(tables | changes, "study.toml")


def sweep_tables(**changes: Any) -> dict[str, Any]:
    tables: dict[str, Any] = {
        "method": "policies",
        "seed": 1,
        "patients": 100,
        "replicates": 2,
        "policies": ["conservative", "protocol"],
        "by": "amputation_free_survival@1",
        "better": "higher",
        "map": ["protocol.eligibility.tcpo2_below", "attributable_share_central"],
        "model": {"kind": "clti"},
        "vary": {
            "attributable_share_central": [0.2, 0.8],
            "protocol.eligibility.tcpo2_below": [20, 40],
            "protocol.cell_therapy.doses": [1, 2, 3],
        },
    }
    return tables | changes


@pytest.fixture(scope="module")
def base() -> Scenario:
    return load_scenario(policies=["conservative", "protocol"])


def has_posterior(monkeypatch: pytest.MonkeyPatch, table: pd.DataFrame | None) -> None:
    """Put other draws, or none, in the place of the committed posterior."""
    names = () if table is None else tuple(table.columns)
    monkeypatch.setattr(clinical, "posterior_table", lambda: table)
    monkeypatch.setattr(clinical, "joint_names", lambda _register: names)


# Runs


def test_run_is_what_simulate_gives(base: Scenario) -> None:
    """A run has the means of `simulate` for the same patients (12 digits) and its errors (4 of their own errors)."""
    draws = pd.DataFrame({"amputation_rate": [0.1, 0.5], "healing_rate": [0.3, 0.6]})
    found, own = evaluated(model(parameters=tuple(draws.columns)), draws.to_numpy().tolist())
    direct = simulate(base, patients=PEOPLE, seed=3, draws=draws, times=[1.0]).draws
    of = direct[(direct["policy"] == "protocol") & (direct["outcome"] == "major_amputation")]
    means, errors = of[["mean", "difference"]].to_numpy(), of[["se", "difference_se"]].to_numpy()
    assert found == pytest.approx(means, rel=1e-12)
    own_error = 1 / math.sqrt(2 * (clinical.BATCHES - 1))
    assert np.all(np.abs(own / errors - 1) < 4 * own_error)
    assert means[0, 0] != means[1, 0]


def test_row_does_not_depend_on_its_neighbours() -> None:
    """A row has the same bits alone, among others and in another place."""
    of = model(parameters=("healing_rate", "protocol.cell_therapy.doses"))
    rows = [[0.2, 1.0], [0.5, 3.0], [0.9, 2.0]]
    whole, turned = evaluated(of, rows), evaluated(of, rows[::-1])
    for i, row in enumerate(rows):
        for among, back, alone in zip(whole, turned, evaluated(of, [row]), strict=True):
            assert among[i].tobytes() == back[2 - i].tobytes() == alone[0].tobytes()


def test_replicates_are_other_patients(base: Scenario) -> None:
    """Replicate 1 is the next patients of the same seed."""
    both = simulate(base, patients=2 * PEOPLE, seed=3, times=[1.0]).outcomes
    of = both[(both["policy"] == "protocol") & (both["outcome"] == "major_amputation")]
    first, second = (evaluated(model(), [[]], replicate)[0][0, 0] for replicate in (0, 1))
    assert first != second
    assert (first + second) / 2 == pytest.approx(float(of["mean"].iloc[0]), rel=1e-12)


def test_parameter_without_influence_changes_no_bit() -> None:
    """Rows share their patients' luck: what no policy of the outputs uses changes nothing at all."""
    found, _ = evaluated(model(parameters=("restenosis_rate",)), [[0.1], [2.0]])
    assert found[0].tobytes() == found[1].tobytes()


def test_settings_of_a_policy_make_another_policy() -> None:
    """The published protocol with one dose is the policy of a single dose, and with none conservative care."""
    doses = "protocol.cell_therapy.doses"
    varied, errors = evaluated(model(parameters=(doses,)), [[1.0], [0.0]])
    single, _ = evaluated(model(outputs=("single_dose.major_amputation@1",)), [[]])
    assert varied[0, 0] == single[0, 0]
    assert varied[1, 1] == errors[1, 1] == 0.0


def test_money_is_the_valuation_of_the_same_ledgers(base: Scenario) -> None:
    """Costs, QALYs and net benefit are those of the valuation, under the row's own prices (12 digits)."""
    outputs = ("protocol.cost", "difference(protocol, conservative).qalys", "protocol.net_benefit(33000)")
    of = model(outputs=outputs, parameters=("pbmnc_kit", "healing_rate"))
    found, errors = evaluated(of, [[4000.0, 0.3], [9000.0, 0.6]])
    values = values_of(base)
    draws = pd.DataFrame({"healing_rate": [0.3, 0.6]})
    lives = simulate(
        replace(base, settings=base.settings.model_copy(update={"discounting": values.discounting})),
        patients=PEOPLE,
        seed=3,
        draws=draws,
    )
    ledgers = lives.draw_ledgers
    money = worth(ledgers, lives.parameters, values.at_base({"pbmnc_kit": np.array([4000.0, 9000.0])}), values)
    cost, qalys = money.cost, money.qalys
    wanted = [cost[:, 1], qalys[:, 1] - qalys[:, 0], 33000 * qalys[:, 1] - cost[:, 1]]
    assert found == pytest.approx(np.stack(wanted, axis=1), rel=1e-12)
    assert np.all(errors > 0)


def test_batches_give_the_standard_error() -> None:
    """With batches of one the error is the usual one; with unequal batches it is unbiased (4 standard errors)."""
    generator = np.random.default_rng(5)
    sample = generator.normal(3.0, 2.0, (50, 2))
    mean, se = batch_means(sample, np.ones(50, dtype=np.int64))
    assert mean == pytest.approx(sample.mean(axis=0))
    assert se == pytest.approx(sample.std(axis=0, ddof=1) / math.sqrt(50))
    sizes = np.array([3, 4, 4, 4])
    cuts = np.cumsum(sizes)[:-1]
    many = generator.normal(0.0, 2.0, (4000, 15))
    sums = np.stack([part.sum(axis=1) for part in np.split(many, cuts, axis=1)])
    squares = batch_means(sums, sizes)[1] ** 2
    assert abs(squares.mean() - 4 / 15) < 4 * squares.std() / math.sqrt(len(squares))


def test_nobody_can_enter_names_the_row() -> None:
    """A row under which nobody meets the entry criteria stops the study with its number."""
    nobody = {"overrides": {"entry": {"age_at_least": 129.0}}}
    of = model(settings=json.dumps(nobody), parameters=("age_maximum",), patients=2)
    with pytest.raises(CheckFailed, match="row 0: hardly anybody meets"):
        evaluated(of, [[90.0]])


CROSSING = {"protocol.eligibility.tcpo2_below": [10.0, 40.0], "protocol.eligibility.tcpo2_at_least": [20.0, 50.0]}
TOO_MUCH = {"renal_dialysis_share": [0.0, 1.0], "renal_severe_share": [0.0, 1.0]}


@pytest.mark.parametrize(("method", "size"), [("grid", 2), ("sobol", 16), ("morris", 4), ("fast", 3)])
def test_values_that_do_not_go_together_are_told_before_the_first_run(method: str, size: int) -> None:
    """A design with rows that `compare` would refuse is refused whole, with every such rule, file and key at once."""
    chosen = study(method=method, size=size, parameters={"ranges": CROSSING | TOO_MUCH})
    with pytest.raises(BadInput) as told:
        Sweep.of(chosen, "study.toml")
    shares, limits = sorted(map(str, told.value.problems), reverse=True)
    assert re.match(r"study\.toml: renal_severe_share \+ renal_dialysis_share = .* rows; allowed: at most 1", shares)
    key = r"study\.toml: protocol\.eligibility\.tcpo2_at_least = "
    assert re.match(key + r".*; allowed: below tcpo2_below = .*; not so in [\d,]+ of", limits)


def test_crossing_ranges_write_nothing(tmp_path: Path) -> None:
    """`clti sensitivity` ends with exit code 2 and no output folder where some row of its design cannot be."""
    file, out = tmp_path / "study.toml", tmp_path / "out"
    ranges = "\n".join(f'"{name}" = {bounds}' for name, bounds in CROSSING.items())
    file.write_text(
        f'method = "grid"\nsize = 4\nseed = 1\npatients = 10\noutputs = ["{AMPUTATION}"]\n[model]\nkind = "clti"\n'
        f"[parameters.ranges]\n{ranges}\n"
    )
    app = typer.Typer()
    app.command()(sensitivity_command.main)
    with pytest.raises(BadInput, match=r"study\.toml: protocol\.eligibility\.tcpo2_at_least"):
        CliRunner().invoke(app, [str(file), "--out", str(out)], catch_exceptions=False)
    assert not out.exists()


def test_it_is_the_rows_that_must_be_possible() -> None:
    """Ranges whose corners cross are fine where the design has no row there, as one that moves one setting at a time."""
    ranges = {"protocol.eligibility.tcpo2_below": [10.0, 40.0], "protocol.eligibility.tcpo2_at_least": [0.0, 20.0]}
    assert len(Sweep.of(study(parameters={"ranges": ranges})).inputs)
    with pytest.raises(BadInput, match="not so in 1 of 4 rows"):
        Sweep.of(study(method="grid", parameters={"ranges": ranges}))


def test_shares_that_distributions_make_too_large_are_cut_and_told() -> None:
    """Where each share has a distribution of its own, a row of more than 1 runs as its milder class cut, and is told."""
    names = ["renal_moderate_share", "renal_severe_share", "renal_dialysis_share"]
    sweep = Sweep.of(study(method="grid", size=2, patients=50, parameters={"names": names}))
    (note,) = sweep.notes
    too_much = sweep.inputs.sum(axis=1) > 1.0
    assert f"In {too_much.sum()} of {len(too_much)} rows" in note
    assert 0 < too_much.sum() < len(too_much)
    row = sweep.inputs[too_much][0].copy()
    known = evaluated(model(parameters=sweep.model.parameters), [row.tolist()])[0]
    row[0] = 1.0 - row[1:].sum()
    assert (known == evaluated(model(parameters=sweep.model.parameters), [row.tolist()])[0]).all()


# What may vary and be watched


def test_every_mistake_is_told_at_once() -> None:
    """Unknown policies, outcomes, times, thresholds and settings, and too few patients, come in one message."""
    with pytest.raises(BadInput) as told:
        study(
            patients=1,
            policies=["protocol"],
            outputs=[
                "protocl.death@1",
                "protocol.deth@1",
                "protocol.death@50",
                "protocol.death",
                "protocol.cost@1",
                "protocol.net_benefit",
                "difference(protocol, protocol).qalys",
                "amputation",
            ],
            model={"kind": "clti", "settings": {"scenario": 3, "view": "central"}},
            parameters={"names": ["healing_rat"], "ranges": {"restenosis_rate": [-1.0, 1.0]}},
        )
    text = str(told.value)
    for part in (
        "patients = 1; allowed: 2 or more",
        "policies = ['protocol']; allowed: nothing",
        "did you mean 'protocol'? for 'protocl'",
        "did you mean 'death'? for 'deth'",
        "'protocol.death@50'; allowed: death@YEARS with a number of years up to the horizon, 40",
        "'protocol.death'; allowed: death@YEARS",
        "cost alone",
        "net_benefit(THRESHOLD)",
        "two different policies",
        "'amputation'; allowed: POLICY.MEASURE or difference",
        "model.settings.scenario = 3; allowed: the name of a shipped scenario",
        "model.settings.view = 'central'; allowed: one of",
        "did you mean 'healing_rate'?",
        "restenosis_rate = [-1.0, 1.0]; allowed: inside",
    ):
        assert part in text


def test_only_the_share_in_force_varies() -> None:
    """Shares of attribution of other views than the scenario's would do nothing and are not offered."""
    names = model(settings='{"overrides": {"evidence": {"view": "sceptical"}}}').runner().catalogue().names
    assert "attributable_share_sceptical" in names
    assert "attributable_share_central" not in names


def test_prices_vary_where_money_is_watched() -> None:
    """Prices and utilities are inputs of a study that watches money, and of no other."""
    assert "pbmnc_kit" not in model().runner().catalogue().names
    catalogue = model(outputs=("protocol.cost",)).runner().catalogue()
    assert {"pbmnc_kit", "healed"} <= set(catalogue.names)
    assert {"prices italy", "utilities A", "death"} <= set(catalogue.groups)


def test_values_that_the_scenario_fixes_do_not_vary() -> None:
    """A parameter that the scenario sets has no distribution left."""
    fixed = model(settings='{"overrides": {"parameters": {"healing_rate": 0.5}}}').runner().catalogue()
    by_name = {each.name: each for each in fixed.inputs}
    assert by_name["healing_rate"].quantile is None
    assert by_name["healing_rate"].base == 0.5
    assert by_name["amputation_rate"].quantile is not None


def test_posterior_draws_vary_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parameters of the posterior keep their correlation, and a study must say how it treats them."""
    generator = np.random.default_rng(1)
    z = generator.normal(size=(500, 2)) @ np.array([[1.0, 0.8], [0.0, 0.6]])
    table = pd.DataFrame({"amputation_rate": np.exp(0.2 * z[:, 0]) * 0.3, "healing_rate": np.exp(0.2 * z[:, 1]) * 0.4})
    has_posterior(monkeypatch, table)
    chosen = {"names": ["amputation_rate", "healing_rate", "minor_amputation_rate"]}
    with pytest.raises(BadInput, match="estimated together"):
        study(parameters=chosen, patients=101)
    sweep = Sweep.of(study(method="sobol", size=256, patients=101, parameters=chosen | {"correlated": "group"}))
    assert set(sweep.space.labels) == {"posterior", "minor_amputation_rate"}
    columns = [sweep.space.names.index(name) for name in table.columns]
    found, given = (float(spearmanr(draws).statistic) for draws in (sweep.inputs[:, columns], table.to_numpy()))
    # The error of a rank correlation of 256 points that are spread evenly is below 1 / sqrt(256).
    assert abs(found - given) < 4 / 16


def test_evidence_tells_scenarios_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another life table, parameter, price or posterior gives other shards; another label does not."""
    has_posterior(monkeypatch, None)
    plain = model(outputs=("protocol.cost",))
    hashes = {plain.runner().evidence()}
    for overrides in (
        {"life_table": {"period": "2020-25"}},
        {"parameters": {"healing_rate": 0.5}},
        {"economics": {"prices": {"pbmnc_kit": 1.0}}},
        {"economics": {"utility_set": "B"}},
    ):
        hashes.add(replace(plain, settings=json.dumps({"overrides": overrides})).runner().evidence())
    has_posterior(monkeypatch, pd.DataFrame({"healing_rate": [0.1, 0.2]}))
    hashes.add(Clinical(plain).evidence())
    assert len(hashes) == 6
    has_posterior(monkeypatch, None)
    labelled = replace(plain, settings='{"overrides": {"label": "Mine"}}')
    assert labelled.runner().evidence() == plain.runner().evidence()


def test_settings_keep_the_limits_of_policy_files() -> None:
    """Both ends of every setting are allowed in a policy file, and nothing beyond them."""
    for key, setting in SETTINGS.items():
        step = 1.0 if setting.whole else 1e-6
        for end in (setting.low, setting.high):
            with_settings(Policy(), {key: end})
        for beyond in (setting.low - step, setting.high + step):
            with pytest.raises(ValueError, match=r"number"):
                with_settings(Policy(), {key: beyond})


def test_one_way_swings_are_free_of_shared_luck(tmp_path: Path) -> None:
    """With replicates a parameter without influence has a swing of exactly zero, and others have an error of it."""
    chosen = study(
        replicates=3,
        parameters={"ranges": {"restenosis_rate": [0.1, 2.0], "healing_rate": [0.1, 1.5]}},
        patients=150,
        # Of limbs that cells save there are none among so few people, of healings many.
        outputs=["conservative.healing_without_amputation@1"],
    )
    sweep = Sweep.of(chosen)
    store = sweep.store(tmp_path)
    sweep.execute(store)
    table = analyse(sweep, sweep.runs(store)).indices
    swings = table[table["index"] == "swing"].set_index("parameter")[["low", "value", "high", "se"]]
    assert (swings.loc["restenosis_rate"] == 0.0).all()
    low, value, high, se = swings.loc["healing_rate"].to_numpy(dtype=np.float64)
    assert low < value < high
    assert se > 0


# Designed sweeps


def made_up(vary: dict[str, Any], values: Any, **changes: Any) -> Choices:
    """Choices from values of shape (replicates, levels of each input..., policies) without running anything."""
    sweep = PolicySweep.of(read_policy_study(sweep_tables(vary=vary, **changes), "study.toml"))
    array = np.asarray(values, dtype=np.float64)
    array = array.reshape(len(array), len(sweep.inputs), len(sweep.study.policies))
    return choose(sweep, Runs(sweep.model.parameters, sweep.model.outputs, sweep.inputs, array, 0 * array + 0.01))


def test_best_choice_and_losses_are_those_of_the_table() -> None:
    """With a circumstance and two settings, the best, its lead and every loss are what a hand would find."""
    vary: dict[str, Any] = {
        "attributable_share_central": [0.2, 0.8],
        "protocol.eligibility.tcpo2_below": [20, 40],
        "protocol.cell_therapy.doses": [1, 2],
    }
    protocol = np.array([[[0.3, 0.1], [0.2, 0.4]], [[0.9, 0.8], [0.5, 0.7]]])
    once = np.stack([np.full_like(protocol, 0.35), protocol], axis=-1)
    found = made_up(vary, [once, once + 0.1])
    best = found.choices[found.choices["best"]]
    assert list(best["policy"]) == ["protocol", "protocol"]
    assert list(best["protocol.cell_therapy.doses"]) == [2, 1]
    conservative = found.choices[found.choices["policy"] == "conservative"]
    assert list(conservative["loss"]) == pytest.approx([0.05, 0.55])
    cells = found.cells.set_index(["protocol.eligibility.tcpo2_below", "attributable_share_central"])
    assert cells.loc[(20, 0.2), "choice"] == "conservative"
    assert cells.loc[(20, 0.2), "lead"] == pytest.approx(0.05)
    assert cells.loc[(20, 0.2), "loss"] == pytest.approx(0.05)
    assert cells.loc[(40, 0.8), "choice"] == "protocol (doses 2)"
    assert cells.loc[(40, 0.8), "loss"] == pytest.approx(0.2)
    # On average over both circumstances: 20 mmHg and one dose lose 0.1 and 0.
    assert found.best == "protocol (tcpo2 below 20, doses 1)"
    assert found.equals == 0
    losses = found.losses.set_index(["protocol.eligibility.tcpo2_below", "attributable_share_central", "choice"])
    assert losses.loc[(40, 0.2, "protocol (doses 1)"), "loss"] == pytest.approx(0.2)


def test_shared_luck_leaves_losses_without_error() -> None:
    """Luck that moves every choice alike is no error of a loss; luck of a choice alone is (by hand: 0.2 / 2)."""
    vary: dict[str, Any] = {"attributable_share_central": [0.2, 0.8], "protocol.eligibility.tcpo2_below": [20, 40]}
    table = np.zeros((4, 2, 2, 2))
    table[..., 1] = 0.1
    table += np.array([0.0, 0.3, 0.5, 0.9])[:, None, None, None]
    found = made_up(vary, table, replicates=4)
    assert found.choices["loss_se"].max() == pytest.approx(0.0, abs=1e-15)
    assert found.cells["decided"].all()
    table[:, 0, 0, 1] += np.array([-0.2, 0.2, -0.2, 0.2]) * math.sqrt(0.75)
    found = made_up(vary, table, replicates=4)
    cells = found.cells.set_index(["protocol.eligibility.tcpo2_below", "attributable_share_central"])
    assert cells.loc[(20, 0.2), "lead_se"] == pytest.approx(0.1)
    assert not cells.loc[(20, 0.2), "decided"]
    assert found.undecided == 1


def test_lower_may_be_better() -> None:
    """With `better = "lower"` the smallest value wins and losses are still positive."""
    vary: dict[str, Any] = {"attributable_share_central": [0.2, 0.8], "protocol.eligibility.tcpo2_below": [20, 40]}
    values = np.zeros((2, 2, 2, 2))
    values[..., 1] = 0.1
    found = made_up(vary, values, better="lower", by="major_amputation@1")
    assert set(found.cells["choice"]) == {"conservative"}
    assert found.choices["loss"].max() == pytest.approx(0.1)


def test_every_mistake_of_a_sweep_is_told() -> None:
    """Unknown settings, levels out of order or range, a parameter off the map and a doubled map come at once."""
    with pytest.raises(BadInput) as told:
        read_policy_study(
            sweep_tables(
                seed=-1,
                replicate=2,
                policies=["protocol", "protocol"],
                by="survival@1",
                map=["protocol.cell_therapy.doses", "protocol.cell_therapy.doses"],
                vary={
                    "protocol.cell_therapy.doses": [1.5, 2],
                    "protocol.eligibility.tcpo2_below": [40, 20],
                    "protocol.eligibility.tcpo2_at_least": [0, 300],
                    "healing_rate": [0.1, 0.2],
                    "protocol.cell_therapy.intervals": [1, 2],
                },
            ),
            "study.toml",
        )
    text = str(told.value)
    for part in (
        "seed = -1",
        "replicate = ",
        "each policy once",
        "policies, by = 'protocol.survival@1'",
        "whole numbers",
        "each above the one before",
        "0 to 200 mmHg",
        "did you mean 'protocol.cell_therapy.interval_days'?",
        "two different inputs",
        "one of the map, because nobody chooses a parameter",
    ):
        assert part in text


def test_settings_that_do_not_go_together_are_told() -> None:
    """Levels that are possible alone and not together are told before anything runs."""
    vary = {"protocol.eligibility.tcpo2_below": [20, 40], "protocol.eligibility.tcpo2_at_least": [0, 30]}
    with pytest.raises(BadInput, match=r"tcpo2_at_least = 30\.0; allowed: below tcpo2_below = 20"):
        read_policy_study(sweep_tables(vary=vary, map=list(vary)), "study.toml")


def test_sweep_of_another_kind_of_model_is_refused() -> None:
    """Only the clinical model has policies."""
    with pytest.raises(BadInput, match=r"model\.kind = 'ishigami'; allowed: 'clti'"):
        read_policy_study(sweep_tables(model={"kind": "ishigami"}), "study.toml")


@pytest.fixture
def commands() -> typer.Typer:
    app = typer.Typer()
    app.command("sensitivity")(sensitivity_command.main)
    app.command("merge")(merge_command.main)
    return app


def written(folder: Path) -> Iterator[tuple[str, bytes]]:
    for name in ("choices.csv", "cells.csv", "losses.csv", "best.svg", "loss.svg"):
        yield name, (folder / name).read_bytes()


def test_command_and_jobs_write_the_same_sweep(tmp_path: Path, commands: typer.Typer) -> None:
    """A designed sweep has the same bytes in one go and as two jobs that are merged, with figures and a report."""
    file = tmp_path / "study.toml"
    file.write_text(
        """
        method = "policies"
        seed = 1
        patients = 60
        replicates = 2
        rows_per_shard = 3
        policies = ["conservative", "protocol"]
        by = "net_benefit(33000)"
        better = "higher"
        map = ["attributable_share_central", "protocol.eligibility.tcpo2_below"]
        model = { kind = "clti" }
        [vary]
        attributable_share_central = [0.2, 0.8]
        "protocol.eligibility.tcpo2_below" = [20, 40]
        "protocol.cell_therapy.doses" = [1, 3]
        """
    )
    runner = CliRunner()
    whole = runner.invoke(commands, ["sensitivity", str(file), "--out", str(tmp_path / "whole")])
    assert whole.exit_code == 0, whole.output
    assert "is best on average over the circumstances" in whole.output
    for part in ("1/2", "2/2"):
        args = ["sensitivity", str(file), "--shard", part, "--out", str(tmp_path / part[0])]
        assert runner.invoke(commands, args).exit_code == 0
    merged = runner.invoke(commands, ["merge", *(str(tmp_path / n) for n in "12"), "--out", str(tmp_path / "both")])
    assert merged.exit_code == 0, merged.output
    assert dict(written(tmp_path / "whole")) == dict(written(tmp_path / "both"))
    assert "Loss from choosing wrongly" in (tmp_path / "whole" / "report.html").read_text()


# Shipped studies and their documentation


@pytest.mark.parametrize("name", ["morris", "sobol", "one_way", "policies"])
def test_shipped_studies_are_sound(name: str) -> None:
    """Every shipped study is found by its name and planned without complaint."""
    sweep = sweep_of(*study_tables(name))
    assert len(sweep.inputs) > 30
    assert sweep.study.patients * sweep.study.replicates >= 2000


def test_shipped_name_with_a_slip_is_told() -> None:
    """A shipped study's name with a slip names the right one."""
    with pytest.raises(BadInput, match="did you mean 'morris'"):
        study_tables("moris")


def test_every_shipped_study_is_tested() -> None:
    """No study is shipped without being read by the test above."""
    names = {file.stem for file in (shipped("scenarios") / SHIPPED).glob("*.toml")}
    assert names == {"morris", "sobol", "one_way", "policies"}


DOCS = Path(__file__).parents[1] / "docs" / "sensitivity.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(), re.DOTALL)


def test_documented_studies_are_sound() -> None:
    """Every study in the documentation can be run."""
    studies = blocks("toml")
    assert len(studies) == 2
    for text in studies:
        assert len(sweep_of(tomllib.loads(text), "docs/sensitivity.md").inputs) > 30


def test_documented_costs_are_those_of_the_methods() -> None:
    """The adviser names every method with its smallest size, where intervals begin and what its usual size costs."""
    rows = [
        [cell.strip(" `") for cell in line.split("|")[1:-1]] for line in DOCS.read_text().splitlines() if "|" in line
    ]
    adviser = {row[0]: row for row in rows if row[0] in METHODS}
    assert set(adviser) == set(METHODS) - {"grid"}
    for name, (_, _, counts, size, smallest, intervals_from, runs) in adviser.items():
        method = METHODS[name]
        first = None if intervals_from == "none" else int(intervals_from)
        assert first == (None if method.intervals_from is None else max(method.intervals_from, method.smallest)), name
        assert (counts, int(smallest)) == (method.counts, method.smallest)
        assert int(runs) == method.rows(int(size), 20, 20)


def test_documented_script_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script in the documentation gives finite costs and QALYs for its draws."""
    monkeypatch.chdir(tmp_path)
    (script,) = blocks("python")
    names: dict[str, Any] = {}
    exec(script, names)
    assert names["values"].shape == (1, 8, 2)
    assert np.isfinite(names["values"]).all()
    assert (names["errors"] > 0).all()
