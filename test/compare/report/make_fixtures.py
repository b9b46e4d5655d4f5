"""Writes bootstrap.json: means, deviations and bootstrap intervals as NumPy and SciPy compute them.

How to run, with NumPy and SciPy from PyPI (the versions are written into the file):

    python test/compare/report/make_fixtures.py

* `single` cases are lists of numbers; `scipy.stats.bootstrap` draws them for the percentile interval of the mean.
* `grouped` cases are lists of groups; whole groups are drawn, and the statistic is the mean of all numbers drawn. SciPy has
  no such bootstrap, so every possible draw is enumerated.

Few numbers have few possible means, and an end of an interval may by chance be one of them or its neighbour. So the file
has for each end between which quantiles it must lie: 0.5 % below and above the nominal 2.5 % and 97.5 %, which is three
standard errors of 10,000 resamples.
"""

import itertools
import json
import random
from pathlib import Path

import numpy
import scipy
from scipy.stats import bootstrap

RESAMPLES = 400_000


def numbers(name: str, count: int) -> list[float]:
    """Depends on the name alone, and on no version of NumPy."""
    own = random.Random(name)
    return [round(own.gauss(0.3, 1), 3) for _ in range(count)]


def ends(means: numpy.ndarray) -> list[list[float]]:
    return [[numpy.quantile(means, at - 0.005, method="lower"), numpy.quantile(means, at + 0.005, method="higher")] for at in (0.025, 0.975)]


def single(count: int) -> dict:
    values = numbers(f"single {count}", count)
    result = bootstrap((values,), numpy.mean, n_resamples=RESAMPLES, batch=10_000, method="percentile", rng=numpy.random.default_rng(1))
    return {"values": values, "mean": numpy.mean(values), "deviation": numpy.std(values, ddof=1), "ends": ends(result.bootstrap_distribution)}


def grouped(sizes: list[int]) -> dict:
    groups = [numbers(f"group {i} of {sizes}", size) for i, size in enumerate(sizes)]
    means = [numpy.mean(numpy.concatenate(draw)) for draw in itertools.product(groups, repeat=len(groups))]
    return {"groups": groups, "ends": ends(numpy.array(means))}


fixture = {
    "source": f"NumPy {numpy.__version__}, SciPy {scipy.__version__}",
    "single": [single(count) for count in (2, 3, 4, 5, 8, 20)],
    "grouped": [grouped(sizes) for sizes in ([3, 3, 3], [4, 2, 4, 3], [2, 5, 3, 4, 4])],
}
path = Path(__file__).with_name("bootstrap.json")
path.write_text(json.dumps(fixture, indent=1) + "\n", encoding="utf-8")
