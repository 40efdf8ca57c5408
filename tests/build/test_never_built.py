"""What a lake that nothing was built in says of the build to come."""

from __future__ import annotations

import toy

from lake import config
from lake.build import preview


def test_before_the_first_build_every_model_is_new_and_no_macro_is_another(tmp_path):
    told = preview.steps(config.load(toy.make(tmp_path))).as_dict()
    assert {step["reason"] for step in told["steps"]} == {"never built"}
    assert told["macros"] is False
    assert told["dropped"] == []
