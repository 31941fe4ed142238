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
# # A policy, a therapy and a parameter of your own
#
# Nothing here needs a change of the program: policies are a few lines of TOML, and so is evidence.

# %%
import math
import shutil
import tempfile
from pathlib import Path

import pandas as pd
from scipy.stats import lognorm

import simulator as sim

folder = Path(tempfile.mkdtemp())

# %% [markdown]
# ## A policy
#
# A policy states what differs from another one. Here: the published protocol for feet with less oxygen, with at most two
# treatments, and the second one only where measured TcPO2 is still low. The command `clti new policy two_doses` writes a
# file like this one with comments.

# %%
file = folder / "two_doses.toml"
file.write_text("""
extends = "base"
label = "Two treatments compared"
compare = ["conservative", "protocol", "two_doses"]
reference = "conservative"

[policies.two_doses]
extends = "protocol"
label = "Two treatments at most"

[policies.two_doses.eligibility]
tcpo2_below = 25.0

[policies.two_doses.cell_therapy]
doses = 2
interval_days = 30

[policies.two_doses.repeat]
rule = "until_tcpo2"
stop_at_tcpo2 = 40.0
""")
scenario = sim.load_scenario(file)
result = sim.simulate(scenario, patients=2_000, times=[1.0])


def compared(outcome: str) -> None:
    """Show one outcome by one year: each policy's, and what differs in the same people."""
    rows = result.outcomes[result.outcomes["outcome"] == outcome].set_index("policy")
    paired = result.differences[result.differences["outcome"] == outcome].set_index("policy")
    print(outcome)
    for name in result.policies:
        difference = f"{paired['mean'][name]:+.4f} ± {paired['se'][name]:.4f}" if name in paired.index else "reference"
        print(f"  {scenario.policies[name].label:24} {rows['mean'][name]:.4f}   {difference}")


for outcome in ("doses", "major_amputation", "healing_without_amputation"):
    compared(outcome)

# %% [markdown]
# ± is the Monte Carlo standard error of the difference. `clti compare two_doses.toml` gives the whole report.
#
# ## Mistakes are explained
#
# All of them at once, with the file, the key, the value and what was allowed.

# %%
(folder / "slips.toml").write_text("""
extends = "base"
compare = ["conservative", "protocoll"]

[follow_up]
horizon_yeers = 5.0

[entry]
tcpo2_below = 300.0
""")
try:
    sim.load_scenario(folder / "slips.toml")
except sim.BadInput as bad:
    print(str(bad).replace(f"{folder}/", ""))

# %% [markdown]
# ## Another value for a parameter
#
# Every number of the model is in the evidence register, with its unit, its distribution, its source and a grade. A
# scenario lays its own values over it, within the range that the register allows.

# %%
parameter = scenario.register["recovery_waning_share"]
print(f"{parameter.label}\n  {parameter.value:g} {parameter.unit}, range {parameter.range}\n  {parameter.note}")

waning = scenario.with_(parameters={"recovery_waning_share": 0.5})
late = {"usual": scenario, "half is lost again": waning}
for name, each in late.items():
    found = sim.simulate(each, patients=2_000, times=[5.0]).differences
    row = found[(found["policy"] == "protocol") & (found["outcome"] == "major_amputation")].iloc[0]
    print(f"{name:20} major amputation by five years, protocol: {row['mean']:+.4f} ± {row['se']:.4f}")

# %% [markdown]
# ## A therapy from a paper's abstract
#
# An abstract, made up for this notebook: *People without an option for revascularisation were randomised to a new device or
# to usual care. Major amputation by one year: 12 of 60 against 20 of 60. Two people died of the
# procedure.* That is enough for a file. A ratio is the one channel here: it already holds whatever the device did to TcPO2.
# On the control's risk of one third the hazard ratio is ln(1 - 12/60) / ln(1 - 20/60). Because success is
# inside a ratio that is analysed as randomised, the file has none. `clti new therapy NAME` writes a longer one with comments.

