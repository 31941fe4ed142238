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
# # Is it worth its cost? From a scenario file to a price
#
# A payer asks what a policy adds, what it costs, how sure that is, and at which price it would be worth it. This
# notebook answers for three policies and one payer, from a file of a few lines.
#
# It takes 200 parameter draws with 100 patients each, a tenth and a tenth of what `clti economics` takes, and so the
# last digits are luck. The notebook says how much luck there is.

# %%
import shutil
import tempfile
from pathlib import Path

import simulator as sim

folder = Path(tempfile.mkdtemp())

# %% [markdown]
# ## The file
#
# Who is compared, who pays, and how hard to simulate. Prices, utilities, discount rates and thresholds are the payer's
# own and need no word here. `clti new scenario mine` writes a file with more to choose from.

# %%
file = folder / "hospital.toml"
file.write_text("""
extends = "base"
label = "Two schedules for an Italian hospital"
compare = ["conservative", "response_guided", "protocol"]
reference = "conservative"

[economics]
perspective = "italy"
draws = 200
patients = 100
""")
scenario = sim.load_scenario(file)
found = sim.value(scenario)
threshold, currency = found.facts["threshold"], found.facts["currency"]
print(found.summary())

# %% [markdown]
# ## What a life costs, and how long and how good it is
#
# Each draw of the parameters is lived by patients of its own, and each patient lives under every policy. Costs and
# QALYs are discounted at the payer's rates. `se` is the Monte Carlo standard error of the mean; `low` and `high` hold 95%
# of the draws, which is the uncertainty of the evidence.

# %%
found.totals[~found.totals["quantity"].str.contains("undiscounted")]

# %% [markdown]
# Read differences, not levels: the errors of two policies' means are nearly the same luck, because the people are the
# same.
#
# ## One policy against the next
#
# Policies are ordered by cost, and each is compared with the last one that was worth considering. A policy that costs
# more and does less than another is *dominated*, and has no ratio.

# %%
found.frontier[["option", "status", "cost", "effect", "incremental_cost", "incremental_effect", "icer"]]

# %% [markdown]
# ## What the draws say
#
# Every dot is one draw: one way in which the world could be, given the evidence. Dots below the line of a threshold
# are worlds in which the policy is worth its cost there.

# %%
found.plot("plane")

# %% [markdown]
# The acceptability curve counts the dots. The thick line is the policy with the highest *mean* net benefit, which a
# payer who is neutral to risk would choose, however often another one wins.

# %%
found.plot("acceptability")

# %% [markdown]
# A probability of being best is not a probability that cells work. It holds one view of the evidence fixed (here the
# central one), and all that the model leaves out.
#
# ## At which price?
#
# No price of a cell product is published, so every incremental cost above contains an assumed one. It is better to
# turn the question round: at which price per treatment is the policy exactly worth it?

# %%
prices = found.price[found.price["threshold"] == threshold]
prices[["view", "option", "comparator", "price", "se", "low", "high"]].round(-1)

# %%
found.plot("price")

# %% [markdown]
# The view of the evidence moves this price more than the threshold does. A negotiation about a price is a negotiation
# about a control group.

# %%
by_view = found.price[found.price["option"] == "protocol"].pivot_table(
    index="view", columns="threshold", values="price"
)
assert (by_view.max() - by_view.min()).min() > (by_view.max(axis=1) - by_view.min(axis=1)).max()
by_view.round(-2)

# %% [markdown]
# Does the number mean what it says? We put the price into the scenario and value the lives again. They are the same
# lives: prices, utilities and thresholds come after the simulation and need no new one.

# %%
row = prices[(prices["view"] == "central") & (prices["option"] == "response_guided")]
worth_paying = float(row["price"].iloc[0])
priced = sim.value(scenario.with_(economics={"prices": {"pbmnc_kit": worth_paying}})).net_benefit
priced = priced[(priced["threshold"] == threshold) & (priced["option"] == "response_guided")]
gain = priced["net_monetary_benefit"].iloc[0]
print(f"At {worth_paying:,.0f} {currency} per treatment the mean net benefit is {abs(gain):.2f} {currency} per person.")
assert abs(gain) < 1.0

# %% [markdown]
# ## What would it be worth to know more?
#
# EVPI is what a decision loses on average because the evidence is not perfect: the most that any research can be
# worth. EVPPI is the part that belongs to some parameters. Both are per person; the last column is for everybody whom
# the decision concerns.

# %%
found.voi[found.voi["threshold"] == threshold].round(2)

# %% [markdown]
# With few patients in each draw, luck looks like uncertainty and inflates EVPI. Here is by how much, and where it comes
# from.

# %%
print({name: round(evpi) for name, evpi in found.facts["evpi"].items()})
found.monte_carlo_error

# %% [markdown]
# ## One number at a time
#
# The tornado moves each number to both ends of its interval and leaves the others where they are. It shows what the
# result hangs on; it cannot show what happens when two numbers move together.

# %%
found.plot("tornado")

# %% [markdown]
# ## Other ways to look at it
#
# Structural choices are not parameters and have no distribution: a shorter horizon, another view, another set of
# utilities. Each is a row of its own.

# %%
found.plot("scenarios")

# %% [markdown]
# ## Where the numbers come from
#
# Every price and utility has a source and a grade. A reviewer starts here.

# %%
found.tables["values"].head(6)[["label", "value", "unit", "distribution", "grade", "source"]]

# %% [markdown]
# ## What must be kept in mind
#
# What the result cannot be used for; the report adds what is weak and what the analysis leaves out.

# %%
print("\n".join(f"* {warning}" for warning in found.facts["warnings"]))

# %% [markdown]
# `clti economics hospital.toml` writes all of this, with subgroups, a budget impact, the worth of a trial and a CHEERS
# checklist, as a report. Another payer's scenario needs one other word: `perspective = "uk"`, with that country's life
# table. Results of a model of your own, from whatever program, are analysed by `clti cea`.

# %%
shutil.rmtree(folder)
