"""The migrations are tested on the databases and the evening of the storage's tests."""

from tests.persistence.conftest import bare, bare_server, make_evening, small_evening

__all__ = ["bare", "bare_server", "make_evening", "small_evening"]
