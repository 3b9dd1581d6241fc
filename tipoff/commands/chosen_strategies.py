"""A configuration with other strategies or parameters than its file says, for one replay.

Called by `tipoff.commands.replay`. What is typed is judged by the parameter class of the strategy's kind, all
of it at once, as the file would be.
"""

from collections.abc import Iterable, Iterator, Sequence

import attrs

from engine.strategies.controls import ControlParameters
from engine.strategies.parameters import Parameters, ParametersRefused
from tipoff.commands.options import ParameterValue
from tipoff.config.fields import explanation, unit
from tipoff.config.load import Config, StrategySettings
from tipoff.config.problems import unknown_key, unknown_name
from tipoff.config.values import type_name
from tipoff.exit_codes import Exit
from tipoff.json_types import Json
from tipoff.output import Failure


def only_these(config: Config, names: Sequence[str]) -> Config:
    """The same with these strategies alone, switched on; without names as it is. Raises Failure."""
    if not names:
        return config
    known = [each.name for each in config.strategies]
    _refuse("--only", [unknown_name("strategy", name, known) for name in names if name not in known])
    kept = (attrs.evolve(each, enabled=True) for each in config.strategies if each.name in names)
    return attrs.evolve(config, strategies=tuple(kept))


def with_controls(config: Config, whole: Config, shipped: Config) -> Config:
    """The same with every control switched on beside it: as `whole` lists it, or else as it ships."""
    trading = {each.name for each in config.strategies}
    controls = [each for each in whole.strategies if isinstance(each.parameters, ControlParameters)]
    kinds = {each.kind for each in controls}
    controls += [
        each
        for each in shipped.strategies
        if isinstance(each.parameters, ControlParameters) and each.kind not in kinds
    ]
    added = [each for each in controls if each.name not in trading]
    strategies = (
        attrs.evolve(each, enabled=each.enabled or each in controls) for each in (*config.strategies, *added)
    )
    return attrs.evolve(config, strategies=tuple(strategies))


def with_parameters(config: Config, values: Sequence[ParameterValue]) -> Config:
    """The same with other values of some parameters. Raises Failure with everything that is wrong."""
    known = [each.name for each in config.strategies]
    names = dict.fromkeys(value.strategy for value in values)
    problems = [unknown_name("strategy", name, known) for name in names if name not in known]
    told = []
    for each in config.strategies:
        parameters = each.parameters
        assert isinstance(parameters, Parameters)  # noqa: S101 - the schema says so
        mine = {value.key: _listed(parameters, value) for value in values if value.strategy == each.name}
        try:
            # A value of JSON that is none of a parameter's is refused by its validator.
            parsed = type(parameters).parse({**parameters.plain(), **mine}) if mine else parameters  # type: ignore[dict-item]
        except ParametersRefused as refused:
            problems += _worded(each, refused.problems)
        else:
            told.append(attrs.evolve(each, parameters=parsed))
    _refuse("--set", problems)
    return attrs.evolve(config, strategies=tuple(told))


def _listed(parameters: Parameters, value: ParameterValue) -> Json:
    """A single word is a list of one where a list is meant: a comma is all that tells them apart."""
    listed = isinstance(getattr(parameters, value.key, None), tuple) and isinstance(value.value, str)
    return [value.value] if listed else value.value


def _refuse(switch: str, problems: Sequence[str]) -> None:
    if problems:
        raise Failure("usage", f"{switch}: {problems[0]}", details=problems[1:], exit_code=Exit.USAGE)


def _worded(settings: StrategySettings, problems: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Each problem with the key's path, and what the key takes."""
    fields = attrs.fields_dict(type(settings.parameters))
    for key, what in problems:
        path = f"{settings.name}.{key}"
        if key not in fields:
            # A parameter of no name is one that clashes with another: its sentence says which.
            known = key == "together"
            yield f"{settings.name}: {what}" if known else f"{path}: {unknown_key(key, fields)}"
            continue
        field = fields[key]
        measure = f" [{unit(field)}]" if unit(field) else ""
        yield f"{path}: {what}; it is {explanation(field)}, {type_name(field.type)}{measure}"
