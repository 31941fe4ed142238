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
# # What drives the answer: a sensitivity study
#
# A model with more than a hundred numbers gives one result. Which of the numbers is it made of? This notebook goes
# from the crude question to the fine one: one number at a time, screening of all, shares of the variance; and at the
# end it turns round and asks which policy is best where.
#
# Runs have 500 patients under each policy, so that the notebook is quick. That is too few for publication, and the
# study says so itself.

# %%
import shutil
import tempfile
from pathlib import Path
from typing import Any

import simulator as sim

folder = Path(tempfile.mkdtemp())


def finished(name: str, text: str) -> Any:
    """Write a study file and run it; runs that are there already would be used again."""
    file = folder / f"{name}.toml"
    file.write_text(text)
    return sim.sweep(file, folder=folder / name)


# %% [markdown]
# ## One number at a time
#
# What we watch is a difference in the same people: major amputation by one year, the published protocol against
# conservative care. Each parameter goes to both ends of its 95% interval. Every run is repeated in four groups of
# patients, which shows how much of a bar is luck.
#
# The fitted parameters were estimated together, so one of them cannot move while the others stay. With `correlated =
# "transformation"` each of them moves only by what those before it leave open, and the labels say so.

# %%
found = finished(
    "tornado",
    """
title = "One at a time"
method = "one_way"
size = 2
seed = 1
patients = 500
replicates = 4
outputs = ["difference(protocol, conservative).major_amputation@1"]

[model]
kind = "clti"

[parameters]
names = ["healing_rate", "death_rate_wound", "attributable_share_central"]
groups = ["amputation", "perfusion"]
correlated = "transformation"
""",
)
(tornado,) = (name for name in found.figures if name.startswith("tornado"))
found.plot(tornado)

# %% [markdown]
# Parameters without any influence have a swing of exactly nothing: the same patients with the same luck live the same
# lives. That is what twins are for. Where there is influence, the study judges its own precision.

# %%
found.noise[["signal_sd", "noise_sd", "noise_share", "patients", "patients_needed", "enough"]]

# %% [markdown]
# ## Screening everything
#
# Morris' method walks through the space of all parameters, moving one at a time, from several starting points. To the
# right lies what matters; high up lies what acts together with others or not in a straight line. A few hundred runs
# say which numbers may stay at their base.

# %%
screened = finished(
    "screening",
    """
title = "Screening"
method = "morris"
size = 6
seed = 1
patients = 500
outputs = ["difference(protocol, conservative).major_amputation@1"]

[model]
kind = "clti"

[parameters]
all = true
correlated = "transformation"
""",
)
print(f"{len(screened.runs)} runs, {screened.indices['parameter'].nunique()} parameters")
(plane,) = (name for name in screened.figures if name.startswith("morris"))
screened.plot(plane)

# %%
top = screened.indices[screened.indices["index"] == "mu_star"].sort_values("value", ascending=False).head(8)
top[["parameter", "value", "low", "high", "noise"]]

# %% [markdown]
# `noise` is the most that luck may have added to a value. Where it is as large as the value, the parameter's place in
# the order means nothing yet.
#
# ## Shares of the variance
#
# Sobol' indices divide the variance of the result: `S1` is what a parameter explains alone, `ST` what would be left
# without knowing it, interactions included. Here the fitted parameters are one block with one index (`correlated =
# "group"`), because what was estimated together cannot be divided without a convention. Beside the block stand
# parameters that nobody fitted.

# %%
shares = finished(
    "shares",
    """
title = "Shares of the variance"
method = "sobol"
size = 64
seed = 1
patients = 500
replicates = 2
outputs = ["difference(protocol, conservative).major_amputation@1"]

[model]
kind = "clti"

[parameters]
names = ["attributable_share_central", "amputation_rate", "response_probability", "amputation_hr_dialysis",
         "recovery_gain_baseline", "response_or_severe_renal"]
correlated = "group"
""",
)
indices = shares.indices
indices[indices["index"].isin(["S1", "ST"])][["parameter", "index", "value", "low", "high"]]

# %% [markdown]
# Nearly all of the variance belongs to what was fitted to fifty people and a few trials. More precise estimates of the
# other two would change little: worth knowing before somebody spends a year on them. Intervals that reach beyond one
# are honest: 64 base points are few.

# %%
total = indices[indices["index"] == "ST"].set_index("parameter")["value"]
assert total["posterior"] > 0.8
assert (total.drop("posterior") < 0.2).all()

# %% [markdown]
# ## Which policy is best where?
#
# Some numbers are circumstances, others are somebody's choice. Across the map runs a circumstance, the share of
# recovery that cells cause; upwards a choice, the TcPO2 below which people are treated. How many doses to give at most
# is chosen freely in every cell. Best is the highest mean net benefit at a threshold of 33,000 euros for a QALY.

# %%
policies = finished(
    "map",
    """
title = "Which schedule, and for whom"
method = "policies"
seed = 1
patients = 500
replicates = 4
policies = ["conservative", "protocol"]
by = "net_benefit(33000)"
better = "higher"
map = ["attributable_share_central", "protocol.eligibility.tcpo2_below"]

[model]
kind = "clti"

[vary]
attributable_share_central = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
"protocol.eligibility.tcpo2_below" = [15, 20, 25, 30, 35, 40]
"protocol.cell_therapy.doses" = [1, 2, 3]
""",
)
print(policies.summary())
policies.plot("best")

# %% [markdown]
# Hatched cells are undecided: the best choice leads the next by less than two standard errors. Where cells cause
# nothing, conservative care is best, as it must be.

# %%
nothing = policies.cells[policies.cells["attributable_share_central"] == 0.0]
assert nothing["choice"].str.startswith("conservative").all()

# %% [markdown]
# ## What this cannot show
#
# Indices describe a model and the distributions that were put into it. A parameter with a narrow distribution looks
# unimportant even if the distribution is wrong, and what the model leaves out has no index at all. `clti evidence
# --reliance` lists the results that rest on assumptions; `clti validate` compares structural alternatives.
#
# From here: `clti sensitivity FILE.toml --workers 2` writes a report, keeps every run, and goes on where it was
# interrupted.

# %%
shutil.rmtree(folder)
