"""Files appear whole or not at all."""

import errno
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Never

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontmap.errors import OutputError
from frontmap.files import atomic_folder, atomic_path, atomic_write_bytes, atomic_write_text


@given(data=st.binary(max_size=2000))
def test_what_is_written_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("files") / "deep" / "er" / "table.csv"

    assert atomic_write_bytes(path, data) == path

    assert path.read_bytes() == data
    assert list(path.parent.iterdir()) == [path]


def test_text_is_utf8_and_line_ends_stay(tmp_path: Path) -> None:
    path = atomic_write_text(tmp_path / "a.csv", "Суджа\nb\r\n")

    assert path.read_bytes() == b"\xd0\xa1\xd1\x83\xd0\xb4\xd0\xb6\xd0\xb0\nb\r\n"


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    ordinary = tmp_path / "ordinary"
    ordinary.write_bytes(b"")

    assert atomic_write_bytes(tmp_path / "a", b"").stat().st_mode == ordinary.stat().st_mode


def fail_half_way(code: int) -> Callable[[Path, bytes], Never]:
    """Give a `Path.write_bytes` that writes half of the data and then fails as the system does."""

    def write_bytes(path: Path, data: bytes) -> Never:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(code, "as the system says it")

    return write_bytes


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EACCES, "not writable"),
        (errno.EROFS, "not writable"),
        (errno.EIO, "as the system says it"),
    ],
)
def test_failing_half_way_leaves_the_previous_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, cause: str
) -> None:
    path = tmp_path / "areas.csv"
    path.write_text("previous")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", fail_half_way(code))

        with pytest.raises(OutputError, match=rf"cannot write .*areas\.csv: .*{cause}"):
            atomic_write_bytes(path, b"new" * 1000)

    assert path.read_text() == "previous"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_that_is_full_only_at_the_flush_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(descriptor: int) -> Never:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("frontmap.files.os.fsync", fsync)

    with pytest.raises(OutputError, match="the disk is full"):
        atomic_write_text(tmp_path / "a.csv", "text")

    assert list(tmp_path.iterdir()) == []


LIMITED = """
import resource, signal, sys
from frontmap.errors import OutputError
from frontmap.files import atomic_write_bytes
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    atomic_write_bytes(sys.argv[1], bytes(5000))
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a Unix thing")
def test_a_real_refusal_by_the_system_half_way(tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    path.write_text("previous")

    run = subprocess.run([sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=True)

    assert "the disk is full" in run.stdout
    assert path.read_text() == "previous"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")

    with pytest.raises(OutputError, match="a part of the path is a file"):
        atomic_write_text(tmp_path / "out" / "kursk" / "a.csv", "text")

    assert (tmp_path / "out").read_text() == "a file"


def test_a_folder_where_the_file_should_be(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()

    with pytest.raises(OutputError, match="a folder of this name is in the way"):
        atomic_write_text(tmp_path / "a.csv", "text")

    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_an_error_of_the_block_is_passed_on_and_nothing_remains(tmp_path: Path) -> None:
    def interrupted(path: Path) -> Never:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            temporary.with_name("zones.gpkg-journal").write_text("a side file")
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        interrupted(tmp_path / "zones.gpkg")

    assert list(tmp_path.iterdir()) == []


def test_side_files_disappear_after_success(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "zones.gpkg") as temporary:
        temporary.write_text("whole")
        temporary.with_name("zones.gpkg-wal").write_text("a side file")

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("zones.gpkg", "whole")]


def test_a_block_that_writes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file"), atomic_path(tmp_path / "a.csv"):
        pass


def test_two_writers_at_once_do_not_share_a_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    both_open = threading.Barrier(2, timeout=10)
    seen: list[Path] = []

    def write(text: str) -> None:
        with atomic_path(path) as temporary:
            seen.append(temporary)
            temporary.write_text(text)
            both_open.wait()
            assert temporary.read_text() == text

    threads = [threading.Thread(target=write, args=(text * 100,)) for text in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(seen)) == 2
    assert path.read_text() in ("a" * 100, "b" * 100)
    assert list(tmp_path.iterdir()) == [path]


def test_a_set_of_files_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "set"
    with atomic_folder(target) as stage:
        (stage / "a").write_text("old a")
        (stage / "b").write_text("old b")

    def fail() -> None:
        with atomic_folder(target) as stage:
            (stage / "a").write_text("new a")
            raise OutputError(f"cannot write {stage / 'b'}: the disk is full")

    with pytest.raises(OutputError) as caught:
        fail()
    assert str(target / "b") in str(caught.value)
    assert {path.name: path.read_text() for path in target.iterdir()} == {"a": "old a", "b": "old b"}


def test_a_failed_set_leaves_no_new_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="disk is full"), atomic_folder(tmp_path / "new"):
        raise OSError(errno.ENOSPC, "no space")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_way_of_one_file_stops_the_whole_set(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()

    def write() -> None:
        with atomic_folder(tmp_path) as stage:
            (stage / "a").write_text("a")
            (stage / "b").write_text("b")

    with pytest.raises(OutputError):
        write()
    assert [path.name for path in tmp_path.iterdir()] == ["b"]
