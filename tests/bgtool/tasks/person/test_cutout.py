"""Photos to cut-outs in memory, by a model for which red is a person."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

import bgtool
from bgtool.api import ArraySource, source_of
from bgtool.errors import InputError, UsageError
from bgtool.imaging import icc
from bgtool.tasks.person.backgrounds import Background, read_background
from bgtool.tasks.person.crop import Crop, Print
from bgtool.tasks.person.cutout import Look, cut_out
from bgtool.tasks.person.geometry import bounds, straight
from bgtool.tasks.person.scene import Scene
from bgtool.tasks.person.views import shrink

RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 255, 0)
NOBODY = Look(read_background("transparent"))


def photo(width=400, height=300, box=(100, 60, 260, 240), person=RED, background=BLUE):
    """A box of one colour before another: uint8 [height, width, 3]."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = background
    pixels[box[1] : box[3], box[0] : box[2]] = person
    return pixels


@dataclass
class Counted:
    """A source that counts what is asked of it at a time."""

    source: ArraySource
    most: int = 0

    @property
    def size(self):
        return self.source.size

    def window(self, *box):
        pixels = self.source.window(*box)
        self.most = max(self.most, pixels.size)
        return pixels

    def alpha_window(self, *box):
        return self.source.alpha_window(*box)


