"""Every kind of saved model that the zoo has, by group."""

from tests.zoo import boosters, networks, pipelines, scikit_learn
from tests.zoo.kind import Kind

KINDS: list[Kind] = [
    *scikit_learn.KINDS, *pipelines.KINDS, *boosters.KINDS, *networks.KINDS,
]  # fmt: skip
