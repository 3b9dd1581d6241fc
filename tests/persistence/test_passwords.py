"""A password comes from its file at each connection, reaches the driver, and nobody else ever sees it."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from persistence import connect
from persistence.connect import Access
from persistence.errors import StorageError, StorageUnreachable
from persistence.maintenance import found_revision, upgrade, verify
from persistence.passwords import PASSWORD_BYTES_MAX, PASSWORD_FILE, with_password_file
from persistence.writer import JournalWriter
from tests.persistence.servers import SERVER

SECRET = "hunter2-'\"%@:/?"
NOBODY = "postgresql://root@127.0.0.1:1/test"


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "data base & password"
    path.write_text(f"{SECRET}\n", "utf-8")
    path.chmod(0o600)
    return path


def test_an_address_names_the_file_and_not_what_is_in_it(password_file: Path) -> None:
    url = with_password_file(f"{SERVER}?application_name=x", password_file)
    assert SECRET not in url
    assert make_url(url).query == {"application_name": "x", PASSWORD_FILE: str(password_file)}
    assert connect.where(url) == f"{connect.address(SERVER).render_as_string()}?application_name=x"


def test_an_address_that_names_a_file_keeps_all_else_that_is_in_it(password_file: Path) -> None:
    """A password too: which of both counts is the driver's business, but neither is lost on the way."""
    url = make_url(with_password_file("postgresql://root:old@127.0.0.1:1/test", password_file))
    assert (url.username, url.password, url.port) == ("root", "old", 1)


def test_a_file_of_sqlite_has_no_password(password_file: Path) -> None:
    assert with_password_file("sqlite:///a.db", password_file) == "sqlite:///a.db"


@pytest.mark.postgres
def test_the_driver_is_handed_the_password_of_now(bare_server: str, password_file: Path) -> None:
    url = with_password_file(bare_server, password_file)

    engine = connect.make_engine(url, Access.READ)

    def used() -> object:
        with engine.connect() as connection:
            assert SECRET not in str(connection.engine.url)
            driver = connection.connection.driver_connection
            assert driver is not None
            return driver.info.password

    assert used() == SECRET
    password_file.write_text("another", "utf-8")
    assert used() == "another"
    engine.dispose()


@pytest.mark.postgres
def test_everything_works_with_a_password_file(bare_server: str, password_file: Path) -> None:
    url = with_password_file(bare_server, password_file)
    upgrade(url)
    JournalWriter(url, "evening").close()
    assert verify(url).sound
    assert "password" not in verify(url).place


@pytest.mark.limit("persistence.passwords:PASSWORD_BYTES_MAX")
def test_a_password_file_that_cannot_be_used_is_named_with_what_to_do(password_file: Path) -> None:
    url = with_password_file(NOBODY, password_file)
    cases = {
        b"": "is empty",
        b"\n": "is empty",
        b"\xff\xfe" + SECRET.encode(): "is not UTF-8",
        SECRET[:1].encode() * (PASSWORD_BYTES_MAX + 1): f"more than {PASSWORD_BYTES_MAX} bytes",
    }
    for content, words in cases.items():
        password_file.write_bytes(content)
        with pytest.raises(StorageUnreachable, match=words) as failed:
            found_revision(url)
        assert "chmod 600" in failed.value.remedy
        assert SECRET not in f"{failed.value!r} {failed.value.__cause__!r}"
    password_file.unlink()
    with pytest.raises(StorageUnreachable, match="cannot be read: No such file"):
        found_revision(url)


def test_a_password_of_the_longest_length_is_used(password_file: Path) -> None:
    password_file.write_bytes(b"x" * PASSWORD_BYTES_MAX)
    with pytest.raises(StorageUnreachable, match="check that the server runs"):
        found_revision(with_password_file(NOBODY, password_file))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://root:hunter2@127.0.0.1:1/test",
        "postgresql://root@127.0.0.1:1/test?password=hunter2",
        "postgresql://root@127.0.0.1:1/test?sslpassword=hunter2&sslmode=prefer",
    ],
)
def test_a_password_in_an_address_is_not_shown_by_any_error(url: str) -> None:
    assert "hunter2" not in connect.where(url)
    assert "***" in connect.where(url) or "password=hidden" in connect.where(url)
    for attempt in (found_revision, verify, upgrade, lambda each: JournalWriter(each, "evening")):
        with pytest.raises(StorageError) as failed:
            attempt(url)
        assert "hunter2" not in f"{failed.value} {failed.value.__cause__}"


def test_a_wrong_address_is_not_repeated() -> None:
    with pytest.raises(StorageUnreachable) as failed:
        connect.address("postgresql//root:hunter2@h/d")
    assert "hunter2" not in str(failed.value)
