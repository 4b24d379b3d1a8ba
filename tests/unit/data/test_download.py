"""Fetching from real folders and from a real server on this machine."""

import contextlib
import gzip
import hashlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from descent.data.download import SourceError, fetch, unpack
from descent.data.idx import RAW_FILES, write_idx
from tiny import write_emnist

NAME = "train-labels-idx1-ubyte"
CONTENT = bytes(range(256)) * 40
ARCHIVE = gzip.compress(CONTENT, mtime=0)
CHECKSUMS = [
    f"{algorithm}:{hashlib.new(algorithm, ARCHIVE).hexdigest()}" for algorithm in ("sha256", "md5")
]
PAGE = b"<!DOCTYPE html><html>Moved</html>"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        kind = self.path.split("/")[1]
        if kind == "hangs":
            self.server.ended.wait()
        if kind == "missing":
            return self.send_error(404)
        body = {
            "good": ARCHIVE,
            "page": PAGE,
            "truncated": ARCHIVE[:-9],
            "corrupt": ARCHIVE[:50] + b"\xff" + ARCHIVE[51:],
        }.get(kind, b"")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked, server.ended = [], threading.Event()
        server.address = f"http://127.0.0.1:{server.server_port}"
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.ended.set()
        server.shutdown()


@pytest.mark.parametrize(
    "damaged",
    [ARCHIVE[:-9], ARCHIVE[:50] + b"\xff\xff\xff" + ARCHIVE[53:], PAGE],
    ids=["truncated", "corrupt", "page"],
)
def test_a_file_that_cannot_be_unpacked_is_named(tmp_path, damaged):
    (tmp_path / "mine.gz").write_bytes(damaged)
    with pytest.raises(SourceError, match=r"mine\.gz: not a complete gzip file"):
        unpack(tmp_path / "mine.gz", tmp_path / "mine")
    assert [file.name for file in tmp_path.iterdir()] == ["mine.gz"]


@pytest.fixture
def refusing():
    """An address that nobody listens at, and that nobody else can take."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


def patiently(use):
    """Call with a longer time-out where a slow machine has answered too late for a shorter one."""
    for timeout in (0.5, 10):
        with contextlib.suppress(AssertionError, SourceError):
            return use(timeout)
    return use(200)


def get(sources, target, timeout=200, checksum=CHECKSUMS[0]):
    sources = [str(source) for source in sources]
    fetch(f"{NAME}.gz", sources, [target], checksum=checksum, timeout=timeout)


@pytest.mark.parametrize("checksum", CHECKSUMS)
def test_a_folder_is_a_source(tmp_path, checksum):
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / f"{NAME}.gz").write_bytes(ARCHIVE)
    (tmp_path / "data").mkdir()
    get([tmp_path / "mirror"], tmp_path / "data" / NAME, checksum=checksum)
    assert (tmp_path / "data" / NAME).read_bytes() == CONTENT
    assert [file.name for file in (tmp_path / "data").iterdir()] == [NAME]


@pytest.mark.parametrize("bad", ["page", "truncated", "corrupt", "missing", "hangs", "refuses"])
def test_the_next_source_is_tried(server, refusing, tmp_path, bad):
    first = refusing if bad == "refuses" else f"{server.address}/{bad}/"
    patiently(lambda timeout: get([first, f"{server.address}/good"], tmp_path / NAME, timeout))
    assert (tmp_path / NAME).read_bytes() == CONTENT
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


def test_a_good_source_ends_the_search(server, tmp_path):
    server.asked.clear()
    get([f"{server.address}/good", f"{server.address}/page"], tmp_path / NAME)
    assert server.asked == [f"/good/{NAME}.gz"]


def test_when_all_fail_every_source_is_listed_with_its_reason_and_the_remedies(
    server, refusing, tmp_path
):
    (tmp_path / "mirror").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "mirror" / f"{NAME}.gz").write_bytes(ARCHIVE[:100])
    sources = {
        str(tmp_path / "nowhere"): "no such folder",
        str(tmp_path / "data"): "no such file",
        str(tmp_path / "mirror"): f"SHA-256 {hashlib.sha256(ARCHIVE[:100]).hexdigest()}",
        f"{server.address}/page": f"a web page with SHA-256 {hashlib.sha256(PAGE).hexdigest()}",
        f"{server.address}/missing": "404",
        f"{server.address}/hangs": "timed out",
        refusing: "refused",
    }

    def fail(timeout):
        with pytest.raises(SourceError) as error:
            get(sources, tmp_path / "data" / NAME, timeout)
        lines = str(error.value).splitlines()
        assert lines[0] == f"{NAME}.gz: no source has the right file."
        for line, (source, reason) in zip(lines[1:-1], sources.items(), strict=True):
            assert source in line and reason.lower() in line.lower()
        assert "dataset.sources" in lines[-1]
        assert "--configfile config/digits.yaml" in lines[-1]

    patiently(fail)
    assert not list((tmp_path / "data").iterdir())


def test_a_wrong_md5_is_refused(tmp_path):
    (tmp_path / f"{NAME}.gz").write_bytes(ARCHIVE + b"\0")
    with pytest.raises(SourceError, match=f"with MD5 .* should be {CHECKSUMS[1][4:]}"):
        get([tmp_path], tmp_path / NAME, checksum=CHECKSUMS[1])
    assert not (tmp_path / NAME).exists()


RAW = {
    name: np.random.default_rng(1).integers(0, 47, (5, 3, 4) if "images" in name else 5)
    for name in RAW_FILES
}


def get_emnist(tmp_path, checksum):
    targets = [tmp_path / "data" / "raw" / name for name in RAW_FILES]
    targets[0].parent.mkdir(parents=True)
    fetch("gzip.zip", [str(tmp_path / "mirror")], targets, checksum=checksum, timeout=1)


def test_emnist_is_turned_upright_and_writes_nothing_else(tmp_path):
    get_emnist(tmp_path, write_emnist(tmp_path / "mirror", RAW))
    for name, values in RAW.items():
        write_idx(tmp_path / "expected", values)
        found = (tmp_path / "data" / "raw" / name).read_bytes()
        assert found == (tmp_path / "expected").read_bytes()
    files = {file.name for file in tmp_path.rglob("*") if file.is_file()}
    assert files == {*RAW_FILES, "expected", "gzip.zip"}


@pytest.mark.parametrize("wrong", ["checksum", "member", "zip"])
def test_a_wrong_emnist_is_refused(tmp_path, wrong):
    left_out = "t10k-labels-idx1-ubyte" if wrong == "member" else None
    checksum = write_emnist(tmp_path / "mirror", RAW, leave_out=left_out)
    said = {"checksum": "MD5", "member": "no item named", "zip": "not a complete EMNIST"}[wrong]
    if wrong == "checksum":
        checksum = f"md5:{32 * '0'}"
    if wrong == "zip":
        (tmp_path / "mirror" / "gzip.zip").write_bytes(b"no zip")
        checksum = f"md5:{hashlib.md5(b'no zip').hexdigest()}"
    with pytest.raises(SourceError, match=said):
        get_emnist(tmp_path, checksum)
    if wrong != "member":
        assert not list((tmp_path / "data" / "raw").iterdir())
