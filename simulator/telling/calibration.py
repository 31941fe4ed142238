"""The report of a calibration: observed against simulated, prediction at the study's size, what the data moved, recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simulator.evidence.distributions import quantile
from simulator.telling.console import print_table
from simulator.telling.formats import number
from simulator.telling.html import Report
from simulator.telling.style import INK, MUTED, OKABE_ITO, caption, house_style, new_figure

if TYPE_CHECKING:
    from simulator.evidence.register import Register
    from simulator.questions.calibrate.posterior import Posterior
    from simulator.telling.outputs import OutputFolder

LIMITS = {"observed": number(3), "low": number(3), "high": number(3)}
FORMATS = {**LIMITS, "simulated": number(3, se="se")}
PREDICTED = {**LIMITS, "predicted": number(3)}
MOVED = 0.9
"""A posterior SD below this share of the prior's counts as moved by the data."""


def print_targets(targets: pd.DataFrame) -> None:
    """Print observed against simulated."""
    print_table(targets, "Founding cohort and randomised contrasts: observed and simulated", FORMATS)


def calibration_report(
    folder: OutputFolder,
    register: Register,
    targets: pd.DataFrame,
    predictive: pd.DataFrame,
    draws: pd.DataFrame | None = None,
    recovered: pd.DataFrame | None = None,
    posterior: Posterior | None = None,
    end_known: bool = True,
) -> Report:
    """The report, with its figures added to the folder. Without `draws` the committed posterior is described.

    Without `end_known` the fit has read the first year alone, and what came later is prediction.
    """
    from simulator.evidence.posterior import posterior_table

    if draws is None:
        draws = posterior_table()
    outside = targets[~targets["inside"]]
    report = Report(
        "Calibration to the founding cohort",
        "The free parameters are fitted to fifty people (Panunzi 2022) and to pooled randomised contrasts. Fifty people leave "
        "wide uncertainty; what follows shows how wide, and which parameters the data did not move."
        + (
            ""
            if end_known
            else " This fit has read the first year alone: what is called end of follow-up is predicted."
        ),
    )
    report = report.section(
        "Observed and simulated",
        f"{len(targets) - len(outside)} of {len(targets)} published numbers lie inside the 95% interval that their own "
        "sample size allows, at the fitted values, the most central point of the posterior at which "
        "the results at one year are their posterior means.",
    ).table(
        targets, "Every target, with the Monte Carlo standard error of the simulation.", FORMATS, file="targets.csv"
    )
    report = _draw(report, folder, "targets", shares_figure(targets))
    report = report.section(
        "Posterior predictive",
        "One cohort of fifty per posterior draw: where the study's numbers could have fallen if the model is right.",
    ).table(
        predictive,
        "Every target with its 95% predictive interval at the study's size.",
        PREDICTED,
        file="predictive.csv",
    )
    report = _draw(report, folder, "predictive", predictive_figure(predictive))
    if draws is not None:
        moved = movement_table(register, draws)
        folder.table("movement", moved)
        stuck = ", ".join(moved[~moved["moved"]]["parameter"]) or "none"
        report = report.section(
            "What the data moved",
            f"Parameters whose spread stayed above {MOVED:.0%} of their prior's, so that the prior speaks: {stuck}.",
        ).table(moved, "Prior and posterior of each fitted parameter.", file="movement.csv")
        report = _draw(report, folder, "prior_posterior", movement_figure(register, draws))
        report = _draw(report, folder, "pairs", pairs_figure(draws))
    if recovered is not None:
        summary = recovered.groupby("outcome", sort=False)["inside"].agg(["sum", "count"]).reset_index()
        words = "; ".join(
            f"{r['outcome'].replace('_', ' ')}: {r['sum']} of {r['count']}" for _, r in summary.iterrows()
        )
        report = report.section(
            "Recovery of known parameters",
            f"Synthetic cohorts of fifty, analysed as the study was. 90% intervals that hold the truth: {words}. "
            "Ninety are expected in a hundred, 84 to 96 by chance alone.",
        )
        report = _draw(report, folder, "coverage", coverage_figure(recovered))
    if posterior is not None:
        report = report.section(
            "How it was computed",
            f"{len(posterior.chosen)} draws, worth {posterior.effective:.0f} independent ones before resampling. The surface "
            f"that proposed them errs by {posterior.surface_error:.2f} (SD) in log likelihood; every draw was simulated and "
            "weighted for that.",
        )
    return report