# %%
device = {
    "label": "New device",
    "description": "A device that was randomised against usual care.",
    "eligibility": {"angioplasty_suitable": "no"},
    "numbers": {
        "amputation_hr": {
            "value": round(math.log(1 - 12 / 60) / math.log(1 - 20 / 60), 2),
            "distribution": {"kind": "lognormal", "sd_log": 0.33},
            "grade": "assumption",
            "note": "12 of 60 against 20 of 60 by one year, as a hazard ratio; made up for this notebook.",
        },
        "effect_days": {"value": 365.0, "grade": "assumption", "note": "The trial's year; later ones are not known."},
        "procedural_death": {
            "value": 2 / 60,
            "distribution": {"kind": "beta", "n": 60},
            "grade": "assumption",
            "note": "2 of 60; made up for this notebook.",
        },
    },
    "prices": {
        "device": {"value": 9000.0, "unit": "EUR per procedure, 2024", "grade": "assumption", "note": "Made up."},
    },
    "charges": [{"price": "device"}],
}
with_device = sim.load_scenario(
    overrides={
        "therapies": {"device": device},
        "policies": {
            "device": {"extends": "pta", "therapies": ["device"], "eligibility": {"angioplasty_suitable": "no"}}
        },
    },
    policies=["conservative", "device"],
)
tried = sim.simulate(with_device, patients=1_000, times=[1.0])
print(tried.differences.query("policy == 'device' and outcome in ['major_amputation', 'death']").to_string(index=False))

# %% [markdown]
# It is now a therapy as any other: it has its place in histories and costs, its numbers are drawn with all others, and
# `clti verify` checks that without its numbers it does nothing. Two channels for one effect are refused:

# %%
device["numbers"]["rise"] = {"value": 20.0, "grade": "assumption", "note": "Read in the same paper."}
try:
    sim.load_scenario(overrides={"therapies": {"device": device}})
except sim.BadInput as refused:
    print(refused)

# %% [markdown]
# ## A parameter that is uncertain
#
# A parameter's distribution says what else it could be. `sim.psa` draws all of them together, or takes a table of draws of
# one's own: here only one parameter varies, over twenty draws of the distribution that its source allows.

# %%
known = sim.register(name="amputation_hr_dialysis").evidence.iloc[0]
print(f"{known['label']}: {known['value']:g} ({known['low']:.2f} to {known['high']:.2f}), {known['distribution']}")

drawn = lognorm(s=0.3, scale=known["value"]).rvs(20, random_state=1)
spread = sim.psa(
    pd.DataFrame({"amputation_hr_dialysis": drawn}), scenario=file, policies=["conservative", "protocol"], patients=500
)
one_year = "policy == 'conservative' and outcome == 'major_amputation' and time_years == 1"
by_draw = spread.outcomes.query(one_year)["mean"]
print(f"Major amputation by one year, conservative care: {by_draw.min():.3f} to {by_draw.max():.3f} over the draws")

# %% [markdown]
# ## A parameter of your own
#
# The register is a folder of TOML files, one for each group. A new parameter is a new table; the program asks for all of
# its keys, because a number whose origin nobody knows is of no use. In `calibration/register/care.toml`:
#
# ```toml
# [offloading_hr]
# label = "Hazard ratio of healing with a total-contact cast"
# value = 1.2
# unit = "hazard ratio"
# distribution = { kind = "lognormal", sd_log = 0.2 }
# range = [0.5, 3.0]
# source = []
# grade = "assumption"
# note = "Made up for this notebook."
# ```
#
# From then on it is drawn with the others, its range is checked, and it appears in `clti evidence` and in sensitivity
# studies. Drawing it leaves the draws of every other parameter as they were.
#
# What it *does* is a rule of the model, and rules are Python: one short file each in `simulator/rules/pathway`, which read a
# parameter as `params.offloading_hr`. Until a rule reads it, it changes no life. The rule for healing is in
# `simulator/rules/pathway/healing.py`; whoever adds a rule edits the register in `calibration/register` at the top of the
# project, and the tests that compare the two engines say whether both follow it.

# %%
shutil.rmtree(folder)
