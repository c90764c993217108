"""Synthesizes a file with pac-synth, as its own notebook does.

usage: pac_synth.py IN.csv OUT.csv EPSILON DELTA MODE ZEROS

MODE is a fabrication mode: uncontrolled, balanced, progressive or minimize.
ZEROS is 1 where 0 is a value like any other and not an absence.
"""

import csv
import sys

from pacsynth import (
    Dataset,
    DpAggregateSeededParametersBuilder,
    DpAggregateSeededSynthesizer,
    FabricationMode,
)


def main(source, target, epsilon, delta, mode, zeros):
    with open(source, newline="", encoding="utf-8") as f:
        rows = list(csv.reader(f))
    dataset = Dataset(rows, sensitive_zeros=rows[0] if zeros == "1" else [])
    parameters = (
        DpAggregateSeededParametersBuilder()
        .reporting_length(3)
        .epsilon(float(epsilon))
        .delta(float(delta))
        .fabrication_mode(getattr(FabricationMode, mode)())
        .use_synthetic_counts(True)
        .build()
    )
    synthesizer = DpAggregateSeededSynthesizer(parameters)
    synthesizer.fit(dataset)
    with open(target, "w", newline="", encoding="utf-8") as f:
        csv.writer(f, lineterminator="\n").writerows(synthesizer.sample())


if __name__ == "__main__":
    main(*sys.argv[1:])
