"""MST and AIM of the package dpmm, on codes as they are.

dpmm has no estimate of the number of records: it is told it.

usage: over_dpmm.py mst|aim IN.csv DOMAIN.json OUT.csv EPSILON DELTA SEED

AIM's model may hold 80 MB, as in its paper's code; else dpmm's defaults.
"""

import json
import sys

import pandas
from dpmm.pipelines import AIMPipeline, MSTPipeline


def main(mechanism, source, sizes, target, epsilon, delta, seed):
    with open(sizes, encoding="utf-8") as f:
        sizes = json.load(f)
    data = pandas.read_csv(source)
    budget = {"epsilon": float(epsilon), "delta": float(delta), "disable_processing": True, "n_jobs": 1}
    if mechanism == "aim":
        model = AIMPipeline(max_model_size=80, **budget)
    else:
        model = MSTPipeline(**budget)
    model.fit(data, {name: sizes[name] for name in data.columns}, random_state=int(seed))
    model.generate(n_records=len(data), random_state=int(seed))[data.columns].to_csv(target, index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
