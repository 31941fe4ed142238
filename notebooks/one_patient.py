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
# # The model, explained with one patient's story
#
# A cohort of ten thousand is ten thousand stories. This notebook tells one of them twice, and every part of the model
# turns up on the way: what flows to the foot, what is measured of it, what can happen, and where luck comes in.

# %%
import simulator as sim

scenario = sim.load_scenario("base", policies=["conservative", "protocol"])

# %% [markdown]
# We look for a typical patient of those whose leg is lost under conservative care and kept under the published protocol of
# cell therapy. They are the exception: most lives are the same under both, and some people recover without any cells. A
# good story is a bad average.

# %%
told = sim.trace(scenario, policies=None, find="spared")
print(told.summary())

# %% [markdown]
# Sentences in square brackets tell what nobody at the bedside can know. The command `clti trace base --find spared` tells
# the same story with a report.
#
# ## Perfusion: one number, and what is seen of it
#
# The state of the foot is its transcutaneous oxygen pressure, TcPO2, in mmHg. The true value follows a path of straight
# pieces: it starts where it was at referral, and natural change, each dose, an angioplasty or a restenosis add one ramp each.
# Care sees the value only through measurements, each with an error of its own; and decisions, such as whether another
# dose is given, rest on what is measured.

# %%
print(f"Standard deviation of a measurement: {scenario.register['measurement_sd'].value:g} mmHg")

told.plot()

# %% [markdown]
# Lines are the truth, dots what was measured at visits, triangles treatments. Where a line ends early, the leg or the life
# was lost. The panels to the right show the luck that was spent; they are explained below.
#
# ## Does the limb recover?
#
# By how much a limb's perfusion would change under the whole treatment is settled for each patient before anything is done:
# from a fall to a large rise, by its rank among all limbs. The odds of a better rank depend on traits of the patient, the
# product and the route. Then there is the question of cause: of each limb's recovery
# under treatment only a share comes from it. The rest would have come under conservative care, too. That share is the view
# on the evidence.

# %%
for name in ("response_probability", "recovery_gain", "recovery_days", f"attributable_share_{scenario.view}"):
    parameter = scenario.register[name]
    print(f"{parameter.label}: {parameter.value:g} {parameter.unit} ({parameter.grade})")

# %% [markdown]
# ## Hazards, and budgets of luck
#
# Several things can happen next: the wound heals, the leg is amputated, the patient dies. Each has a hazard that depends
# on the patient and on true perfusion: the better it is, the sooner a wound heals and the rarer an amputation.
#
# Luck comes in as a *budget*, drawn once for each risk from an exponential distribution with mean 1. As time passes the
# cumulative hazard spends it; when nothing is left, the event happens. Lives are distributed exactly as with textbook
# competing risks, and there is one thing more: the patient has the same budgets under every policy. A policy can only
# change how fast they are spent.

# %%
spending = told.budgets
first = spending[spending["occurrence"] == 1].copy()
first["share_spent"] = first["share_spent"].map("{:.0%}".format)
first["happened_years"] = first["happened_years"].map("{:.2f}".format).replace("nan", "never")
print(first[["policy", "risk", "budget", "share_spent", "happened_years"]].to_string(index=False))

# %% [markdown]
# Read the two rows of major amputation. The budget is the same; under conservative care all of it was spent. Where an
# event happened its budget is spent, and nowhere else.

# %%
happened = spending["happened_years"].notna()
spent = spending["share_spent"]
assert (abs(spent[happened] - 1.0) < 1e-6).all()
assert (spent[~happened] < 1.0).all()
budget = spending[(spending["risk"] == "major amputation") & (spending["occurrence"] == 1)]["budget"]
assert budget.nunique() == 1

# %% [markdown]
# ## Why it is done this way
#
# * A difference between two policies contains no difference in luck, so that a few thousand patients show effects for
#   which independent groups would need many times as many.
# * Luck belongs to the patient and the risk. One more visit, patient or policy changes nobody else's life.
# * What is decided uses what is measured, and what happens uses what is true. A test or a rule is never better in the
#   model than it could be at the bedside.
