"""Fetching from real folders and from a real server on this machine."""

import contextlib
import gzip
import hashlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from descent.data.download import SourceError, fetch
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


def get(sources, target, timeout=200, checksum=CHECKSUMS[0], content=None):
    sources = [str(source) for source in sources]
    fetch(f"{NAME}.gz", sources, [target], checksum=checksum, content=content, timeout=timeout)


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
    digest = hashlib.sha256(PAGE).hexdigest()
    sources = {
        str(tmp_path / "nowhere"): "no such folder",
        str(tmp_path / "data"): "no such file; there is",
        str(tmp_path / "mirror"): f"SHA-256 {hashlib.sha256(ARCHIVE[:100]).hexdigest()}",
        f"{server.address}/page": f"is a web page, {len(PAGE)} bytes with SHA-256 {digest}",
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


DOTTED = NAME.replace("-idx", ".idx")
INSIDE = hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.parametrize(
    "name", [NAME, f"{NAME}.gz", DOTTED, f"{NAME}/{NAME}", f"MNIST/raw/{NAME}"]
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda c: gzip.compress(gzip.compress(c))])
def test_files_with_the_right_content_are_right_however_they_are_named_and_packed(
    tmp_path, name, pack
):
    (tmp_path / "mirror" / name).parent.mkdir(parents=True)
    (tmp_path / "mirror" / name).write_bytes(pack(CONTENT))
    (tmp_path / "data").mkdir()
    get([tmp_path / "mirror"], tmp_path / "data" / NAME, content=INSIDE)
    assert (tmp_path / "data" / NAME).read_bytes() == CONTENT
    other = hashlib.sha256(b"other").hexdigest()
    with pytest.raises(SourceError, match="which should be"):
        get([tmp_path / "mirror"], tmp_path / "data" / "again", content=other)


def test_the_right_one_of_two_files_is_taken(tmp_path):
    (tmp_path / f"{NAME}.gz").write_bytes(ARCHIVE[:-9])
    (tmp_path / DOTTED).write_bytes(CONTENT)
    (tmp_path / "data").mkdir()
    get([tmp_path], tmp_path / "data" / NAME, content=INSIDE)
    assert (tmp_path / "data" / NAME).read_bytes() == CONTENT


RAW = {
    name: np.random.default_rng(1).integers(0, 47, (5, 3, 4) if "images" in name else 5)
    for name in RAW_FILES
}


def get_emnist(tmp_path, checksum, split="balanced"):
    targets = [tmp_path / "data" / "raw" / name for name in RAW_FILES]
    targets[0].parent.mkdir(parents=True)
    sources = [str(tmp_path / "mirror")]
    fetch("gzip.zip", sources, targets, checksum=checksum, split=split, timeout=1)


@pytest.mark.parametrize("split", ["balanced", "letters"])
def test_emnist_is_turned_upright_and_writes_nothing_else(tmp_path, split):
    get_emnist(tmp_path, write_emnist(tmp_path / "mirror", RAW, split=split), split)
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
