"""`tipoff notify test`: each target gets one notice, and each is said to have taken it or why not.

Covers: tipoff.cli.notify.
"""

import json
from pathlib import Path

import pytest

from tests.tipoff.notifications.receivers import Hook, Mailbox, hook_server, mail_server
from tipoff.cli.app import main
from tipoff.config.load import template
from tipoff.config.render import render
from tipoff.exit_codes import Exit
from tipoff.runs.from_config import schema

SECRET = "AAsecretsecret"


def configured(folder: Path, lines: str, *, mode: int = 0o600) -> Path:
    """A configuration that names a file with these lines."""
    (folder / "targets").write_text(lines, "utf-8")
    (folder / "targets").chmod(mode)
    text = render(template(schema()))
    assert text.count('webhook_file = ""') == 1
    file = folder / "engine.toml"
    file.write_text(text.replace('webhook_file = ""', f'webhook_file = "{folder / "targets"}"'), "utf-8")
    return file


@pytest.mark.promise("notice-targets-never-shown")
def test_each_target_gets_one_and_it_is_said_of_each_what_came_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        hook_server(Hook()) as taking,
        hook_server(Hook(status=401, body=b'{"description": "Unauthorized"}')) as refusing,
        mail_server(Mailbox()) as mailbox,
    ):
        file = configured(
            tmp_path,
            f"# ours\njson http://127.0.0.1:{taking.port}/{SECRET}\n"
            f"telegram http://127.0.0.1:{refusing.port}/bot1:{SECRET}/sendMessage?chat_id=1\n"
            f"smtp://127.0.0.1:{mailbox.port}/?from=a@b.example&to=c@d.example\n"
            f"http://127.0.0.1:1/{SECRET}\n",
        )
        assert main(["notify", "test", "--config", str(file), "--json"]) == Exit.FAILED
        document = json.loads((machine := capsys.readouterr()).out)
        assert main(["notify", "test", "--config", str(file)]) == Exit.FAILED
        people = capsys.readouterr()
    assert [(each["target"], each["line"], each["outcome"], each["why"]) for each in document["targets"]] == [
        ("json at 127.0.0.1", 2, "delivered", None),
        ("telegram at 127.0.0.1", 3, "refused", "HTTP 401: Unauthorized"),
        ("mail at 127.0.0.1", 4, "delivered", None),
        ("json at 127.0.0.1", 5, "failed", "(covered): the connection was refused"),
    ]
    assert (len(taking.heard), len(refusing.heard), len(mailbox.mails)) == (2, 2, 2)
    assert json.loads(taking.heard[0][1])["kind"] == "test"
    assert "HTTP 401: Unauthorized" in people.out
    assert SECRET not in people.out + people.err + machine.out + machine.err


def test_it_ends_with_0_where_everybody_took_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with hook_server(Hook()) as hook:
        file = configured(tmp_path, f"http://127.0.0.1:{hook.port}/hook\n")
        assert main(["notify", "test", "--config", str(file)]) == Exit.OK
    assert "delivered" in capsys.readouterr().out


@pytest.mark.parametrize(
    "lines, mode, words, code",
    [
        ("", 0o600, "is empty", Exit.CONFIG),
        ("# nobody yet\n", 0o600, "nobody is notified", Exit.FAILED),
        (f"https://ntfy.sh/{SECRET}\n", 0o644, "chmod 600", Exit.CONFIG),
        (f"https://api.telegram.org/bot1:{SECRET}\n", 0o600, "line 1 lacks the chat", Exit.CONFIG),
    ],
)
def test_what_is_wrong_with_the_file_is_said_before_anything_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, lines: str, mode: int, words: str, code: Exit
) -> None:
    file = configured(tmp_path, lines, mode=mode)
    assert main(["notify", "test", "--config", str(file)]) == code
    said = capsys.readouterr().err
    assert words in said
    assert SECRET not in said
    checked = main(["config", "check", "--config", str(file)])
    assert checked == (Exit.CONFIG if code is Exit.CONFIG else Exit.OK)


def test_without_a_file_the_page_that_tells_of_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "engine.toml"
    file.write_text(render(template(schema())), "utf-8")
    assert main(["notify", "test", "--config", str(file)]) == Exit.FAILED
    assert "docs/how_to/notices.md" in capsys.readouterr().err
