"""`assay cube`: the counts of runs, to be handed to somebody who may not see their rows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from audits.cli.terminal import explain_unwritable
from audits.core.errors import InputError
from audits.cube import merge_cubes, suppress_small_cells
from audits.store import load_bundle


def cube_command(runs: Sequence[Path], out: Path, least: int) -> None:
    """Write the runs' cubes, added up, without small cells, and say what that left out."""
    if least < 1:
        raise InputError(f"--least {least} is not allowed; give a number of rows, 1 or more")
    cube = merge_cubes([load_bundle(run).load_cube() for run in runs])
    shared, lost = suppress_small_cells(cube, least)
    with explain_unwritable(out):
        shared.save(out)
    coarser = ""
    if shared.score_bits != cube.score_bits and shared.score_bits is not None:
        coarser = f" Scores are in bins 1/{2**shared.score_bits:,} wide."
    print(
        f"{out}: {len(shared.sums['count']):,} cells of at least {least} rows. {lost:,} of "
        f"{cube.rows:,} rows are left out, which stood in smaller cells.{coarser}",
        file=sys.stderr,
    )
