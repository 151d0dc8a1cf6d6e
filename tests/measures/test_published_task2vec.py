"""What van den Brandt et al. (2021) published of Task2Vec, reproduced from their own embeddings and distances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr, spearmanr

from whence.measures import task2vec

NAMES = {"chest": "chest-xray", "isic": "isic2018", "kimia": "kimia960", "textures": "dtd"}


@pytest.fixture
def published(real_data: Path) -> pd.DataFrame:
    """Each pair with the mean of its five published distances, and that between the mean embeddings."""
    folder = real_data / "published"
    found = np.load(folder / "vandenbrandt2021_task2vec_mean_embeddings.npz", allow_pickle=False)
    embeddings = {
        NAMES.get(name, name): h
        for name, h in zip(found["datasets"].tolist(), found["mean_hessian"], strict=True)
    }
    embeddings["imagenet"] = embeddings["stl10"]  # none was made of ImageNet
    five = pd.read_csv(folder / "vandenbrandt2021_task2vec_distances.csv")
    pairs = five.groupby(["source", "target"])["distance"].mean().reset_index()
    pairs["ours"] = [
        task2vec.cosine(embeddings[s], embeddings[t])
        for s, t in zip(pairs["source"], pairs["target"], strict=True)
    ]
    pairs.attrs["filters"] = found["mean_hessian"].shape[1]
    return pairs


def test_distances_of_the_mean_embeddings_follow_those_of_the_subsets(published: pd.DataFrame) -> None:
    assert published.attrs["filters"] == 53120
    assert len(published) == 24
    itself = published["source"] == published["target"]
    assert (published.loc[itself, ["distance", "ours"]].abs() < 1e-6).all(axis=None)
    apart = published[~itself]
    assert pearsonr(apart["distance"], apart["ours"]).statistic > 0.9
    assert (apart["ours"] - apart["distance"]).mean() < 0  # means over 100 subsets carry less noise
    for table in (apart["distance"], apart["ours"]):  # chest X-rays lie far from everything
        chest = (apart["source"] == "chest-xray") | (apart["target"] == "chest-xray")
        assert table[chest].min() > table[~chest].max()


def test_imagenet_s_rows_repeat_stl10_s(published: pd.DataFrame) -> None:
    wide = published.pivot(index="source", columns="target", values="distance")
    np.testing.assert_array_equal(wide.loc["imagenet"], wide.loc["stl10"])


def test_the_correlations_with_transferability_that_the_paper_prints(
    published: pd.DataFrame, real_data: Path
) -> None:
    outcomes = pd.read_csv(real_data / "published" / "vandenbrandt2021_outcomes.csv")
    auc = outcomes.groupby(["source", "target"])["auc"].mean()
    gain = [
        100 * (auc[s, t] - auc[t, t]) / auc[t, t]
        for s, t in zip(published["source"], published["target"], strict=True)
    ]
    assert pearsonr(published["distance"], gain).statistic == pytest.approx(-0.109, abs=5e-4)
    assert spearmanr(published["distance"], gain).statistic == pytest.approx(0.014, abs=5e-4)
    other = published["source"] != published["target"]
    pairs = published[other]["distance"], np.array(gain)[other]
    assert pearsonr(*pairs).statistic == pytest.approx(-0.173, abs=5e-4)
    assert spearmanr(*pairs).statistic == pytest.approx(-0.105, abs=5e-4)
