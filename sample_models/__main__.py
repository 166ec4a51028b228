"""Make the samples that are not there yet: `python -m sample_models [--force]`."""

from __future__ import annotations

import argparse
import sys

from sample_models.catalogue import SAMPLES


def main() -> None:
    """Train every sample whose files are missing, printing one line for each."""
    parser = argparse.ArgumentParser(prog="python -m sample_models", description=__doc__)
    parser.add_argument("--force", action="store_true", help="make all of them anew")
    force: bool = parser.parse_args().force
    for number, sample in enumerate(SAMPLES, start=1):
        if sample.ready and not force:
            print(f"{sample.name}: already there (--force makes it anew)")
            continue
        if sys.stderr.isatty():
            print(f"{number} of {len(SAMPLES)}: {sample.title} ...", end="\r", file=sys.stderr)
        print(sample.run_training())


if __name__ == "__main__":
    main()
