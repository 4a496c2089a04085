"""What `clean_files` and `cutout_files` say that they take is what they take."""

from dataclasses import fields

import pytest

from bgtool.api import CleanChoices, CutoutChoices
from bgtool.options import CleanOptions, CutoutOptions


@pytest.mark.parametrize(("choices", "options"), [(CleanChoices, CleanOptions), (CutoutChoices, CutoutOptions)])
def test_each_option_can_be_chosen_by_name(choices, options):
    assert set(choices.__annotations__) == {field.name for field in fields(options)} - {"inputs", "output"}
