"""COCO's own layout: on a made-up split, and on nineteen real photos where the shared data is at hand."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from tests.support.places import DATA
from training.data.coco import find_coco
from training.data.people import find_people

MINI = DATA / "coco_mini"
needs_mini = pytest.mark.skipif(not MINI.is_dir(), reason=f"no {MINI} here")


def square(image_id, category, box, crowd=False, size=(20, 30)):
    """An instance that fills a box (left, top, right, bottom): a polygon, or run lengths for a crowd."""
    left, top, right, bottom = box
    shape = [[left, top, right, top, right, bottom, left, bottom]]
    if crowd:
        mask = np.zeros(size, np.uint8)
        mask[top:bottom, left:right] = 1
        edges = np.flatnonzero(np.diff(mask.T.ravel(), prepend=0, append=2))
        shape = {"size": list(size), "counts": np.diff(edges, prepend=0).tolist()}
    return {"image_id": image_id, "category_id": category, "segmentation": shape, "iscrowd": int(crowd), "bbox": [],
            "area": 1}  # fmt: skip


@pytest.fixture
def split(tmp_path):
    """Photo 1: two people who overlap, a dog, a crowd; photo 2: a dog; photo 3: a crowd."""
    annotations = [
        square(1, 1, (2, 2, 8, 10)),
        square(1, 1, (6, 4, 12, 12)),
        square(1, 18, (14, 2, 20, 10)),
        square(1, 1, (10, 10, 30, 20), crowd=True),
        square(2, 18, (0, 0, 10, 10)),
        square(3, 1, (0, 0, 10, 10), crowd=True),
    ]
    instances = {
        "images": [{"id": i, "file_name": f"{i:012}.jpg", "height": 20, "width": 30} for i in (3, 1, 2)],
        "annotations": [{"id": i + 1, **annotation} for i, annotation in enumerate(annotations)],
        "categories": [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}],
    }
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "instances_val2017.json").write_text(json.dumps(instances))
    (tmp_path / "val2017").mkdir()
    for i in (1, 2, 3):
        Image.new("RGB", (30, 20), (i, 0, 0)).save(tmp_path / "val2017" / f"{i:012}.jpg")
    return tmp_path


def box_mask(*boxes):
    mask = torch.zeros(20, 30, dtype=torch.uint8)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = 255
    return mask


def test_people_are_united_and_crowds_ignored(split):
    photo = find_coco(split)[0]
    sample = photo.load()
    assert photo.set_name == "val2017"
    assert sample["image"].shape == (3, 20, 30)
    assert torch.equal(sample["mask"][0], box_mask((2, 2, 8, 10), (6, 4, 12, 12)))
    crowd = box_mask((10, 10, 30, 20))
    crowd[10:12, 10:12] = 0
    assert torch.equal(sample["ignore"][0], crowd)


def test_photos_without_people_are_negatives_in_a_set_of_their_own(split):
    _, dog, crowd = find_coco(split)
    assert (dog.set_name, crowd.set_name) == ("val2017-nobody", "val2017")
    assert not dog.load()["mask"].any()
    assert not dog.load()["ignore"].any()
    assert not crowd.load()["mask"].any()
    assert torch.equal(crowd.load()["ignore"][0], box_mask((0, 0, 10, 10)))


def test_photos_may_lie_below_images(split):
    (split / "images").mkdir()
    (split / "val2017").rename(split / "images" / "val2017")
    assert find_people(split)[0].load()["mask"].any()


def test_a_missing_photo_is_named(split):
    (split / "val2017" / "000000000002.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"000000000002\.jpg"):
        find_coco(split)


def test_annotations_are_read_without_a_word_on_stdout(split, capsys):
    find_coco(split)
    assert capsys.readouterr().out == ""


@needs_mini
def test_the_real_layout():
    photos = {photo.image.stem: photo for photo in find_people(MINI)}
    assert len(photos) == 19
    assert {photo.set_name for photo in photos.values()} == {
        "train2017", "val2017", "train2017-nobody", "val2017-nobody"
    }  # fmt: skip
    assert sum(photo.set_name.endswith("-nobody") for photo in photos.values()) == 4
    for photo in photos.values():
        sample = photo.load()
        height, width = sample["image"].shape[-2:]
        assert sample["mask"].shape == sample["ignore"].shape == (1, height, width)
        assert not (sample["mask"] & sample["ignore"]).any()
    assert photos["000000391895"].load()["ignore"].sum() == 0
    assert photos["000000184613"].load()["ignore"].any()


@needs_mini
def test_the_union_covers_what_the_instances_cover():
    """Areas that COCO states: the union is no larger than their sum, and no smaller than the largest."""
    stated = json.loads((MINI / "annotations" / "instances_val2017.json").read_text())
    for photo in find_coco(MINI):
        if photo.set_name != "val2017":
            continue
        areas = [a["area"] for a in stated["annotations"]
                 if a["image_id"] == int(photo.image.stem) and a["category_id"] == 1 and not a["iscrowd"]]  # fmt: skip
        union = (photo.load()["mask"] > 0).sum().item()
        assert 0.98 * max(areas) <= union <= 1.05 * sum(areas) + 50
