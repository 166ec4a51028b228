"""A refusal is one line that names a way in, and the way leads in."""

import numpy as np
import pytest

from audits.core.errors import InputError
from audits.models.convert import convert_model
from audits.models.formats.formats import detect_format
from audits.models.worker.client import open_model
from tests.models.host_process import run_host, write_host
from tests.zoo.kind import CONVERT, HOST
from tests.zoo.refused import REFUSED
from tests.zoo.rows import ROWS


@pytest.mark.parametrize("kind", REFUSED, ids=lambda kind: kind.name)
def test_the_way_that_a_refusal_names_leads_in(kind, tmp_path):
    path, expected = kind.save(tmp_path)
    ROWS.numbers.to_csv(tmp_path / "data.csv", index=False)
    with pytest.raises(InputError) as caught:
        open_as_people_do(path, tmp_path)
    said = str(caught.value)
    assert all(words in said for words in kind.says), said
    assert "\n" not in said
    assert ".partial" not in said
    if kind.way == HOST:
        walk_through_host(kind, path, expected)
    elif kind.mend is not None:
        mended = kind.mend(tmp_path)
        if kind.way == CONVERT:
            convert_model(mended, tmp_path / "mended.skops", tmp_path / "data.csv")
        else:
            with open_model(mended) as client:
                client.predict(ROWS.numbers.astype(np.float32))


def open_as_people_do(path, folder):
    """`assay run` and `init` look at the file; a pickle of one's own goes to `assay convert`."""
    if path.suffix != ".joblib":
        detect_format(path)
    convert_model(path, folder / "converted.skops", folder / "data.csv")


def walk_through_host(kind, path, expected):
    script = write_host(path, kind="joblib", data=path.with_name("data.csv"),
                        features=tuple(ROWS.numbers))  # fmt: skip
    script.write_text(kind.edit(script.read_text()))
    with run_host(script) as endpoint, open_model(endpoint) as client:
        given = client.predict(ROWS.numbers)
    np.testing.assert_allclose(given, expected, atol=1e-9)
