"""What a scope is of."""

import pytest

from engine.risk.halts import ScopeKind, StateUnknown, kind_of_scope


@pytest.mark.parametrize(
    ("scope", "kind"),
    [
        ("all", ScopeKind.ALL),
        ("strategy:momentum", ScopeKind.STRATEGY),
        ("game:26NOV20MEMPOR", ScopeKind.GAME),
        ("quarantine:momentum", ScopeKind.QUARANTINE),
        ("strategy:quarantine:odd", ScopeKind.STRATEGY),
    ],
)
def test_a_scope_is_of_what_it_begins_with(scope: str, kind: ScopeKind) -> None:
    assert kind_of_scope(scope) is kind


@pytest.mark.parametrize("scope", ["", "every", "quarantine", "quarantine:", "venue:kalshi"])
def test_what_is_no_scope_has_no_kind(scope: str) -> None:
    with pytest.raises(StateUnknown):
        kind_of_scope(scope)
