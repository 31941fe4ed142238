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
# # A study of your own
#
# You have a series, from your clinic or from a paper. Does the model predict it? That is the quickest way to find out
# whether it speaks of people like yours. A study is a file; nothing in the program changes.
#
# The numbers of the series below are made up. Predictions use 200 posterior draws.

# %%
import shutil
import tempfile
from pathlib import Path

import pandas as pd

import simulator as sim

folder = Path(tempfile.mkdtemp())

# %% [markdown]
# ## The file
#
# It says who took part, what care they had, and what was counted how (`clti new validation audit`
# writes one with comments). Three kinds of facts are kept apart:
#
# * `[population]`: what was reported.
# * `[assumed]`: what was not, as a range that you believe. Every draw takes a value from it.
# * `[[quantity]]`: an observed number with its denominator, its time and how it is formed.
#
# Only the population may be changed. The course of the disease is the model's, or it would not be a prediction.

# %%
TEXT = """
label = "A clinic's audit"
grade = "B"
kind = "natural history"
source = []
citation = "Made up for this notebook."
description = "Sixty people with a foot ulcer and no option for revascularisation, conservative care, one year."
follow_up_years = 1.0
life_table = { country = "Italy", period = "2015-20" }
assumptions = ["Loss to follow-up was not recorded and is taken to be nobody."]

[population]
age_mean = 72.0
male_share = 0.68
rest_pain_share = 0.0

[assumed]
severe_tissue_loss_share = [0.1, 0.4]
renal_dialysis_share = [0.0, 0.3]
ischaemic_heart_disease_share = [0.4, 0.8]

[groups.everybody]
n = 60
tcpo2 = [18.0, 9.0]
entry = { tcpo2_below = 30.0 }

[[quantity]]
name = "major amputation, 1 year"
measure = "major_amputation"
groups = ["everybody"]
at_years = 1.0
events = 15
n = 60
evidence = "published"

[[quantity]]
name = "death, 1 year"
measure = "death"
groups = ["everybody"]
at_years = 1.0
events = 1
n = 60
evidence = "published"

[[quantity]]
name = "healed without amputation, 1 year"
measure = "healing_without_amputation"
groups = ["everybody"]
at_years = 1.0
events = 20
n = 60
evidence = "published"
"""


(folder / "audit.toml").write_text(TEXT)
found = sim.validate(files=[folder / "audit.toml"], draws=200, patients=200)
table = found.validation
missed = table[~table["inside"].astype(bool)]
assert list(missed["quantity"]) == ["death, 1 year"]  # the made-up miss that the text speaks of
table[["quantity", "observed", "predicted", "predicted_low", "predicted_high", "inside"]]

# %%
(forest,) = (name for name in found.figures if name.startswith("forest"))
found.plot(forest)

# %% [markdown]
# Black is the observed number with the interval of its own size; the bar holds 95% of samples of sixty that the model
# makes. The bar is what to judge by: it contains the parameters' uncertainty, your ranges, how hospitals differ, and
# the luck of sixty people.
#
# Deaths were made up to be few, and the model misses them. With a real series this would be the interesting part: are
# these people better off than those to whom the model was fitted, in a way that the file does not tell, or were deaths
# after discharge not counted?
#
# ## What a range does
#
# Suppose you look up the records and find how many were on dialysis. The range becomes a number, and the prediction of
# what depends on it narrows, if dialysis was what made it wide.

# %%
exact = TEXT.replace("renal_dialysis_share = [0.0, 0.3]\n", "").replace(
    "male_share = 0.68\n", "male_share = 0.68\nrenal_dialysis_share = 0.25\n"
)
(folder / "known.toml").write_text(exact)
known = sim.validate(files=[folder / "known.toml"], draws=200, patients=200).validation
pd.DataFrame(
    {
        "quantity": table["quantity"],
        "with a range": table["predicted"],
        "width": table["predicted_high"] - table["predicted_low"],
        "a quarter on dialysis": known["predicted"],
        "width then": known["predicted_high"] - known["predicted_low"],
    }
)

# %% [markdown]
# Mostly it does not narrow much: with sixty people luck and the other unknowns are the larger part. What would be
# wrong is to move the ranges *after* seeing the prediction until the numbers agree. Set them first, keep them, and if
# there is a miss write its `reason` into the file.
#
# ## What the file cannot do

# %%
(folder / "tuned.toml").write_text(
    TEXT.replace("age_mean = 72.0", "age_mean = 172.0\namputation_rate = 0.9").replace("events = 15", "events = 75")
)
try:
    sim.validate(files=[folder / "tuned.toml"])
    raise AssertionError("the slips were not seen")
except sim.BadInput as bad:
    print(str(bad).replace(f"{folder}/", ""))

# %% [markdown]
# ## Where next
#
# * `clti validate audit.toml` predicts it with more draws and writes a report; `--study dalla_paola` puts a published
#   study beside it.
# * A file in `scenarios/validation`, with its publication in `calibration/sources.toml`, joins the shipped studies.
# * Patients one by one instead of summaries: `csv = "patients.csv"` under `[population]` of a scenario; see the
#   reference.

# %%
shutil.rmtree(folder)
