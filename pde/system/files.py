"""Files and folders that appear whole or not at all."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pde.system.errors import InputError


@contextmanager
def write_aside(path: Path, *, exclusive: bool = False) -> Iterator[Path]:
    """A path beside `path` to write to; it takes the name `path` when the block ends, and is removed if it fails.

    An existing file of that name is replaced or, if `exclusive`, refused.

    Raises:
        InputError: the folder does not exist or cannot be written to, or the name is taken.
    """
    aside = _aside(path)
    _touch(path, aside)
    try:
        yield aside
        (_rename_exclusively if exclusive else os.replace)(aside, path)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def folder_aside(path: Path) -> Iterator[Path]:
    """A new folder beside `path`; it takes the name `path` when the block ends, and is removed if it fails.

    Raises:
        InputError: `path` has been created meanwhile, for example by another process.
    """
    aside = _aside(path)
    aside.mkdir(parents=True)
    try:
        yield aside
        try:
            aside.rename(path)
        except OSError as error:
            if not path.exists():
                raise
            raise InputError(
                f"{path} was created by another process in the meantime; choose another name"
            ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def refuse_unwritable(path: Path) -> None:
    """Raise InputError now if `write_aside` would raise it later, after the work."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; name a file")
    aside = _aside(path)
    _touch(path, aside)
    aside.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a small text file, whole or not at all."""
    with write_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")


def refuse_existing(path: Path) -> None:
    """Raise InputError if something exists under this name already."""
    if path.exists():
        raise InputError(f"{path} exists already; remove it or choose another name")


def _rename_exclusively(aside: Path, path: Path) -> None:
    """Only one of the processes that do this at the same moment succeeds, if the file system has hard links."""
    try:
        os.link(aside, path)
    except FileExistsError as error:
        raise InputError(f"{path} is being written by another process; wait for that one to end") from error
    except OSError:
        os.replace(aside, path)


def _aside(path: Path) -> Path:
    """Make a name that no other writer has, in this process or elsewhere, even where all have the same number."""
    return path.with_name(f".{path.name}.partial-{secrets.token_hex(4)}")


def _touch(path: Path, aside: Path) -> None:
    try:
        aside.touch()
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror}); choose another place") from error
