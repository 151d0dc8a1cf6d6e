"""The user's own outcomes: kept, replaced, told apart, removed, and never mixed up with the target's own."""

from pathlib import Path

import pandas as pd
import pytest

from whence.errors import InputError
from whence.knowledge import (
    bodies,
    forget,
    grid_outcomes,
    known_outcomes,
    own_outcomes,
    published_outcomes,
    remember,
)
from whence.knowledge.store import SHIPPED
from whence.knowledge.tables import read_outcomes, read_scores


def shipped_targets() -> set[str]:
    return {*published_outcomes()["target"], *grid_outcomes()["target"]}


def outcomes(**columns: object) -> pd.DataFrame:
    rows = {"study": "s", "source": ["none", "NA"], "target": "t", "backbone": "b", "auc": [0.7, 0.8]}
    return pd.DataFrame(rows | columns)


def test_what_is_added_is_known_with_its_provenance() -> None:
    assert remember("my study", outcomes(target_fingerprint="f"), "/somewhere") == "my-study"
    own = own_outcomes()
    assert list(own["source"]) == ["none", "NA"]
    assert set(own["provenance"]) == {"/somewhere"}
    known = known_outcomes()
    assert len(known) == len(published_outcomes()) + len(grid_outcomes()) + 2
    assert known["provenance"].notna().all()
    assert {"/somewhere", *SHIPPED.values()} == set(known["provenance"])
    (body,) = [body for body in bodies() if not body.published]
    assert (body.name, body.outcomes, body.sources, body.targets, body.backbones) == (
        "my-study",
        2,
        2,
        1,
        ("b",),
    )


def test_the_same_study_again_replaces_and_another_of_its_name_does_not() -> None:
    remember("s", outcomes(), "/one")
    assert remember("s", outcomes(auc=[0.1, 0.2]), "/one") == "s"
    assert list(own_outcomes()["auc"]) == [0.1, 0.2]
    assert remember("s", outcomes(), "/two") == "s-2"
    assert remember("s", outcomes(), "/two") == "s-2"
    assert len(own_outcomes()) == 4
    assert remember("juodelyte2024", outcomes(), "/mine") == "juodelyte2024-2"
    assert remember("../../../etc/passwd", outcomes(), "/odd") == "etc-passwd"


def test_own_outcomes_on_the_target_itself_are_left_out_whatever_it_was_called() -> None:
    remember("s", outcomes(target="old name", target_fingerprint="f"), "/one")
    remember("u", outcomes(target="another", target_fingerprint="g"), "/two")
    assert set(known_outcomes(without_target="f")["target"]) - shipped_targets() == {"another"}


def test_shipped_outcomes_on_the_target_itself_are_left_out_by_its_images_too() -> None:
    chest = grid_outcomes().query("target == 'chest_xray'")
    left = known_outcomes(without_target=chest["target_fingerprint"].iloc[0])
    assert shipped_targets() - set(left["target"]) == {"chest_xray"}
    assert len(known_outcomes()) - len(left) == len(chest) >= 30


def test_removing() -> None:
    remember("s", outcomes(), "/one")
    with pytest.raises(InputError, match="is shipped with whence"):
        forget("juodelyte2024")
    with pytest.raises(InputError, match="unknown body of outcomes 'r'"):
        forget("r")
    forget("s")
    assert not len(own_outcomes())


def test_a_damaged_file_is_named_and_can_be_removed(private_home: Path) -> None:
    remember("s", outcomes(), "/one")
    (private_home / "knowledge" / "s.csv").write_bytes(b"\x00\xff,")
    with pytest.raises(InputError, match="whence knowledge remove s"):
        known_outcomes()
    forget("s")
    assert not len(own_outcomes())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("study,source,target,auc\ns,a,t,0.5\n", "lacks the column backbone"),
        ("study,source,target,backbone,auc\ns,a,t,b,1.5\n", "AUC of 1.5"),
        ("study,source,target,backbone,auc\ns,a,t,b,good\n", "AUC of 'good'"),
        ("", "cannot be read as a CSV"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "o.csv").write_text(text)
    with pytest.raises(InputError, match=said):
        read_outcomes(tmp_path / "o.csv")


def test_nothing_to_add_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no outcome"):
        remember("s", outcomes(auc=[float("nan")] * 2), "/one")
    with pytest.raises(InputError, match="does not exist"):
        read_outcomes(tmp_path / "o.csv")
    (tmp_path / "s.csv").write_text("measure,source,target,value\nm,a,t,high\n")
    with pytest.raises(InputError, match="a value of 'high'"):
        read_scores(tmp_path / "s.csv")
    (tmp_path / "s.csv").write_text("measure,source,value\nm,a,1\n")
    with pytest.raises(InputError, match="lacks the column target"):
        read_scores(tmp_path / "s.csv")
