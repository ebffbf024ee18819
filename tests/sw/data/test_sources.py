"""Sources: a real web server on this machine, and stand-ins for the package clients."""

import gzip
import io
import socket
import tarfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from onward.sw.data import sources
from onward.sw.data.catalogue import CATALOGUE
from onward.sw.data.sources import SOURCES, DebianPackage, Folder, NpmPackage, SourceError, Web


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, Web]]:
    """A folder and the web source that serves it."""
    root = tmp_path / "site"
    root.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield root, Web(f"http://127.0.0.1:{server.server_port}/")
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def arrived(tmp_path: Path) -> Path:
    (tmp_path / "arrived").mkdir()
    return tmp_path / "arrived"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for stand-in programs, the first on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def package(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_every_fetched_set_has_sources() -> None:
    assert set(SOURCES) == {name for name, files in CATALOGUE.items() if files.shipped is None}


def test_web(site: tuple[Path, Web], arrived: Path) -> None:
    root, web = site
    for name in ("one", "two"):
        (root / f"{name}.gz").write_bytes(gzip.compress(name.encode()))
    web.get(["one", "two"], arrived)
    assert gzip.decompress((arrived / "two.gz").read_bytes()) == b"two"
    assert sorted(path.name for path in arrived.iterdir()) == ["one.gz", "two.gz"]


def test_web_without_the_file(site: tuple[Path, Web], arrived: Path) -> None:
    with pytest.raises(SourceError, match=r"^one\.gz: 404 "):
        site[1].get(["one"], arrived)


def test_web_without_a_server(arrived: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(SourceError, match="refused"):
            Web(address).get(["one"], arrived)


def test_web_that_does_not_answer(arrived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "WEB_TIMEOUT", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        web = Web(f"http://127.0.0.1:{silent.getsockname()[1]}/")
        start = time.monotonic()
        with pytest.raises(SourceError, match="timed out"):
            web.get(["one"], arrived)
        assert time.monotonic() - start < 2


def test_web_that_answers_nonsense(arrived: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"nonsense\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(SourceError, match="nonsense"):
            Web(f"http://127.0.0.1:{server.getsockname()[1]}/").get(["one"], arrived)
        thread.join()


def test_folder(tmp_path: Path, arrived: Path) -> None:
    (tmp_path / "one").write_bytes(b"1")
    (tmp_path / "two.gz").write_bytes(b"2")
    Folder(tmp_path).get(["one", "two"], arrived)
    assert sorted(path.name for path in arrived.iterdir()) == ["one", "two.gz"]
    with pytest.raises(SourceError, match="three is not there"):
        Folder(tmp_path).get(["three"], arrived)


def test_npm_package(tmp_path: Path, arrived: Path, client: Path) -> None:
    archive = package(tmp_path / "thing-1.tgz", {"package/data/one": b"1", "package/x": b"2"})
    program(client, "npm", f'echo "$@" > {tmp_path}/arguments; cp {archive} .')
    NpmPackage("thing@1", "package/data").get(["one"], arrived)
    assert (arrived / "one").read_bytes() == b"1"
    arguments = (tmp_path / "arguments").read_text().split()
    assert arguments[0] == "pack"
    assert arguments[-1] == "thing@1"
    assert "--ignore-scripts" in arguments
    with pytest.raises(SourceError, match="package/data/two is not in the package"):
        NpmPackage("thing@1", "package/data").get(["two"], arrived)


def test_npm_package_that_is_damaged(tmp_path: Path, arrived: Path, client: Path) -> None:
    archive = package(tmp_path / "thing-1.tgz", {"package/data/one": bytes(range(256)) * 20})
    archive.write_bytes(archive.read_bytes()[:60])
    program(client, "npm", f"cp {archive} .")
    with pytest.raises(SourceError, match="damaged package"):
        NpmPackage("thing@1", "package/data").get(["one"], arrived)


def test_debian_package(tmp_path: Path, arrived: Path, client: Path) -> None:
    program(client, "apt-get", f'echo "$@" > {tmp_path}/arguments; touch thing_1_all.deb')
    program(client, "dpkg-deb", 'test -f "$2" && mkdir -p "$3/usr/share" && touch "$3/usr/share/one.gz"')
    DebianPackage("thing", "usr/share").get(["one"], arrived)
    assert (arrived / "one.gz").is_file()
    assert (tmp_path / "arguments").read_text().split()[-2:] == ["download", "thing"]


def test_client_that_fails_is_quoted(arrived: Path, client: Path) -> None:
    program(client, "npm", "echo first; echo no such package >&2; exit 3")
    with pytest.raises(SourceError, match="^npm failed with 3: no such package$"):
        NpmPackage("thing@1", "package/data").get(["one"], arrived)


def test_client_that_leaves_nothing(arrived: Path, client: Path) -> None:
    program(client, "npm", "true")
    with pytest.raises(SourceError, match=r"left 0 files \*\.tgz, expected 1"):
        NpmPackage("thing@1", "package/data").get(["one"], arrived)


def test_client_that_is_not_installed(tmp_path: Path, arrived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(SourceError, match="apt-get is not installed"):
        DebianPackage("thing", "usr/share").get(["one"], arrived)


def test_client_that_hangs(arrived: Path, client: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "CLIENT_TIMEOUT", 0.2)
    program(client, "npm", "exec sleep 5")
    with pytest.raises(SourceError, match=r"npm took more than 0\.2 s"):
        NpmPackage("thing@1", "package/data").get(["one"], arrived)