def _draw(report: Report, folder: OutputFolder, name: str, figure: tuple[Figure, str]) -> Report:
    drawn, words = figure
    folder.figure(name, drawn)
    return report.figure(drawn, words, alt=words)


def shares_figure(targets: pd.DataFrame) -> tuple[Figure, str]:
    """Observed shares with exact intervals, and the simulated ones."""
    shares = targets[(targets["high"] <= 1.0) & (targets["observed"] <= 1.0)].reset_index(drop=True)
    with house_style():
        figure, (axes,) = new_figure(7.2, 0.22 * len(shares) + 1.2)
        y = np.arange(len(shares))[::-1]
        axes.hlines(y, shares["low"], shares["high"], color=MUTED, lw=1.2)
        axes.plot(shares["observed"], y, "o", color=INK, ms=4, label="observed, 95% interval")
        axes.plot(shares["simulated"], y, "D", color=OKABE_ITO["vermillion"], ms=4, label="simulated")
        axes.set_yticks(y, list(shares["target"]), fontsize=7)
        axes.set_xlim(0.0, 1.0)
        axes.set_xlabel("share of patients")
        axes.legend(loc="lower right", frameon=False, fontsize=8)
    return figure, "Diamonds on or near the dots: the fitted model reproduces the study's tables cell by cell."


def predictive_figure(predictive: pd.DataFrame) -> tuple[Figure, str]:
    """Observed values on the scale of their predictive intervals."""
    width = (predictive["high"] - predictive["low"]).replace(0.0, np.nan) / 2.0
    middle = (predictive["high"] + predictive["low"]) / 2.0
    with house_style():
        figure, (axes,) = new_figure(7.2, 0.2 * len(predictive) + 1.2)
        y = np.arange(len(predictive))[::-1]
        axes.axvspan(-1.0, 1.0, color=OKABE_ITO["sky"], alpha=0.25, lw=0)
        axes.plot((predictive["observed"] - middle) / width, y, "o", color=INK, ms=4)
        axes.set_yticks(y, list(predictive["target"]), fontsize=7)
        axes.set_xlabel("observed value; the band is the 95% predictive interval of each number")
    return (
        figure,
        "Dots inside the band: the study's numbers are where a cohort of fifty from the model could have put them.",
    )


def movement_table(register: Register, draws: pd.DataFrame) -> pd.DataFrame:
    """parameter, prior_median, prior_low, prior_high, posterior_median, posterior_low, posterior_high, sd_ratio, moved."""
    rows: list[dict[str, Any]] = []
    for name in draws.columns:
        prior = quantile(register[name], np.linspace(0.005, 0.995, 199))
        values = draws[name].to_numpy()
        ratio = float(values.std() / prior.std()) if prior.std() > 0 else float("nan")
        rows.append(
            {
                "parameter": name,
                **{
                    f"prior_{k}": float(v)
                    for k, v in zip(
                        ("low", "median", "high"), quantile(register[name], (0.025, 0.5, 0.975)), strict=True
                    )
                },
                **{
                    f"posterior_{k}": float(v)
                    for k, v in zip(("low", "median", "high"), np.quantile(values, (0.025, 0.5, 0.975)), strict=True)
                },
                "sd_ratio": ratio,
                "moved": ratio < MOVED,
            }
        )
    return pd.DataFrame(rows)