def test_a_person_before_a_wall(person_model):
    result = bgtool.cutout(photo(), model=person_model)
    assert (result.mode, result.size) == ("RGBA", (400, 300))
    pixels = np.asarray(result)
    inside = np.zeros((300, 400), bool)
    inside[60:240, 100:260] = True
    wrong = (pixels[..., 3] >= 128) != inside
    assert wrong.sum() < 40  # of 680 pixels along the edge
    assert (pixels[80:220, 120:240] == (255, 0, 0, 255)).all()
    assert (pixels[:40] == 0).all()
    shown = pixels[..., 3] > 60
    assert pixels[shown][:, 2].max() < 40  # no blue is left in it


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 500), st.integers(1, 500), st.integers(64, 300))
def test_any_size_comes_out_at_its_size_and_whatever_the_tile(person_model, width, height, tile):
    source = ArraySource(photo(width, height, (width // 4, height // 4, width - width // 4, height - height // 4)))
    once, *_ = cut_out(source, person_model, NOBODY, 1000)
    tiled, *_ = cut_out(source, person_model, NOBODY, tile)
    assert once.shape == (height, width, 4)
    assert np.abs(once.astype(int) - tiled).max() <= 1


def test_a_panorama_is_seen_whole_and_never_held_twice(person_model):
    source = Counted(ArraySource(photo(12000, 2000, (9000, 300, 10500, 2000))))
    told = []
    pixels, found, *_ = cut_out(source, person_model, NOBODY, advance=told.append)
    assert pixels.shape == (2000, 12000, 4)
    assert found
    left, top, right, bottom = bounds(pixels[..., 3] >= 128)
    assert np.abs(np.subtract((left, top, right, bottom), (9000, 300, 10500, 2000))).max() <= 8
    assert sum(told) == 24_000_000
    assert source.most < pixels.size / 3


@pytest.mark.parametrize("size", [(2999, 1001), (1001, 2999), (640, 480), (63, 64)])
def test_shrinking_keeps_places(size):
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, width // 2 :] = 255
    small, opacity = shrink(ArraySource(pixels), (width // 9, height // 9))
    assert small.size == (width // 9, height // 9)
    assert opacity is None
    assert np.asarray(small).mean() == pytest.approx(pixels.mean(), abs=1)


def test_the_whole_photo_stays_upright_in_the_network(person_model):
    pixels = photo(300, 600, (0, 0, 300, 200))
    alpha = np.asarray(bgtool.cutout(pixels, model=person_model, mask_only=True))
    assert alpha[:180].min() == 255
    assert alpha[220:].max() == 0


def test_mask_is_the_alpha_of_the_cut_out(person_model):
    mask = bgtool.cutout(photo(), model=person_model, mask_only=True)
    assert mask.mode == "L"
    assert (np.asarray(mask) == np.asarray(bgtool.cutout(photo(), model=person_model))[..., 3]).all()


def test_crop_is_the_box_around_the_person(person_model):
    cropped = np.asarray(bgtool.cutout(photo(), model=person_model, crop=True))
    assert np.abs(np.subtract(cropped.shape[:2], (180, 160))).max() <= 6
    whole = np.asarray(bgtool.cutout(photo(), model=person_model))
    left, top, right, bottom = bounds(whole[..., 3] >= 13)
    assert (cropped == whole[top:bottom, left:right]).all()


@pytest.mark.parametrize("crop", [None, Crop(), Crop(print=Print((40, 50), 300))])
def test_nobody_gives_an_empty_frame(person_model, crop):
    wall = photo(person=BLUE)
    pixels, found, *_ = cut_out(ArraySource(wall), person_model, Look(read_background("transparent"), crop=crop))
    assert not found
    assert pixels.shape == (300, 400, 4)
    assert not pixels.any()


@pytest.mark.parametrize(("paleness", "sure"), [(124, False), (80, True)], ids=["alpha 0.54", "alpha 0.9"])
def test_who_is_nowhere_sure_has_found_nobody(person_model, paleness, sure):
    pixels, found, *_ = cut_out(ArraySource(photo(person=(255, paleness, paleness))), person_model, NOBODY)
    assert found == sure
    assert pixels.any() == sure


def test_nobody_before_a_background_is_the_background(person_model):
    result = np.asarray(bgtool.cutout(photo(person=BLUE), model=person_model, background="lime"))
    assert (result == GREEN).all()


@pytest.mark.parametrize("colour", ["lime", "#0f0", "rgb(0, 255, 0)", "hsl(120, 100%, 50%)"])
def test_colours(person_model, colour):
    result = bgtool.cutout(photo(), model=person_model, background=colour)
    assert result.mode == "RGB"
    pixels = np.asarray(result)
    assert (pixels[:40] == GREEN).all()
    assert (pixels[80:220, 120:240] == RED).all()
    assert pixels[..., 2].max() < 60  # the old wall shines through nowhere


def test_an_image_fills_the_frame_from_its_centre(person_model, tmp_path):
    bands = np.zeros((100, 300, 3), np.uint8)
    bands[:, :100], bands[:, 100:200], bands[:, 200:] = (9, 9, 9), GREEN, (90, 90, 90)
    Image.fromarray(bands).save(tmp_path / "bands.png")
    result = np.asarray(bgtool.cutout(photo(), model=person_model, background=str(tmp_path / "bands.png")))
    assert (result[10:50, 60:340] == GREEN).all()  # 400 x 300 shows the middle 133 of 300 columns, thrice as large
    assert (result[:40, :30] == (9, 9, 9)).all()
    assert (result[:40, -30:] == (90, 90, 90)).all()
    cropped = np.asarray(bgtool.cutout(photo(), model=person_model, background=str(tmp_path / "bands.png"), crop=True))
    assert cropped.shape[2] == 3
    assert cropped.shape[0] < 200


@given(st.integers(1, 9000), st.integers(1, 9000), st.integers(1, 300), st.integers(1, 300))
def test_a_background_of_any_size_fills_a_photo_of_any_size(width, height, wide, high):
    left, top, right, bottom = Background("any", Image.new("RGB", (wide, high))).behind((width, height)).box
    assert 0 <= left < right <= wide
    assert 0 <= top < bottom <= high


def test_the_backgrounds_colours_are_matched_to_the_photos_profile(person_model, tmp_path):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    Image.new("RGB", (8, 8), (200, 40, 90)).save(tmp_path / "same.png", icc_profile=lab.tobytes())
    for profile in (None, lab.tobytes()):
        picture = Image.fromarray(photo())
        if profile:
            picture.info["icc_profile"] = profile
        result = np.asarray(bgtool.cutout(picture, model=person_model, background=str(tmp_path / "same.png")))
        assert np.abs(result[:40].astype(int) - (200, 40, 90)).max() <= 2


def test_a_damaged_profile_is_as_good_as_none_before_a_background(person_model):
    profile = icc.srgb()
    picture = Image.fromarray(photo())
    picture.info["icc_profile"] = profile[:128] + b"\xff" * (len(profile) - 128)
    result = np.asarray(bgtool.cutout(picture, model=person_model, background="#c8285a"))
    assert (result[:40] == (200, 40, 90)).all()


def test_blur_has_the_wall_and_not_the_person_in_it(person_model):
    wall = photo()
    wall[::2, :, :] //= 2  # stripes, also on the person
    result = np.asarray(bgtool.cutout(wall, model=person_model, background="blur"))
    assert result.shape == (300, 400, 3)
    outside = np.delete(result, np.s_[90:270], axis=1)
    assert outside[..., 0].max() < 10
    assert np.ptp(outside[20:-20, :60, 2]) < 30  # the stripes are gone
    cropped = np.asarray(bgtool.cutout(wall, model=person_model, background="blur", crop=True))
    assert cropped.shape[:2] < (200, 200)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "CMYK", "1", "RGBa"])
def test_any_mode_of_pillow(person_model, mode):
    picture = Image.fromarray(photo())
    picture = picture.convert("RGBA").convert(mode) if mode == "RGBa" else picture.convert(mode)
    assert bgtool.cutout(picture, model=person_model).size == (400, 300)


def test_what_was_transparent_stays_so(person_model):
    picture = Image.fromarray(photo()).convert("RGBA")
    opacity = np.full((300, 400), 255, np.uint8)
    opacity[:150], opacity[:30] = 240, 0
    picture.putalpha(Image.fromarray(opacity))
    pixels = np.asarray(bgtool.cutout(picture, model=person_model))
    assert (pixels[80:140, 130:230, 3] == 240).all()
    assert (pixels[160:220, 130:230, 3] == 255).all()
    assert np.abs(pixels[80:140, 130:230, :3].astype(int) - RED).max() <= 2  # not the pink it is on white
    assert not pixels[:30].any()


def test_straight_undoes_the_white():
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (50, 50, 3), dtype=np.uint8)
    opacity = rng.integers(0, 256, (50, 50), dtype=np.uint8)
    picture = Image.fromarray(np.dstack([colours, opacity]), "RGBA")
    source = source_of(picture)
    found = straight(source.window(0, 0, 50, 50), source.alpha_window(0, 0, 50, 50))
    off = np.abs(found.astype(int) - colours)[opacity > 0] * opacity[opacity > 0][:, None]
    assert off.max() <= 256  # a level as it shows
    assert (found[opacity == 0] == 255).all()


def test_on_a_composite_the_colour_error_of_the_edge_is_halved(person_model):
    rows, columns = np.mgrid[:600, :800]
    alpha = np.clip((180 - np.hypot(rows - 300, columns - 400)) / 24 + 0.5, 0, 1)[..., None]
    person = np.dstack([np.full((600, 800), 230.0), 20 + rows / 20, 30 + columns / 20])
    seen = np.rint(alpha * person + (1 - alpha) * np.array((40.0, 120.0, 200.0))).astype(np.uint8)
    found = np.asarray(bgtool.cutout(seen, model=person_model)).astype(float)
    band = (alpha[..., 0] > 0.1) & (alpha[..., 0] < 0.98) & (found[..., 3] > 0)
    plain, clean = (np.abs(pixels[..., :3] - person)[band].mean() for pixels in (seen.astype(float), found))
    assert clean < plain / 2


@pytest.mark.parametrize("text", ["reddish-purple", "no/such.png", "", "#12", "a\0b"])
def test_a_background_that_is_nothing_is_a_usage_error(person_model, text):
    with pytest.raises(UsageError, match="background"):
        bgtool.cutout(photo(), model=person_model, background=text)


def test_a_background_has_to_be_opaque_and_an_image(tmp_path):
    with pytest.raises(UsageError, match="opaque"):
        read_background("#11223344")
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(UsageError, match="no readable image"):
        read_background(str(tmp_path / "notes.txt"))


def test_a_mask_has_no_background(person_model):
    with pytest.raises(UsageError, match="mask"):
        bgtool.cutout(photo(), model=person_model, background="white", mask_only=True)


def test_no_picture_is_refused(person_model):
    with pytest.raises(InputError):
        bgtool.cutout(np.zeros((4, 4, 5), np.uint8), model=person_model)


def test_a_scene_tells_nothing_is_there_without_reading_it(person_model):
    source = Counted(ArraySource(photo(person=BLUE)))
    scene = Scene.of(source, person_model)
    source.most = 0
    assert not scene.rgba(64, lambda pixels: None).any()
    assert source.most == 0


SPECK = (380, 20, 388, 28)


def with_speck(**options):
    pixels = photo(**options)
    pixels[SPECK[1] : SPECK[3], SPECK[0] : SPECK[2]] = RED
    return pixels


def test_a_speck_goes_or_is_kept_and_widens_no_crop(person_model):
    plain = np.asarray(bgtool.cutout(photo(), model=person_model))
    assert np.array_equal(np.asarray(bgtool.cutout(with_speck(), model=person_model)), plain)
    kept = np.asarray(bgtool.cutout(with_speck(), model=person_model, keep_specks=True))
    assert kept[22:26, 382:386, 3].min() >= 240
    cropped = [bgtool.cutout(with_speck(), model=person_model, crop=True, keep_specks=keep).size for keep in (0, 1)]
    assert cropped[0] == cropped[1] == bgtool.cutout(photo(), model=person_model, crop=True).size


def test_before_a_blurred_background_a_speck_is_background(person_model):
    for keep in (False, True):
        result = np.asarray(bgtool.cutout(with_speck(), model=person_model, background="blur", keep_specks=keep))
        assert result[24, 384, 2] > 100  # mixed with the wall around it


@pytest.mark.parametrize("edge", [-12, 12])
def test_the_outline_moves_and_shows_the_photo_there(person_model, edge):
    result = np.asarray(bgtool.cutout(photo(), model=person_model, edge=edge))
    left, top, right, bottom = bounds(result[..., 3] >= 128)
    wanted = (100 - edge, 60 - edge, 260 + edge, 240 + edge)
    assert np.abs(np.subtract((left, top, right, bottom), wanted)).max() <= 2
    mask = np.asarray(bgtool.cutout(photo(), model=person_model, edge=edge, mask_only=True))
    assert np.array_equal(mask, result[..., 3])
    seen = photo()[result[..., 3] == 255]
    assert np.abs(result[result[..., 3] == 255][:, :3].astype(int) - seen).max() <= 1


def test_a_moved_outline_shows_nothing_that_was_transparent(person_model):
    picture = Image.fromarray(photo()).convert("RGBA")
    opacity = np.full((300, 400), 255, np.uint8)
    opacity[:, :95] = 0
    picture.putalpha(Image.fromarray(opacity))
    assert not np.asarray(bgtool.cutout(picture, model=person_model, edge=12))[:, :95].any()


def test_padding_and_aspect(person_model):
    padded = bgtool.cutout(photo(), model=person_model, padding=20)
    assert np.abs(np.subtract(padded.size, (200, 220))).max() <= 6
    wide = bgtool.cutout(photo(), model=person_model, aspect="3:1", background="blur")
    assert wide.width == pytest.approx(3 * wide.height, abs=2)
    assert wide.width > 400  # beyond the photo
    pixels = np.asarray(wide)
    assert pixels[:, :20].std(axis=(0, 1)).max() < 3  # its border goes on


def test_a_print_has_its_size_and_resolution(person_model):
    result = bgtool.cutout(photo(), model=person_model, size="20x25mm", background="white")
    assert result.size == (236, 295)
    assert result.info["dpi"] == (300, 300)
    assert np.array_equal(np.asarray(result)[:8], np.full((8, 236, 3), 255))


def test_what_a_print_lacks_is_told(person_model):
    with pytest.warns(bgtool.BgtoolWarning) as told:
        bgtool.cutout(photo(box=(150, 240, 250, 300)), model=person_model, size="70x90mm", mask_only=True)
    said = " ".join(str(one.message) for one in told)
    assert "enlarged" in said
    assert "lower edge" in said
