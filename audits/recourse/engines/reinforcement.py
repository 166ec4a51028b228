"""Recourse learnt once for very many rows: engine "reinforcement".

alibi's `CounterfactualRLTabular` (Samoilescu, Van Looveren and Klaise 2021, "Model-agnostic and
scalable counterfactual explanations via reinforcement learning"): an autoencoder of the
reference data, and an actor that learns which moves in its space the model rewards. After the
training an answer costs one pass through a small network. Answers often miss: each is predicted
again and held against the rules, and the share that failed is measured.

alibi is under the Business Source License 1.1, not an open-source licence: production use needs
a licence from its maker. It is imported only when this engine is chosen."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from audits.core.arrays import FloatArray
from audits.core.counterfactual import NoRecourse
from audits.core.errors import CheckSkippedError
from audits.recourse.engines.learnt_rows import LearntRows
from audits.recourse.engines.outcome import EngineOutcome
from audits.recourse.engines.postprocess import (
    Bench,
    RecourseTask,
    drop_unneeded,
    finish_proposals,
    open_bench,
)
from audits.recourse.result import RecourseResult
from audits.recourse.search.proposals import Proposals

if TYPE_CHECKING:
    import torch

LICENCE = (
    "alibi is under the Business Source License 1.1: production use needs a licence from its maker"
)
TRAINING_STEPS = 2_000
"""Batches that the actor learns from, unless the time runs out."""
TRAINING_SHARE = 0.7
"""The share of the time budget that training may take."""
AUTOENCODER_STEPS = 600
BATCH = 64
LATENT = 12
HIDDEN = 64
SPARSITY, CONSISTENCY = 0.5, 0.5
"""The weights of alibi's own losses, as in its example on Adult."""


class _TimeUpError(Exception):
    """The training's share of the time is spent."""


@dataclass(frozen=True, slots=True)
class _Clock:
    """What alibi calls after each step: ends the training when the time is up."""

    deadline: float

    def __call__(self, **_: object) -> None:
        if time.monotonic() >= self.deadline:
            raise _TimeUpError


def learn_counterfactuals(task: RecourseTask) -> EngineOutcome:
    """Train on the reference rows, then answer each row once; see `RecourseTask`.

    Raises CheckSkippedError where alibi is not installed, with what to do.
    """
    if importlib.util.find_spec("alibi") is None:
        raise CheckSkippedError(
            '[recourse] engine = "reinforcement" needs alibi, which is not installed: '
            "pip install --no-deps -r requirements-alibi.txt, or choose "
            f'engine = "search". {LICENCE}'
        )
    seed = int(task.generator.integers(2**31))
    bench = open_bench(task)
    rows = LearntRows(bench)
    with _own_randomness(seed), contextlib.redirect_stderr(io.StringIO()):
        moved = _train_and_ask(bench, rows, seed)
    proposals = _to_proposals(bench, rows, moved)
    finished = finish_proposals(bench, drop_unneeded(bench, _reaching(bench, proposals)))
    none = NoRecourse(
        "",
        "What was learnt gave this row no answer that the model confirms and the rules allow.",
        f"one answer of a network trained on {len(rows.matrix):,} reference rows",
        max_changes=task.max_changes,
    )
    results = [
        RecourseResult(name, tuple(answers), None if answers else _of(none, name))
        for name, answers in zip(bench.names, finished.answers, strict=True)
    ]
    answered = sum(bool(answers) for answers in finished.answers)
    return EngineOutcome(results, len(bench.names), len(bench.names) - answered)


def _of(none: NoRecourse, name: str) -> NoRecourse:
    return NoRecourse(name, none.reason, none.searched, max_changes=none.max_changes)


def _train_and_ask(bench: Bench, rows: LearntRows, seed: int) -> FloatArray:
    """Return where the learnt policy moves each row, as a matrix of `LearntRows`."""
    import torch  # noqa: PLC0415
    from alibi.explainers import CounterfactualRLTabular  # noqa: PLC0415
    from alibi.explainers.backends.cfrl_tabular import get_he_preprocessor  # noqa: PLC0415

    names = [column.name for column in rows.columns]
    encode, decode = get_he_preprocessor(rows.matrix, names, rows.category_map)
    seconds = max(0.0, bench.scorer.deadline - time.monotonic()) * TRAINING_SHARE
    deadline = time.monotonic() + seconds
    torch.manual_seed(seed)
    encoder, decoder = _train_autoencoder(encode(rows.matrix), rows, deadline)

    def predict(matrix: np.ndarray) -> FloatArray:
        frame = rows.to_frame(rows.to_codes(matrix))
        accepted = bench.scorer.score(frame) >= bench.scorer.threshold
        return np.column_stack([~accepted, accepted]).astype(np.float64)

    explainer = CounterfactualRLTabular(
        predict,
        encoder,
        decoder,
        encode,
        decode,
        coeff_sparsity=SPARSITY,
        coeff_consistency=CONSISTENCY,
        feature_names=names,
        category_map=rows.category_map,
        immutable_features=[name for name in names if name in bench.task.rules.immutable],
        ranges=_one_way(bench),
        latent_dim=LATENT,
        backend="pytorch",
        seed=seed,
        train_steps=TRAINING_STEPS,
        batch_size=BATCH,
        actor_hidden_dim=HIDDEN,
        critic_hidden_dim=HIDDEN,
        num_workers=0,
        callbacks=[_Clock(deadline)],
    )
    with contextlib.suppress(_TimeUpError):
        explainer.fit(rows.matrix)
    found = explainer.explain(rows.fill(bench.editor.codes), np.array([1]), [])
    return np.asarray(found.data["cf"]["X"], dtype=np.float64)


