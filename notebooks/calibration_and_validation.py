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
# # Calibration and validation
#
# Fifty people were treated and followed; some numbers about them were printed. This notebook shows how the model was
# fitted to those numbers, what they could not tell, and how it then predicts people of other studies.
#
# Sizes are small: 4,000 patients for the comparison, 200 posterior draws, five studies. `clti calibrate --check` and
# `clti validate` do the same with more, and `clti calibrate` repeats the fit itself, which takes minutes.

# %%
import matplotlib.pyplot as plt
import numpy as np

import simulator as sim

# %% [markdown]
# ## What was observed
#
# The founding study (Panunzi and colleagues) has no control group. The scenario `founding_cohort` enrols
# simulated people by its criteria, treats them by its protocol and loses some to follow-up; then the study's own
# estimators are applied to them. A Kaplan-Meier mean that censors deaths is compared with a Kaplan-Meier mean that
# censors deaths.

# %%
scenario = sim.load_scenario("founding_cohort")
fit = sim.calibrate(patients=4_000, draws=200)
print(fit.summary())
fit.plot("targets")

# %% [markdown]
# Most bars are wide, so being inside them is weak praise: with fifty people a model can be quite wrong and still fit.
# That is why the parameters are not given as one best fit.
#
# ## What is left uncertain
#
# The fit is a posterior distribution, kept as draws. Parameters in a draw belong together: where the data can be
# explained by fast healing that hardly asks for oxygen or by slow healing that hangs on it, the draws hold both, each with
# what goes with it. Pick them apart and you have people who were never fitted to anything.

# %%
draws = sim.psa(1_000, scenario=scenario, policies=["protocol"], patients=1).parameters
first, second = "healing_rate", "healing_per_mmhg"
correlation = draws[[first, second]].corr("spearman").iloc[0, 1]

figure, axes = plt.subplots(figsize=(5, 3.6), layout="constrained")
axes.plot(draws[first], draws[second], ".", markersize=2.5, alpha=0.5)
axes.set(xlabel=f"{first} (per year)", ylabel=f"{second} (log ratio per mmHg)")
axes.set_title(f"Rank correlation {correlation:.2f}".replace("-", "−"))
assert correlation < -0.3  # the sentence above this cell

# %% [markdown]
# How much did fifty people teach? `sd_ratio` is the spread of the posterior as a share of the prior's. Near one, the
# data said nothing about that parameter, and every result that depends on it rests on the prior.

# %%
moved = fit.movement.sort_values("sd_ratio")
moved[["parameter", "prior_median", "posterior_median", "posterior_low", "posterior_high", "sd_ratio"]]

# %% [markdown]
# ## The study's numbers, drawn again
#
# A fair question to a fitted model: if it were true, could the study have come out as it did? Here one cohort of fifty
# is simulated for each of 200 draws. The interval holds what the parameters leave open and the luck of fifty people.

# %%
predictive = fit.predictive
shown = predictive["target"].str.fullmatch("year_1_(major_amputation|death|healing)|walking_end")
predictive.loc[shown, ["target", "observed", "predicted", "low", "high", "inside"]]

# %% [markdown]
# ## What no fit to treated people can tell
#
# The share of recovery that the cells caused. Under three views of it the treated people lose nearly as many limbs, and
# what would have become of them otherwise moves. The study cannot choose between the views by limbs; the share is set by
# randomised trials instead. A view also says how much of the link between ischaemia and death is causal. The rate of excess
# death is scaled in the sceptical and the optimistic view so that as many of the treated die as in the central one: what the
# study saw is the same in every view.

# %%
policies = ["conservative", "protocol"]
rows, dead = {}, {}
for view in ("sceptical", "central", "optimistic"):
    other = scenario.with_(compare=policies, evidence={"view": view})
    seen = sim.simulate(other, patients=4_000, times=[1.0]).outcomes
    dead[view] = seen.query("outcome == 'death' and policy == 'protocol'")["mean"].item()
    rows[view] = seen[seen["outcome"] == "major_amputation"].set_index("policy")["mean"]
    share = scenario.register[f"attributable_share_{view}"].value if view != "optimistic" else 1.0
    treated, untreated = (f"{100 * rows[view][policy]:.1f}%" for policy in ("protocol", "conservative"))
    print(
        f"{view:10}  share caused {share:4.0%}   major amputation by one year: {treated} treated, {untreated} not;"
        f" {100 * dead[view]:.1f}% of the treated die"
    )
limbs = {policy: [row[policy] for row in rows.values()] for policy in policies}
assert np.ptp(limbs["protocol"]) < 0.2 * np.ptp(limbs["conservative"])  # nearly as many
assert np.ptp(list(dead.values())) < 0.01
assert rows["sceptical"]["conservative"] < rows["central"]["conservative"] < rows["optimistic"]["conservative"]

# %% [markdown]
# ## People of other studies
#
# Validation asks of the model what it was not fitted to. A study file states who took part, what care they had and
# what was counted; what the paper does not report is a range, which widens the prediction. Each posterior draw then
# lives samples of the study's own size. Five studies of different kinds are taken here, and not the five that fit
# best.

# %%
names = ["dalla_paola", "juventas", "dubsky2022_rct", "caselli", "madaric"]
found = sim.validate(names, draws=200, patients=100)
found.plot("forest_trials")

# %%
found.plot("forest_courses")

# %% [markdown]
# Dots are what was published, bars what was predicted before looking. Where the two do not meet, the file of the study
# has a reason, written after the miss was seen: an explanation, not an excuse.

# %%
rows = found.quantities
for miss in rows[rows["usable"] & (rows["inside"] == False)].to_dict("records"):  # noqa: E712
    print(f"{miss['label']}, {miss['quantity']}: {miss['direction']}\n  {miss['reason'] or 'No reason is known.'}\n")

# %% [markdown]
# A few things to take home, and to look for in any model:
#
# * *How many of the numbers lie inside* should be read with *how wide the predictions are*. Both are in
#   `validation.csv`.
# * Some of the trials went into the meta-analysis to which the share of recovery was fitted. Differences between their
#   arms are not wholly new to the model; the report marks every study that a parameter cites.
# * A miss in one direction over several studies is worth more than a hit: it says what the model lacks.

# %%
found.coverage.head(5)[["of", "quantities", "inside", "share", "low", "high"]]
