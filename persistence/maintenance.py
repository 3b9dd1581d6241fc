"""What the command line may do with a database: upgrade, verify, back up, restore, prune, rebuild.

One door for `tipoff`; each function opens, works and closes. Addresses are `sqlite:///FILE` or
`postgresql://…`. All raise the errors of `persistence.errors`.
"""

from persistence.backup import BackedUp, backup, restore
from persistence.rebuild import rebuild
from persistence.retention import DEFAULT_POLICY, Pruning, overdue, prune
from persistence.schema_upgrade import found_revision, upgrade
from persistence.verification import Problem, RunVerified, Verification, verify

__all__ = [
    "DEFAULT_POLICY",
    "BackedUp",
    "Problem",
    "Pruning",
    "RunVerified",
    "Verification",
    "backup",
    "found_revision",
    "overdue",
    "prune",
    "rebuild",
    "restore",
    "upgrade",
    "verify",
]