def _one_way(bench: Bench) -> dict[str, list[float]]:
    """Return the one-way numbers in alibi's words: shares of the range, down and up."""
    rules = bench.task.rules
    numbers = {column.name for column in bench.columns if column.kind == "number"}
    return {
        **{name: [0.0, 1.0] for name in rules.increase_only & numbers},
        **{name: [-1.0, 0.0] for name in rules.decrease_only & numbers},
    }


def _train_autoencoder(
    encoded: FloatArray, rows: LearntRows, deadline: float
) -> tuple[torch.nn.Module, torch.nn.Module]:
    """Train a small encoder and decoder, one head for the numbers and one a category."""
    import torch  # noqa: PLC0415
    from alibi.models.pytorch.cfrl_models import ADULTDecoder, ADULTEncoder  # noqa: PLC0415
    from torch.nn import functional  # noqa: PLC0415

    sizes = [len(names) for names in rows.category_map.values()]
    numbers = encoded.shape[1] - sum(sizes)
    heads = [numbers, *sizes] if numbers else sizes
    encoder, decoder = ADULTEncoder(HIDDEN, LATENT), ADULTDecoder(HIDDEN, heads)
    data = torch.from_numpy(encoded.astype(np.float32))
    decoder(encoder(data[:1]))  # the lazy layers learn their sizes
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=1e-3)
    for _ in range(AUTOENCODER_STEPS):
        if time.monotonic() >= deadline:
            break
        batch = data[torch.randint(len(data), (min(BATCH, len(data)),))]
        guesses = decoder(encoder(batch))
        wanted = list(torch.split(batch, heads, dim=1))
        losses = [functional.mse_loss(guesses.pop(0), wanted.pop(0))] if numbers else []
        for guess, real in zip(guesses, wanted, strict=True):
            losses.append(functional.cross_entropy(guess, real.argmax(dim=1)) / len(sizes))
        optimiser.zero_grad()
        torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return encoder.eval(), decoder.eval()


def _to_proposals(bench: Bench, rows: LearntRows, moved: FloatArray) -> Proposals:
    """Return the moves as changes of codes; what stays within half a step stays as it is."""
    old, new = bench.editor.codes, rows.to_codes(moved)
    start = rows.to_codes(rows.fill(old))
    step = np.array([column.step if column.kind == "number" else 1.0 for column in bench.columns])
    differs = np.abs(new - start) >= step / 2
    differs |= np.isnan(start) & ~np.isnan(new)
    differs = bench.constraints.keep_acts(old, new, differs)
    new[:, sorted(bench.constraints.blocks.places)] = 1.0  # what a block changes is set
    places = np.where(differs, np.arange(old.shape[1]), -1)
    return Proposals(np.arange(len(old)), places, np.where(differs, new, 0.0))


def _reaching(bench: Bench, proposals: Proposals) -> Proposals:
    """Return the proposals that change something, and that the model accepts with what follows."""
    changed = proposals.take(np.flatnonzero((proposals.columns >= 0).any(axis=1)))
    if not len(changed):
        return changed
    gains = bench.scorer.score(bench.editor.apply(bench.constraints.complete(changed)))
    return changed.take(gains >= bench.scorer.threshold)


@contextlib.contextmanager
def _own_randomness(seed: int) -> Iterator[None]:
    """Keep the seeding that alibi does of every library to itself; one thread for torch."""
    import torch  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    states = np.random.get_state(), random.getstate()
    hashing, threads = os.environ.get("PYTHONHASHSEED"), torch.get_num_threads()
    # Matrices this small are many times slower on several threads, and add up otherwise there.
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]), threadpool_limits(1):
            np.random.seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
        np.random.set_state(states[0])
        random.setstate(states[1])
        if hashing is None:
            os.environ.pop("PYTHONHASHSEED", None)
        else:
            os.environ["PYTHONHASHSEED"] = hashing
