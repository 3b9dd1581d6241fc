"""Every limit that the manual tells has its value from the code."""

import re

import pytest

from docs.bounds import Bound, bounds
from docs.tables import tables


@pytest.mark.parametrize("bound", tuple(bounds()), ids=lambda bound: str(bound.where))
def test_a_limit_has_a_value(bound: Bound) -> None:
    assert re.match(r"[\d.,]+ \S", bound.value)


def test_a_limit_that_is_gone_from_the_code_is_found() -> None:
    for where in ("engine.book:NO_SUCH_LIMIT", "engine.toml:control.no_such_key"):
        gone = Bound("", "", where, "", "")
        with pytest.raises((AttributeError, KeyError)):
            assert gone.value


def test_the_table_has_every_kind_of_limit() -> None:
    table = tables()["bounds"]
    kinds = (
        "`actors.runtime.specs:MAILBOX_CAPACITY`",
        "`tipoff.control.protocol:FRAME_BYTES_MAX`",
        "`engine.toml:control.connections_max`",
        "`actors.runtime.behaviour:SupervisorSpec.max_children`",
        "`actors.runtime.behaviour:SupervisorSpec.restarts_max`",
        "`venues.kalshi.rest:PAGES_MAX`",
        "`venues.transport.http:HttpLimits.body_bytes_max`",
        "`tipoff.metrics.engine_view:LABEL_VALUES_MAX`",
        "`actors.runtime.system:ZOMBIES_MAX`",
        "`tipoff.config.load:FILE_BYTES_MAX`",
        "`venues.recordings.segments:LINE_BYTES_MAX`",
    )
    assert [kind for kind in kinds if kind not in table] == []
