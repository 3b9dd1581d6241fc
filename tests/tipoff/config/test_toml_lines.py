"""Every key's line is found, so that a problem can be found too."""

from tipoff.config.toml_lines import entry, key_lines, line_of

TEXT = '''\
top = 1
[engine] # a comment
name = "a = [b"
"quoted key" = 2
a.b . c = 3

[database.retention]
days = [
  1, # ]
  "]",
]
text = """
[not.a.table]
no = 1
"""
after = 1

[[strategy]]
name = "x"
[strategy.parameters]
low = 1
inline = { a = { b = 1 }, c = [
  2 ] }

[[strategy]]
[strategy.parameters]
low = 2
'''


def test_keys_are_found_in_tables_arrays_of_tables_and_behind_long_values() -> None:
    lines = key_lines(TEXT)
    assert lines[("top",)] == 1
    assert lines[("engine",)] == 2
    assert lines[("engine", "name")] == 3
    assert lines[("engine", "quoted key")] == 4
    assert lines[("engine", "a", "b", "c")] == 5
    assert lines[("database", "retention", "days")] == 8
    assert lines[("database", "retention", "after")] == 16
    assert lines[("strategy", entry(0), "name")] == 19
    assert lines[("strategy", entry(0), "parameters", "low")] == 21
    assert lines[("strategy", entry(1), "parameters", "low")] == 27
    assert ("not", "a", "table") not in lines
    assert ("no",) not in lines


def test_a_key_without_a_line_has_that_of_the_table_around_it() -> None:
    lines = key_lines(TEXT)
    assert line_of(("strategy", entry(0), "parameters", "inline", "a", "b"), lines) == 22
    assert line_of(("engine", "missing"), lines) == 2
    assert line_of(("nowhere", "at", "all"), lines) == 0
