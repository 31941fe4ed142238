# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Planning a trial
#
# How many patients does a trial of the published protocol need, measured by what, and what is the chance that it
# succeeds? Formulas want an effect size. Here the effect is not typed in: it comes from simulated people, some of whom
# die first, recover without cells, or are lost.
#
# Each answer rests on a few hundred simulated trials, where the command `clti trial` takes ten thousand.

# %%
import shutil
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt

import simulator as sim

folder = Path(tempfile.mkdtemp())
TRIALS = 200
print(
    f"Standard error of a power from {TRIALS} trials: up to {100 * (0.5 * 0.5 / TRIALS) ** 0.5:.1f} percentage points."
)

# %% [markdown]
# ## The design
#
# A file again: arms are policies of a scenario, entry criteria act on measured values, and the first endpoint decides.
# The others are described beside it. `clti new design my_trial` writes one with comments.

# %%
file = folder / "my_trial.toml"
file.write_text("""
label = "Published protocol against conservative care"
scenario = "base"
alpha = 0.025
sides = 1

[[arms]]
name = "control"
policy = "conservative"

[[arms]]
name = "cells"
policy = "protocol"

[entry]
tcpo2_below = 30.0
rutherford_at_least = 5
dialysis = false
angioplasty_suitable = "no"

[accrual]
per_month = 10.0
poisson = true

[drop_out]
per_year = 0.05

[follow_up]
months = 12.0

[visits]
at_months = [3.0, 6.0, 12.0]

[size]
patients = 300
power = 0.9

[[endpoints]]
name = "amputation-free survival"
outcome = "amputation_free_survival"
test = "logrank"

[[endpoints]]
name = "major amputation"
outcome = "major_amputation"
test = "gray"

[[endpoints]]
name = "healed"
outcome = "healing_without_amputation"
test = "gray"

[[endpoints]]
name = "TcPO2"
outcome = "tcpo2"
test = "ancova"
at_months = 6.0
""")

# %% [markdown]
# ## Power, type I error, assurance
#
# Three truths. Under *scenario* the parameters are at their fitted values: the share of successful trials is the
# power. Under *null* the treated have control care: successes are errors, and there should be no more than alpha of
# them. Under *posterior* every trial lives in another world that the evidence allows: the share is the *assurance*,
# what a sponsor should call the chance of success.

# %%
study = sim.trial(file, trials=TRIALS, truths=["scenario", "null", "posterior"])
shown = study.operating_characteristics
shown = shown[shown["measure"].isin(["power", "type_i_error", "assurance", "expected_screened", "expected_months"])]
error = shown[shown["measure"] == "type_i_error"].iloc[0]
assert error["value"] <= 0.025 + 3 * (0.025 * 0.975 / TRIALS) ** 0.5
shown

# %% [markdown]
# Screening and calendar time are results, too: criteria on a noisy measurement turn many away.
#
# ## Which endpoint?
#
# The size that each endpoint would need on its own for the target power, under the scenario.

# %%
study.plot("endpoints")

# %% [markdown]
# Measured TcPO2 needs by far the fewest patients, because treatment acts on it first; everything a patient cares about
# lies further down the road, diluted by deaths and by feet that would have healed anyway. A trial that succeeds on
# TcPO2 has not shown that a leg was saved. And TcPO2 can only be measured in those who still have the foot.

# %%
need = study.endpoints.set_index("endpoint")["patients"]
assert need["TcPO2"] < 0.5 * need.drop("TcPO2").min()

# %% [markdown]
# ## Does a formula agree?
#
# For each endpoint the textbook's formula is fed with what the simulated trials show (hazards, events, losses). Where
# the two differ by more than luck, the program looks for assumptions of the formula that these patients do not meet.

# %%
study.samplesize[["endpoint", "patients", "low", "high", "formula", "formula_patients", "verdict", "ratio"]]

# %%
study.broken_assumptions

# %% [markdown]
# ## Whom does one believe?
#
# The same design at growing size, under the three views of the evidence. Larger trials begin with the patients of
# smaller ones, so the curves are smooth.

# %%
curves = dict(iter(study.views.groupby("view", sort=False)))

figure, axes = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
for view, curve in curves.items():
    axes.errorbar(curve["patients"], curve["power"], 1.96 * curve["se"], marker="o", label=view)
    axes.annotate(
        view, (curve["patients"].iloc[-1], curve["power"].iloc[-1]), xytext=(8, -3), textcoords="offset points"
    )
axes.axhline(0.9, color="#999999", linewidth=0.8)
axes.set(
    xlabel="patients in both arms together",
    ylabel="power",
    ylim=(0, 1.02),
    xlim=(0, 1.2 * study.views["patients"].max()),
)

# %%
study.views.pivot_table(index="patients", columns="view", values="power", sort=False)

# %% [markdown]
# A design that is generous under the optimistic view has little more than its type I error under the sceptical one.
# That view is what the placebo-controlled trials say. A protocol that quotes one power quotes one opinion; assurance
# weighs what the evidence leaves open *within* a view, and not between views.

# %%
last = {view: curve["power"].iloc[-1] for view, curve in curves.items()}
assert last["sceptical"] < last["central"] <= last["optimistic"]

# %% [markdown]
# ## Assumed here, and where next
#
# * Everybody is treated as their arm says; nobody switches. Crossover is a table of the file (`[crossover]`), looks
#   and stopping rules another (`[looks]`): see `scenarios/designs`.
# * Treatment has no harms in the model, so a stopping rule for harm is never needed in it.
# * `clti trial my_trial.toml` adds the search for the size, calendar time and a report; `--export 5` writes the data
#   of five trials, for a statistician to rehearse the analysis.
# * Whether the trial is worth its cost is a question for `clti economics`.

# %%
shutil.rmtree(folder)
