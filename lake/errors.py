"""Every error of the lake, in one tree.

    LakeError                      exit 1   something went wrong; the text says what, where, why and what to type next
     |- ConfigError                exit 2   lake.toml, a contract or an argument is not what it should be
     |   `- NotALake               exit 2   no lake.toml here
     |- FetchError                 exit 3   an archive did not give what was asked for
     |   |- Refused                         ... it answered, but not with that (error page, wrong type, cut short)
     |   |- Unreachable                     ... it did not answer (time-out, reset, 5xx until the last try)
     |   `- OverBudget                      ... keeping it would pass the storage budget
     |- Unreadable                 exit 4   the bytes are kept, but their reader cannot take them
     |- ModelError                 exit 5   a model's SQL or contract cannot be built (file:line)
     |- CheckFailed                exit 6   a check of severity error failed: nothing was published
     |- Locked                     exit 7   another process writes this lake
     |- StorageError               exit 8   the disk is full, read-only, or a stored file is not what it was
     `- Interrupted                exit 130 Ctrl-C: the lake is as it was (SIGTERM: 143)

Exit 0 means that everything asked for was done or was up to date.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "CheckFailed",
    "ConfigError",
    "FetchError",
    "Interrupted",
    "LakeError",
    "Locked",
    "ModelError",
    "NotALake",
    "OverBudget",
    "Refused",
    "StorageError",
    "Unreachable",
    "Unreadable",
]


class LakeError(Exception):
    """What happened, where, why it usually happens, and the next command to type.

    Args:
        what: one sentence, without a full stop at the end.
        where: ``file:line``, a URL, a table or a row.
        why: the usual cause, when it is known.
        next: what to type or to do now.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", why: str = "", next: str = ""):
        super().__init__(what)
        self.what, self.where, self.why, self.next = what, where, why, next

    def __str__(self) -> str:
        lines = [self.what]
        for label, text in (("where", self.where), ("why", self.why), ("next", self.next)):
            if text:
                lines.append(f"  {label + ':':<6} {text}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:  # so that an error crosses a process pool with all its fields
        return _rebuild, (type(self), self.what, self.where, self.why, self.next)

    def as_dict(self) -> dict[str, str]:
        """The same fields for ``--json``."""
        return {
            "error": type(self).__name__,
            "what": self.what,
            "where": self.where,
            "why": self.why,
            "next": self.next,
        }


def _rebuild(kind: type[LakeError], what: str, where: str, why: str, next: str) -> LakeError:
    return kind(what, where=where, why=why, next=next)


class ConfigError(LakeError):
    exit_code = 2


class NotALake(ConfigError):
    pass


class FetchError(LakeError):
    exit_code = 3


class Refused(FetchError):
    pass


class Unreachable(FetchError):
    pass


class OverBudget(FetchError):
    pass


class Unreadable(LakeError):
    exit_code = 4


class ModelError(LakeError):
    exit_code = 5


class CheckFailed(LakeError):
    exit_code = 6


class Locked(LakeError):
    exit_code = 7


class StorageError(LakeError):
    exit_code = 8


class Interrupted(LakeError):
    exit_code = 130
