#!/usr/bin/env bash
# cyclopts 5.4.0: a parameter annotated `int` takes "1.5" and hands over 2, without a word.
#
# The guess was that a fraction for a whole number is refused, as argparse, click and typer refuse it. It is rounded
# half to even instead ("2.5" gives 2, "3.5" gives 4). A seed, a number of games or a limit that was
# mistyped is so another one than was meant. Our own parameters take their text through a converter that refuses it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check --quiet install 'cyclopts==5.4.0'
cat >"$folder/app.py" <<'PYTHON'
import cyclopts

app = cyclopts.App()


@app.default
def show(games: int) -> None:
    print(games)


app()
PYTHON
expected='2 2 4'
found=$(for text in 1.5 2.5 3.5; do "$folder/venv/bin/python" "$folder/app.py" "$text"; done | xargs)
echo "cyclopts 5.4.0, int parameter, given 1.5 2.5 3.5: $found"
[ "$found" = "$expected" ] || { echo "expected: $expected; the behaviour has changed"; exit 1; }
