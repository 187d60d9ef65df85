"""Writing files so that a reader finds either the whole new file or the untouched old one."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from frontmap.errors import OutputError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """
    Yield a temporary path to write to; move the file to `path` only if the block succeeds.

    The temporary file has the final file's name and lies in a hidden folder of its own beside the target, so
    that the move stays within one file system, two processes never share a temporary name, and the side files
    that some formats write (journals) disappear with the folder. Missing parent folders are created.

    Parameters
    ----------
    path
        The file to write. An existing file stays as it was until the very end.

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    OutputError
        If the folder cannot be created or written to, the disk is full, or the block wrote no file.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".frontmap-", dir=target.parent))
        try:
            temporary = folder / target.name
            yield temporary
            _flush_to_disk(temporary)
            temporary.replace(target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        raise output_error(target, error) from error


@contextmanager
def atomic_folder(folder: str | Path) -> Iterator[Path]:
    """
    Yield a hidden folder for a set of files; move them into `folder` together, only if the block succeeds.

    Parameters
    ----------
    folder
        Where the files belong; created if absent. Files of the same names stay as they were until the very end.

    Yields
    ------
    Path
        Where to write, within `folder`.

    Raises
    ------
    OutputError
        If the folder cannot be created or written to, the disk is full, or a folder is in the way of a file.
    """
    target = Path(folder)
    is_new = not target.exists()
    try:
        target.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=".frontmap-", dir=target))
        try:
            yield stage
            written = sorted(stage.iterdir())
            for blocked in (target / each.name for each in written if (target / each.name).is_dir()):
                raise IsADirectoryError(errno.EISDIR, "a folder is in the way", str(blocked))
            for each in written:
                each.replace(target / each.name)
        except OutputError as error:
            raise OutputError(str(error).replace(str(stage), str(target))) from error
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except OSError as error:
        raise output_error(target, error) from error
    finally:
        if is_new and target.is_dir() and not any(target.iterdir()):
            target.rmdir()


def atomic_write_bytes(path: str | Path, data: bytes) -> Path:
    """
    Write bytes to a file, whole or not at all.

    Parameters
    ----------
    path
        The file to write; missing parent folders are created.
    data
        Its whole content.

    Returns
    -------
    Path
        The written file.

    Raises
    ------
    OutputError
        If the file cannot be written; the previous file is then untouched.
    """
    with atomic_path(path) as temporary:
        temporary.write_bytes(data)
    return Path(path)


def atomic_write_text(path: str | Path, text: str) -> Path:
    r"""
    Write text as UTF-8 with its line ends as given (``\n`` is not translated), whole or not at all.

    Parameters
    ----------
    path
        The file to write; missing parent folders are created.
    text
        Its whole content.

    Returns
    -------
    Path
        The written file.

    Raises
    ------
    OutputError
        If the file cannot be written; the previous file is then untouched.
    """
    return atomic_write_bytes(path, text.encode("utf-8"))


def output_error(path: Path, error: OSError) -> OutputError:
    """
    Say what an operating system error means for a file that should have been written.

    Parameters
    ----------
    path
        The file that was to be written.
    error
        What the operating system said.

    Returns
    -------
    OutputError
        With the path, the cause and the next step. It is returned, not raised.

    Raises
    ------
    AttributeError
        If `error` is no operating system error.
    """
    if error.errno in _FULL:
        cause, step = "the disk is full", "free some space or choose another folder"
    elif error.errno in _FORBIDDEN:
        cause, step = "the folder or file is not writable", "choose another folder or change its permissions"
    elif isinstance(error, FileExistsError | NotADirectoryError):
        cause, step = "a part of the path is a file, not a folder", "choose another folder"
    elif isinstance(error, IsADirectoryError):
        cause, step = "a folder of this name is in the way", "choose another name"
    else:
        cause, step = (error.strerror or str(error) or type(error).__name__), "check the path"
    return OutputError(f"cannot write {path}: {cause}; nothing half-written was left; {step}")


def _flush_to_disk(path: Path) -> None:
    """Make the system write the file now, so that a full disk is noticed before the old file is replaced."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
