"""The socket's file: its mode, what is replaced and what is refused, and who is at the other end.

Covers: tipoff.control.socket_settings.
"""

import os
import socket
import stat
from pathlib import Path

import pytest

from tipoff.config.sections import ControlSection
from tipoff.control.permissions import Level
from tipoff.control.socket_settings import Levels, control_settings
from tipoff.control.unix_socket import PATH_BYTES_MAX, SocketRefused, listening, peer_of


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_the_socket_is_the_owners_alone_and_goes_when_it_is_closed(path: Path) -> None:
    before = os.umask(0)
    try:
        with listening(path, None):
            assert mode(path) == 0o600
            assert path.lstat().st_uid == os.geteuid()
    finally:
        os.umask(before)
    assert not path.exists()


def test_a_group_that_is_named_may_use_it_too(path: Path) -> None:
    with listening(path, os.getegid()):
        assert (mode(path), path.lstat().st_gid) == (0o660, os.getegid())


def test_a_group_that_it_cannot_be_given_to_is_told_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refused)
    path = tmp_path / "control.sock"
    with (
        pytest.raises(SocketRefused, match=r"the group 7 of .*: Operation not permitted"),
        listening(path, 7),
    ):
        pass
    assert not path.exists()


def test_the_umask_is_as_it_was(path: Path) -> None:
    before = os.umask(0o027)
    try:
        with listening(path, None):
            pass
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)


@pytest.mark.fault("F6")
def test_the_file_of_a_crashed_daemon_is_replaced(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as crashed:
        crashed.bind(str(path))
    assert path.exists()
    with listening(path, None), socket.socket(socket.AF_UNIX) as peer:
        peer.connect(str(path))


@pytest.mark.fault("F6")
def test_the_socket_of_a_daemon_that_lives_is_refused_and_the_daemon_named(path: Path) -> None:
    with listening(path, None):
        with pytest.raises(SocketRefused, match=f"in use by process {os.getpid()}"), listening(path, None):
            pass
        assert path.exists()


@pytest.mark.fault("F6")
def test_a_symlink_is_refused_whatever_it_points_to(path: Path, folder: Path) -> None:
    path.symlink_to(folder / "elsewhere")
    with pytest.raises(SocketRefused, match="symlink"), listening(path, None):
        pass
    assert path.is_symlink()


@pytest.mark.fault("F6")
def test_a_file_of_somebody_is_not_overwritten(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(SocketRefused, match="no socket"), listening(path, None):
        pass
    assert path.read_text() == "precious"


@pytest.mark.fault("F6")
@pytest.mark.limit("tipoff.control.unix_socket:PATH_BYTES_MAX")
def test_a_path_has_at_most_107_bytes(folder: Path) -> None:
    name = "s" * (PATH_BYTES_MAX - len(os.fsencode(folder)) - 1)
    with listening(folder / name, None):
        pass
    with pytest.raises(SocketRefused, match="108 bytes"), listening(folder / (name + "s"), None):
        pass


def test_a_socket_that_took_our_place_is_left_alone(path: Path) -> None:
    with listening(path, None):
        path.unlink()
        path.write_text("another's")
    assert path.read_text() == "another's"


@pytest.mark.fault("F5")
def test_the_peer_is_who_the_kernel_says() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        peer = peer_of(ours)
    assert (peer.pid, peer.uid, peer.gid) == (os.getpid(), os.geteuid(), os.getegid())


def test_the_owner_and_root_administer_and_nobody_else_comes_in() -> None:
    settings = control_settings(ControlSection(), Path("/run/tipoff"))
    assert settings.path == Path("/run/tipoff/control.sock")
    assert settings.gid is None
    assert settings.levels.level(os.geteuid()) is Level.ADMIN
    assert settings.levels.level(0) is Level.ADMIN
    assert settings.levels.level(4_242) is None


def test_members_of_a_named_group_may_operate() -> None:
    settings = control_settings(ControlSection(group="root", request_ms_max=250), Path())
    assert (settings.gid, settings.request_seconds) == (0, 0.25)
    assert settings.levels.level(4_242) is Level.OPERATE


def test_a_user_that_is_named_has_that_level() -> None:
    levels = Levels(of={7: Level.READ}, others=Level.OPERATE)
    assert (levels.level(7), levels.level(8)) == (Level.READ, Level.OPERATE)
