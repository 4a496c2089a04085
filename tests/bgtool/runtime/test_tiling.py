import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bgtool.errors import UsageError
from bgtool.runtime.tiling import bands, round_up, spans

STRIDES = st.sampled_from([1, 2, 4, 16])


@given(length=st.integers(1, 5000), stride=STRIDES, halo_steps=st.integers(0, 20), extra=st.integers(1, 200))
def test_cores_cover_the_axis_once_and_windows_carry_their_halo(length, stride, halo_steps, extra):
    halo = halo_steps * stride
    tile = 2 * halo + extra * stride
    padded = round_up(length, stride)
    found = spans(length, tile, stride, halo)
    assert found[0].core_start == 0
    assert found[-1].core_stop == padded
    for span, following in itertools.pairwise(found):
        assert span.core_stop == following.core_start
    for span in found:
        assert span.core_start < span.core_stop
        assert span.start % stride == span.stop % stride == 0
        assert 0 <= span.start <= span.stop <= padded
        assert span.start == 0 or span.core_start - span.start >= halo
        assert span.stop == padded or span.stop - span.core_stop >= halo
    (window,) = {span.stop - span.start for span in found}
    assert window <= max(tile, stride)


def test_windows_share_the_axis_evenly():
    found = spans(2480, 1024, stride=4, halo=64)
    assert len(found) == 3
    assert found[0].stop - found[0].start == 912


def test_a_tile_without_core_is_refused_with_the_smallest_that_has_one():
    with pytest.raises(UsageError, match="take 132"):
        spans(1000, 128, stride=4, halo=64)
    assert spans(1000, 132, stride=4, halo=64)


def test_a_page_smaller_than_the_tile_is_one_window():
    ((window,),) = bands(101, 57, tile=512, stride=4, halo=64)
    assert (window.rows.stop, window.columns.stop) == (104, 60)
