#!/usr/bin/env bash
# msgspec 0.22.0: a field annotated `msgspec.Raw | None` takes null only, and no `Raw` at all.
#
# The guess was that a value which may be missing can be kept unread until its shape is known: `Raw | None` is accepted as
# an annotation, and `msgspec.inspect` shows a union of both. But decoding an object into it says "Expected `null`, got
# `object`": the half with `Raw` counts for nothing. A field of type `Raw` alone with a default of `Raw(b"null")` does what was
# wanted. (The project's own tracker has it open as its issue 659.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check --quiet install 'msgspec==0.22.0'
cat >"$folder/look.py" <<'PYTHON'
import msgspec


class Answer(msgspec.Struct):
    levels: msgspec.Raw | None = None


print(type(msgspec.inspect.type_info(Answer).fields[0].type).__name__)
print(msgspec.json.decode(b'{"levels": null}', type=Answer).levels)
try:
    print(msgspec.json.decode(b'{"levels": {"a": 1}}', type=Answer).levels)
except msgspec.ValidationError as error:
    print(error)
PYTHON
found=$("$folder/venv/bin/python" "$folder/look.py" 2>&1)
echo "msgspec 0.22.0, levels: Raw | None, shown by inspect, given null, given an object:"
echo "$found"
expected='UnionType
None
Expected `null`, got `object` - at `$.levels`'
[ "$found" = "$expected" ] || { echo "the behaviour has changed"; exit 1; }
