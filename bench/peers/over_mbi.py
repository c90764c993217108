"""MST and AIM over the inference of mbi.

The package mbi holds inference only; the mechanisms of its repository are not in
it. Here they are as their papers have them, with that repository's defaults:

mst: McKenna, Miklau, Sheldon, Winning the NIST Contest, 2021.
aim: McKenna, Mullins, Sheldon, Miklau, AIM, VLDB 2022; the workload is all pairs.

usage: over_mbi.py mst|aim IN.csv DOMAIN.json OUT.csv EPSILON DELTA SEED [MEGABYTES [ITERATIONS]]

The last two bound AIM's model (80 MB) and the steps of each of its fits (1000).
"""

import csv
import itertools
import json
import math
import sys

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_enable_compilation_cache", False)

import networkx
import numpy as np
from mbi import Dataset, Domain, LinearMeasurement, estimation, junction_tree, marginal_oracles

MST_ITERATIONS = 5000


def rho_for(epsilon, delta):
    """Returns the ρ whose zCDP gives (ε, δ): Canonne, Kamath, Steinke 2020, corollary 13."""
    orders = 1 + np.exp(np.linspace(math.log(1e-4), math.log(1e6), 20000))

    def delta_of(rho):
        log = (orders - 1) * (orders * rho - epsilon) + orders * np.log1p(-1 / orders) - np.log(orders - 1)
        return math.exp(min(log.min(), 0))

    low, high = 0.0, epsilon + 1
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if delta_of(middle) <= delta else (low, middle)
    return low


class Run:
    """Holds the real records, what was measured of them and the noise's source."""

    def __init__(self, data, seed):
        self.data = data
        self.random = np.random.default_rng(seed)
        np.random.seed(seed)  # of mbi's generation
        self.measured = []
        self.answers = {}

    def truth(self, clique):
        if clique not in self.answers:
            self.answers[clique] = np.asarray(self.data.project(clique).datavector(), dtype=float)
        return self.answers[clique]

    def measure(self, clique, sigma):
        noisy = self.truth(clique) + self.random.normal(0, sigma, self.truth(clique).size)
        self.measured.append(LinearMeasurement(noisy, clique, sigma))

    def fit(self, iterations, warm=None):
        return estimation.MirrorDescent().estimate(self.data.domain, self.measured, iters=iterations, warm_start=warm)

    def away(self, model, clique):
        return np.abs(self.truth(clique) - expected(model, clique)).sum()

    def choose(self, scores, epsilon, sensitivity):
        """Is the exponential mechanism, by Gumbel noise."""
        return int(np.argmax(epsilon * np.array(scores) / (2 * sensitivity) + self.random.gumbel(size=len(scores))))


def expected(model, clique):
    """Returns the model's counts.

    model.project does the same, but compiles each clique of each model anew, which
    takes most of the time of small files.
    """
    if model.marginals.supports(clique):
        return np.asarray(model.marginals.project(clique).datavector())
    eliminate = marginal_oracles.variable_elimination.__wrapped__
    return np.asarray(eliminate(model.potentials, clique, float(model.total)).datavector())


def mst(run, rho):
    names = run.data.domain.attributes
    sigma = math.sqrt(len(names) / (2 * rho / 3))
    for name in names:
        run.measure((name,), sigma)
    merged = {}
    for m in run.measured:
        stands = np.asarray(m.noisy_measurement) >= 3 * sigma
        if not stands.all():  # the rare levels become one, the last
            merged[m.clique[0]] = np.where(stands, np.cumsum(stands) - 1, stands.sum())
    run.measured = [m.compress(merged, run.data.domain) for m in run.measured]
    run.data, run.answers = run.data.compress(merged), {}

    model = run.fit(MST_ITERATIONS)
    scores = {pair: run.away(model, pair) for pair in itertools.combinations(names, 2)}
    tree = networkx.Graph()
    tree.add_nodes_from(names)
    epsilon = math.sqrt(8 * rho / 3 / (len(names) - 1))
    for _ in names[1:]:
        joins = [p for p in scores if not networkx.has_path(tree, *p)]
        tree.add_edge(*joins[run.choose([scores[p] for p in joins], epsilon, 1)])
    sigma = math.sqrt((len(names) - 1) / (2 * rho / 3))
    for pair in tree.edges:
        run.measure(tuple(pair), sigma)
    return run.fit(MST_ITERATIONS).synthetic_data().decompress(merged)


def aim(run, rho, megabytes=80, iterations=1000):
    names = run.data.domain.attributes
    pairs = list(itertools.combinations(names, 2))
    weight = {c: sum(len(set(c) & set(p)) for p in pairs) for c in [(n,) for n in names] + pairs}
    rounds = 16 * len(names)
    sigma, epsilon = math.sqrt(rounds / (2 * 0.9 * rho)), math.sqrt(8 * 0.1 * rho / rounds)
    for name in names:
        run.measure((name,), sigma)
    used = len(names) * 0.5 / sigma**2
    model, last = run.fit(iterations), False
    while not last:
        left = rho - used
        if left < 2 * (0.5 / sigma**2 + epsilon**2 / 8):
            sigma, epsilon, last = math.sqrt(1 / (2 * 0.9 * left)), math.sqrt(8 * 0.1 * left), True
        used += epsilon**2 / 8 + 0.5 / sigma**2
        cliques = [m.clique for m in run.measured]
        limit = megabytes * used / rho
        allowed = [c for c in weight if len(c) == 1 or c in cliques
                   or junction_tree.hypothetical_model_size(run.data.domain, cliques + [c]) <= limit]
        bias = math.sqrt(2 / math.pi) * sigma
        scores = [weight[c] * (run.away(model, c) - bias * run.truth(c).size) for c in allowed]
        chosen = allowed[run.choose(scores, epsilon, max(weight[c] for c in allowed))]
        before = expected(model, chosen)
        run.measure(chosen, sigma)
        model = run.fit(iterations, model)
        after = expected(model, chosen)
        if np.abs(after - before).sum() <= bias * before.size:
            sigma, epsilon = sigma / 2, epsilon * 2
        print(f"{used / rho:.3f}", chosen, file=sys.stderr, flush=True)
    return model.synthetic_data()


def main(mechanism, source, sizes, target, epsilon, delta, seed, *effort):
    with open(sizes, encoding="utf-8") as f:
        sizes = json.load(f)
    with open(source, newline="", encoding="utf-8") as f:
        header, *rows = csv.reader(f)
    values = np.array(rows, dtype=int)
    data = Dataset({name: values[:, i] for i, name in enumerate(header)}, Domain(header, [sizes[n] for n in header]))
    mechanism = {"mst": mst, "aim": aim}[mechanism]
    records = mechanism(Run(data, int(seed)), rho_for(float(epsilon), float(delta)), *map(int, effort)).to_dict()
    with open(target, "w", newline="", encoding="utf-8") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(header)
        out.writerows(zip(*[records[name] for name in header]))


if __name__ == "__main__":
    main(*sys.argv[1:])
