"""The exact confidence interval of a share."""

from __future__ import annotations

from scipy.stats import beta


def exact_interval(k: float, n: float) -> tuple[float, float]:
    """Clopper-Pearson 95% interval of k of n. Counts need not be whole, which SciPy's own asks for.

    Source: Clopper CJ, Pearson ES. Biometrika 1934;26:404-413, doi 10.1093/biomet/26.4.404.
    """
    low = 0.0 if k <= 0 else float(beta.ppf(0.025, k, n - k + 1))
    high = 1.0 if k >= n else float(beta.ppf(0.975, k + 1, n - k))
    return low, high