def movement_figure(register: Register, draws: pd.DataFrame) -> tuple[Figure, str]:
    """Prior and posterior density of each fitted parameter."""
    names = list(draws.columns)
    columns = 4
    rows = -(-len(names) // columns)
    with house_style():
        figure, panels = new_figure(9.0, 1.6 * rows, rows, columns)
        u = (np.arange(4000) + 0.5) / 4000
        for axes, name in zip(panels, names, strict=False):
            prior = quantile(register[name], u)
            low, high = np.quantile(prior, [0.005, 0.995])
            bins = list(np.linspace(min(low, draws[name].min()), max(high, draws[name].max()), 40))
            axes.hist(prior, bins, density=True, color=MUTED, alpha=0.35)
            axes.hist(draws[name], bins, density=True, histtype="step", color=OKABE_ITO["blue"], lw=1.4)
            axes.set_title(name, fontsize=7, fontweight="normal")
            axes.set_yticks([])
            axes.tick_params(labelsize=6)
        for axes in panels[len(names) :]:
            axes.set_visible(False)
    return figure, "Grey: prior. Blue: posterior. Where the two agree, the data said nothing and the prior decides."


def pairs_figure(draws: pd.DataFrame) -> tuple[Figure, str]:
    """Rank correlations between all pairs of fitted parameters."""
    correlation = draws.corr("spearman").to_numpy()
    names = list(draws.columns)
    with house_style():
        figure, (axes,) = new_figure(8.0, 7.0)
        axes.grid(visible=False)
        image = axes.imshow(correlation, cmap="PuOr", vmin=-1, vmax=1)
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=6)
        axes.set_yticks(range(len(names)), names, fontsize=6)
        for i in range(len(names)):
            for j in range(len(names)):
                if i != j and abs(correlation[i, j]) >= 0.25:
                    axes.text(j, i, f"{correlation[i, j]:.1f}", ha="center", va="center", fontsize=5)
        figure.colorbar(image, ax=axes, shrink=0.6, label="rank correlation")
    return figure, "Strong colours mark parameters that the data identify only together, not one by one."


def coverage_figure(recovered: pd.DataFrame) -> tuple[Figure, str]:
    """Intervals of each synthetic cohort against its truth, and the ranks of the truths."""
    outcomes = list(dict.fromkeys(recovered["outcome"]))
    with house_style():
        figure, panels = new_figure(9.0, 5.5, 2, len(outcomes))
        for k, name in enumerate(outcomes):
            part = recovered[recovered["outcome"] == name].sort_values("truth").reset_index(drop=True)
            top, bottom = panels[k], panels[len(outcomes) + k]
            colours = np.where(part["inside"], OKABE_ITO["blue"], OKABE_ITO["vermillion"])
            top.vlines(part.index, part["low"], part["high"], colors=list(colours), lw=0.8)
            top.plot(part.index, part["truth"], ".", color=INK, ms=3)
            top.set_title(f"{name.replace('_', ' ')}: {int(part['inside'].sum())} of {len(part)}")
            top.set_xticks([])
            bottom.hist(part["rank"], list(np.linspace(0, 1, 11)), color=MUTED)
            bottom.axhline(len(part) / 10, color=INK, lw=0.8, ls="--")
            bottom.set_xlabel("rank of the truth in its posterior")
    return (
        figure,
        "Above: 90% intervals of synthetic cohorts (red: missed the true dot). Below: flat ranks mean honest uncertainty.",
    )


def rank_figure(ranks: pd.DataFrame) -> Figure:
    """Histograms of the ranks of truths in the fit of hospitals, a panel a quantity: flat where it is calibrated."""
    names = list(dict.fromkeys(ranks["quantity"]))
    columns = 3
    with house_style():
        figure, panels = new_figure(8.6, 2.1 * -(-len(names) // columns), -(-len(names) // columns), columns)
        for axes, name in zip(panels, names, strict=False):
            part = ranks[ranks["quantity"] == name]
            axes.hist(part["rank"], list(np.linspace(0, 1, 6)), color=MUTED, edgecolor="white")
            axes.axhline(len(part) / 5, color=INK, linewidth=0.8)
            axes.set_title(str(name).replace("_", " "))
            axes.set_xlabel("rank of the truth")
            axes.set_ylabel("literatures")
        for axes in list(panels)[len(names) :]:
            axes.set_visible(False)
    caption(
        figure,
        "Ranks of truths among posterior draws in synthetic literatures: flat is right, the line is what chance expects.",
    )
    return figure
