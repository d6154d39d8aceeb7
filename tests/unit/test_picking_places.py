"""Places of an answer as text: read, told, and picked by without naming one sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data_world import folder_of
from visloop import app
from visloop.data.picking.places import read_places, told_places
from visloop.data.querying.answering import Outdated
from visloop.errors import UsageError
from visloop.faces import sdk


@given(mask=st.lists(st.booleans(), max_size=200))
def test_what_is_told_is_read_again(mask: list[bool]) -> None:
    told = told_places(np.array(mask, np.bool_))
    assert not any(mask) or (read_places(told, len(mask)) == np.flatnonzero(mask)).all()
    assert told.count(",") <= sum(mask)


@pytest.mark.parametrize("wrong", ["", "a", "3-", "-3", "2-1", "0-10", "10", "1;2"])
def test_what_is_no_place_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError):
        read_places(wrong, 10)


def test_places_of_an_answer_are_picked_and_found_again_where_they_stand(tmp_path: Path) -> None:
    app.create(tmp_path / "w")
    with sdk.local(tmp_path / "w") as here:
        pets = folder_of(tmp_path / "in", cat=3, dog=3)
        here.call(app.add, app.Add(paths=(str(pets),), to="pets"))
        text = "annotations.label = dog sort by path desc"
        before = here.call(app.query, app.Query(text=text, at="pets"))
        ask = app.Pick(dataset="pets", where=text, places="0,2", at="pets@work", state=before.state)
        done = here.call(app.pick, ask)
        assert done.count == 2
        rows = here.call(app.query, app.Query(text=done.text, at="pets")).rows
        assert [row["path"] for row in rows] == ["dog/dog0.jpg", "dog/dog2.jpg"]
        out = tmp_path / "out"
        wish = app.Export("pets@work", str(out), format="images", where=done.text)
        assert here.call(app.export, wish).images == 2
        written = sorted(file.name for file in out.rglob("*.jpg"))
        assert written == ["dog0.jpg", "dog2.jpg"]
        with pytest.raises(UsageError, match="nothing fits"):
            here.call(app.export, app.Export("pets@work", str(out / "no"), where="width > 9000"))
        look = app.Query(text=text, at="pets", limit=0, mark=done.text)
        assert here.call(app.query, look).marked == "0,2"
        assert here.call(app.samples, app.Samples(ref="pets@work")).state == before.state
        here.call(app.remove, app.Remove(dataset="pets", paths=("dog/dog1.jpg",)))
        assert here.call(app.query, look).marked == "0-1"
        with pytest.raises(Outdated):
            here.call(app.pick, ask)
