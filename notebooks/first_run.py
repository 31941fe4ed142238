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
# # First run
#
# Some people with diabetes have a foot that gets too little blood, and no artery that could be opened. They may lose the
# leg, or die first. Cells from their own blood, injected into the muscles of the leg, may help some of them. This notebook
# asks the simulator what becomes of such people under different policies of care.
#
# The command `clti compare` does the same with more patients, more figures and a report. Here we look inside.

# %%
import matplotlib.pyplot as plt
import pandas as pd

import simulator as sim

# %% [markdown]
# ## Who is compared with what
#
# A *scenario* says who the patients are, how long they are followed and which policies are compared. The shipped one,
# `base`, is a referral population at the average hospital of the published series, followed for life.

# %%
scenario = sim.load_scenario("base")
for name in scenario.compare:
    policy = scenario.policies[name]
    print(f"{name:16} {policy.label}: {policy.description}")

# %% [markdown]
# ## Two thousand patients, several lives each
#
# Every patient lives once under every policy, with the same luck each time. A difference between two policies is
# therefore never a difference between two groups of people.

# %%
times = [0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0]
result = sim.simulate(scenario, patients=2_000, seed=1, times=times)

SHOWN = ["major_amputation", "death", "amputation_free_survival", "healing_without_amputation", "walking"]
by_one_year = result.outcomes[(result.outcomes["time_years"] == 1.0) & result.outcomes["outcome"].isin(SHOWN)]
table = by_one_year.pivot_table(index="outcome", columns="policy", values="mean").loc[SHOWN, list(result.policies)]
print("Percent of patients by one year:")
(100 * table).round(1)

# %% [markdown]
# ## What differs, and how sure the simulation is of it
#
# `mean` is the difference to conservative care in the same people, in percentage points. `se` is its Monte Carlo standard
# error: how much it would move with other simulated patients. More patients make it smaller. It does *not* say how sure
# the evidence is; that is a question for the probabilistic analysis.

# %%
differences = result.differences[(result.differences["time_years"] == 1.0) & result.differences["outcome"].isin(SHOWN)]
shown = differences.assign(mean=100 * differences["mean"], se=100 * differences["se"]).set_index(["policy", "outcome"])
shown[["mean", "se"]].round(2)

# %% [markdown]
# ## The same over time
#
# Alive without a major amputation: an outcome that many trials in this field choose.

# %%
figure, axes = plt.subplots(figsize=(7, 4))
curve = result.outcomes[result.outcomes["outcome"] == "amputation_free_survival"]
for name, own in curve.groupby("policy", sort=False):
    x, y, margin = [0.0, *own["time_years"]], [1.0, *own["mean"]], [0.0, *(1.96 * own["se"])]
    axes.plot(x, y, label=scenario.policies[str(name)].label)
    low, high = ([value + sign * half for value, half in zip(y, margin, strict=True)] for sign in (-1, 1))
    axes.fill_between(x, low, high, alpha=0.15)
axes.set(xlabel="years since referral", ylabel="alive without major amputation", ylim=(0, 1))
axes.legend(frameon=False)
figure.tight_layout()

# %% [markdown]
# The bands are 95% Monte Carlo intervals of each curve. The policies' curves lie closer than their bands suggest, because
# the same people are under all of them: judge differences by the table of differences.
#
# ## How much of it do the cells cause?
#
# Feet recover without cells, too. How much of the recovery seen after treatment was caused by it is the most important
# thing that nobody knows, so there are three views of it. `optimistic` credits the cells with all of it, as a study
# without a control group would.

# %%
rows = []
for view in ("sceptical", "central", "optimistic"):
    seen = sim.simulate(
        sim.load_scenario("base", policies=["conservative", "protocol"], overrides={"evidence": {"view": view}}),
        patients=2_000,
        times=[1.0],
    ).differences
    row = seen[seen["outcome"] == "major_amputation"].iloc[0]
    rows.append({"view": view, "points": 100 * row["mean"], "se": 100 * row["se"]})
views = pd.DataFrame(rows).set_index("view")
print("Major amputation by one year, protocol less conservative care, percentage points:")
views.round(2)

# %% [markdown]
# ## Where next
#
# * [One patient's story](one_patient.py): the model explained with one life.
# * [A policy, and a parameter, of your own](own_policy.py).
# * [All notebooks](README.md), among them costs, trials and sensitivity.
# * `clti new scenario mine` writes a scenario to change.
