"""Every service of the package is one that the daemon starts."""

import importlib
import pkgutil

import tipoff.services
from tipoff.services import SERVICES


def test_every_module_of_the_package_is_started_once() -> None:
    names = [module.name for module in pkgutil.iter_modules(tipoff.services.__path__)]
    services = [importlib.import_module(f"tipoff.services.{name}").run for name in names]
    assert sorted(map(repr, services)) == sorted(map(repr, SERVICES))
