"""pywb over the bucket: it replays exactly what was captured, and finds captures made after its start."""

import contextlib
import gzip
import html
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import attrs
import boto3
import httpx
import psutil  # type: ignore[import-untyped]
import pytest
from click.testing import CliRunner

from pressmark.archive.s3.store import TEXT, Store
from pressmark.cli.main import main
from pressmark.config import Config
from pressmark.errors import BucketError, ServiceFailed, UsageError
from pressmark.jobs.monthly_index import Merger
from pressmark.local.s3server import RunningS3
from pressmark.model import keys
from pressmark.reader import Document, Reader
from pressmark.system.ports import LOOPBACK, free_port
from pressmark.web.replay.local_indexes import LocalIndexes
from pressmark.web.replay.server import ReplayServer
from tests.conftest import fresh_bucket
from tests.support.archive import Archive, archiving
from tests.support.s3_proxy import Fault, error, proxied
from tests.support.tools import until

ARTICLES = 200
EVERY = 0.2


@attrs.frozen
class Replaying:
    """An archive of 200 articles, and pywb over it."""

    archive: Archive
    server: ReplayServer
    client: httpx.Client

    updated: str
    """URL of the article with two versions."""

    @property
    def reader(self) -> Reader:
        return Reader(self.archive.store, "newsroom")

    def documents(self) -> list[Document]:
        return list(self.reader.read(self.archive.store.keys("articles/")))


def stamp(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y%m%d%H%M%S}"


@pytest.fixture(scope="module")
def replaying(s3: RunningS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replaying]:
    folder = tmp_path_factory.mktemp("replaying")
    with pytest.MonkeyPatch.context() as patch:
        fresh_bucket(s3, patch)
        with archiving(folder, patch, articles=ARTICLES) as archive:
            archive.set_site(recheck={"steps": [{"until": "P9000D", "every": "PT0S"}]})
            archive.crawl("--pages", "99")
            archive.newsroom.advance(timedelta(minutes=5))
            known = {each["identifier"]: each["url"] for each in archive.documents().values()}
            updated = next(
                each.article_id for each in archive.newsroom.listing("world/europe", 1) if each.article_id in known
            )
            archive.newsroom.update(updated)
            archive.crawl()
            list(Merger(archive.store, "newsroom").months())
            server = ReplayServer(archive.store, folder / "cache", port=free_port(), every=EVERY)
            with server.running(), httpx.Client(base_url=f"http://{LOOPBACK}:{server.port}", timeout=30) as client:
                yield Replaying(archive, server, client, known[updated])


def entity(message: bytes) -> bytes:
    """Return the body of a response without its chunk framing: HTTP lets an archive send only that again."""

    class Wire:
        def makefile(self, mode: str) -> BytesIO:
            assert mode == "rb"
            return BytesIO(message)

    response = http.client.HTTPResponse(Wire())  # type: ignore[arg-type]  # The only method it uses of a socket.
    response.begin()
    return response.read()


@pytest.mark.long
def test_every_version_replays_to_the_byte(replaying: Replaying) -> None:
    reader, documents = replaying.reader, replaying.documents()
    assert len(documents) > ARTICLES * 0.8
    different, compared = [], 0
    for document in documents:
        for number, capture in enumerate(document.data["pressmark"]["captures"], start=1):
            address = f"/newsroom/{stamp(capture['capturedAt'])}id_/{capture['url']}"
            with replaying.client.stream("GET", address) as answer:
                body = b"".join(answer.iter_raw())  # Not decoded, despite its Content-Encoding.
            captured = reader.capture(document, number)
            compared += 1
            if (answer.status_code, body) != (captured.status, entity(captured.message)):
                different.append((address, answer.status_code, len(body)))
    assert different == []
    assert compared >= len(documents)


@pytest.mark.long
def test_a_page_that_was_not_modified_replays_as_it_was_before(replaying: Replaying) -> None:
    store = replaying.archive.store
    last = max(key for key in store.keys("runs/") if key.endswith(".json"))
    assert json.loads(store.get(last))["counts"]["not_modified"] > 10
    later = datetime.now(UTC) + timedelta(hours=1)
    for document in replaying.documents()[:10]:
        capture = document.data["pressmark"]["captures"][0]
        answer = replaying.client.get(f"/newsroom/{later:%Y%m%d%H%M%S}mp_/{capture['url']}")
        assert answer.status_code == 200
        assert html.escape(document.data["headline"], quote=False) in answer.text
        assert stamp(capture["capturedAt"]) in answer.headers["Content-Location"]


@pytest.mark.long
def test_versions_are_mementos(replaying: Replaying) -> None:
    updated = replaying.updated
    first, second = replaying.reader.versions(updated)
    url = first.data["url"]
    moments = [when(each).strftime("%a, %d %b %Y %H:%M:%S GMT") for each in (first, second)]
    timemap = replaying.client.get(f"/newsroom/timemap/link/{url}")
    assert timemap.headers["Content-Type"].startswith("application/link-format")
    for moment in moments:
        assert f'rel="memento"; datetime="{moment}"' in timemap.text
    assert 'rel="timegate"' in timemap.text
    for moment in moments:
        answer = replaying.client.get(f"/newsroom/mp_/{url}", headers={"Accept-Datetime": moment})
        assert answer.headers["Memento-Datetime"] == moment
        assert "accept-datetime" in answer.headers["Vary"].lower()
        assert 'rel="original"' in answer.headers["Link"]
    gate = replaying.client.get(f"/newsroom/mp_/{url}")
    assert gate.headers["Memento-Datetime"] == moments[-1], "without a time, the newest"


@pytest.mark.long
def test_captures_after_the_start_are_found_without_a_restart(replaying: Replaying) -> None:
    client, store = replaying.client, replaying.archive.store
    new = replaying.archive.newsroom.publish()
    replaying.archive.crawl()
    [document] = [each for each in replaying.documents() if each.data["identifier"] == new]
    page = f"/newsroom/mp_/{document.data['url']}"
    assert client.get(page).status_code == 404
    list(Merger(store, "newsroom").months())
    until(lambda: client.get(page).status_code == 200)
    other = page.replace("/newsroom/", "/another/", 1)
    assert client.get(other).status_code == 404
    for key in list(store.keys(keys.INDEX)):
        store.put(key.replace("newsroom", "another"), store.get(key), TEXT)
    until(lambda: client.get(other).status_code == 200)
    for key in list(store.keys(f"{keys.INDEX}another/")):
        store.client.delete_object(Bucket=store.bucket, Key=key)
    until(lambda: client.get(other).status_code == 404)


@pytest.mark.long
def test_what_was_captured_is_held_to_its_origin(replaying: Replaying) -> None:
    document = replaying.documents()[0]
    url, at = document.data["url"], f"{when(document):%Y%m%d%H%M%S}"
    frames = {"Host": f"replay.pywb.localhost:{replaying.server.port}"}
    for how, headers, policy in (
        ("mp_", frames, "default-src 'unsafe-eval'"),
        ("if_", frames, "default-src 'unsafe-eval'"),
        ("", frames, "default-src 'unsafe-eval'"),
        ("id_", frames, "sandbox; "),
        ("mp_", {}, "sandbox; "),
        ("id_", {}, "sandbox; "),
    ):
        answer = replaying.client.get(f"/newsroom/{at}{how}/{url}", headers=headers)
        assert answer.status_code == 200
        [text] = answer.headers.get_list("Content-Security-Policy")
        assert text.startswith(policy), how
        assert "ws:" not in text


@pytest.mark.long
def test_a_window_gets_a_frame_of_another_name(replaying: Replaying) -> None:
    document = replaying.documents()[0]
    url, at = document.data["url"], f"{when(document):%Y%m%d%H%M%S}"
    address, port = f"/newsroom/{at}/{url}", replaying.server.port

    def asked(host: str, path: str = address) -> httpx.Response:
        return replaying.client.get(path, headers={"Host": f"{host}:{port}", "Sec-Fetch-Dest": "document"})

    window = asked("pywb.localhost")
    assert f'src="http://replay.pywb.localhost:{port}{address}"' in window.text
    assert window.headers["content-security-policy"].endswith(f"frame-src http://replay.pywb.localhost:{port}")
    assert window.headers["memento-datetime"]
    for host in ("replay.pywb.localhost", "127.0.0.1", "localhost"):
        led = asked(host)
        assert (led.status_code, led.headers["location"]) == (302, f"http://pywb.localhost:{port}{address}")
    assert asked("pywb.localhost", "/").status_code == 200
    assert asked("pywb.localhost", f"/newsroom/{at}/http://nowhere.example/").status_code == 200


@pytest.mark.long
@pytest.mark.parametrize(
    "spelling",
    [
        *("id_/{bare}", "id_///{url}", "abc_/{url}", "wkr_/{url}", "mp_/{bare}", "mp_/HTTP://{bare}", "mp_///{url}"),
        *("$x:y/{url}", "sw_/{url}", "js_/{bare}", "/{bare}", "/HTTP://{bare}"),
    ],
)
def test_no_spelling_of_an_address_lets_a_capture_run_under_the_name_of_windows(
    replaying: Replaying, spelling: str
) -> None:
    document = replaying.documents()[0]
    url, at, port = document.data["url"], f"{when(document):%Y%m%d%H%M%S}", replaying.server.port
    bare = url.partition("://")[2]
    paths = [
        f"/newsroom/{at}" + spelling.format(url=url, bare=bare),
        "/newsroom/" + spelling.format(url=url, bare=bare),
    ]
    found = 0
    for path in paths:
        for more in ({"Sec-Fetch-Dest": "document"}, {"Sec-Fetch-Dest": "script"}, {}):
            answer = replaying.client.get(path, headers={"Host": f"pywb.localhost:{port}", **more})
            if answer.is_redirect:
                continue
            [policy] = answer.headers.get_list("Content-Security-Policy")
            assert policy.startswith(("sandbox; default-src 'none'", "default-src 'none'; frame-ancestors 'none'")), (
                path
            )
        inner = replaying.client.get(path, headers={"Host": f"replay.pywb.localhost:{port}"})
        captured = document.data["headline"][:20] in inner.text
        found += captured
        assert not captured or "sandbox" in inner.headers["Content-Security-Policy"], path
    assert found or spelling.startswith(("$", "/"))


@pytest.mark.long
def test_no_capture_becomes_a_service_worker(replaying: Replaying) -> None:
    """It would respond for all captures in its scope, without our policy."""
    document = replaying.documents()[0]
    url, at = document.data["url"], f"{when(document):%Y%m%d%H%M%S}"
    for name in ("pywb.localhost", "replay.pywb.localhost"):
        host = {"Host": f"{name}:{replaying.server.port}"}
        for how in ("wkr_", "sw_", "js_", "id_", ""):
            for header in ({"Service-Worker": "script"}, {"Sec-Fetch-Dest": "serviceworker"}):
                asked = replaying.client.get(f"/newsroom/{at}{how}/{url}", headers=host | header)
                assert asked.status_code == 400
            assert (
                "service-worker-allowed" not in replaying.client.get(f"/newsroom/{at}{how}/{url}", headers=host).headers
            )


@pytest.mark.long
def test_no_capture_sets_a_cookie(replaying: Replaying) -> None:
    document = replaying.documents()[0]
    [capture] = document.data["pressmark"]["captures"][:1]
    record = gzip.decompress(replaying.archive.store.get(capture["warc"], capture["offset"], capture["length"]))
    assert b"set-cookie:" in record.lower()
    url, at = document.data["url"], f"{when(document):%Y%m%d%H%M%S}"
    for name, how in (("pywb.localhost", "id_"), ("replay.pywb.localhost", "mp_"), ("replay.pywb.localhost", "id_")):
        host = {"Host": f"{name}:{replaying.server.port}"}
        answer = replaying.client.get(f"/newsroom/{at}{how}/{url}", headers=host)
        assert not {"set-cookie", "refresh", "clear-site-data"} & answer.headers.keys()


@pytest.mark.long
def test_a_pattern_that_takes_forever_is_refused(replaying: Replaying) -> None:
    client, url = replaying.client, replaying.documents()[0].data["url"]
    assert client.get("/newsroom/cdx", params={"url": url, "filter": r"~urlkey:(\w+|\W)*\n!"}).status_code == 400
    assert client.get("/newsroom/cdx", params={"url": url, "filter": "!~status:3.."}).status_code == 400
    assert client.get("/newsroom/cdx", params={"url": url, "filter": "=status:200"}).text.count("\n") >= 1


@pytest.mark.long
def test_the_internal_server_responds_to_pywb_only(replaying: Replaying) -> None:
    programs = [each for each in psutil.process_iter() if str(replaying.server.cache) in " ".join(_words(each))]
    ports = {
        each.laddr.port
        for program in programs
        for each in program.net_connections("inet")
        if each.status == psutil.CONN_LISTEN
    } - {replaying.server.port}
    assert ports
    for port in ports:
        asked = f"http://127.0.0.1:{port}/newsroom/index?url=http://x.example/"
        assert httpx.get(asked, headers={"Host": "evil.example"}, trust_env=False).status_code == 400
        assert httpx.get(asked, trust_env=False).status_code == 200


def _words(process: psutil.Process) -> list[str]:
    try:
        return [*process.cmdline(), process.cwd()]
    except psutil.Error:
        return []


@pytest.mark.long
def test_a_stranger_gets_nothing(replaying: Replaying) -> None:
    for host, status in (("evil.example", 400), ("localhost", 200), (f"127.0.0.1:{replaying.server.port}", 200)):
        assert replaying.client.get("/", headers={"Host": host}).status_code == status
    for path in ("/newsroom/%0d%0aX-Evil:1/http://x.example/", "/newsroom/2022/http://x.example/?a=%0d%0ab", "/%00"):
        assert replaying.client.get(path).status_code == 400


@pytest.mark.long
def test_head_works_wherever_get_does(replaying: Replaying) -> None:
    moment, url = stamp("2026-11-24T00:00:00Z"), replaying.updated
    for path in (
        *("/", "/newsroom/", f"/newsroom/{url}", f"/newsroom/{moment}mp_/{url}", f"/newsroom/{moment}id_/{url}"),
        *(f"/newsroom/timemap/link/{url}", f"/newsroom/cdx?url={url}", f"/newsroom/mp_/{url}.none"),
    ):
        got, head = replaying.client.get(path), replaying.client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        assert head.headers.get("Content-Type") == got.headers.get("Content-Type"), path


@pytest.mark.long
@pytest.mark.parametrize(
    "fault",
    [
        Fault(answer=error(403, "AccessDenied"), reaches_server=False),
        Fault(answer=error(503, "SlowDown"), reaches_server=False),
        Fault(cut=10),
        Fault(reset=True, cut=0),
    ],
    ids=["refused", "busy", "cut", "reset"],
)
def test_a_bucket_that_fails_shows_nothing_of_itself_and_ends_nothing(
    replaying: Replaying, s3: RunningS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    page = f"/newsroom/mp_/{replaying.updated}"
    with proxied(s3.endpoint) as bucket:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", bucket.endpoint)
        server = ReplayServer(store_of(), tmp_path, port=free_port(), every=EVERY)
        with server.running(), httpx.Client(base_url=f"http://{LOOPBACK}:{server.port}", timeout=60) as client:
            whole = client.get(page)
            assert whole.status_code == 200
            bucket.rule = lambda request: fault
            failed = client.get(page)
            assert failed.status_code >= 400
            text = f"{failed.headers}{failed.text}"
            assert "read now" in text
            assert "warc/newsroom/" in next(tmp_path.rglob("pywb.log")).read_text(), "the log says why"
            for secret in (server.store.bucket, bucket.endpoint, "AWS_", "PRESSMARK_", "Traceback", str(tmp_path)):
                assert secret not in text
            bucket.rule = lambda request: None
            assert client.get(page).text == whole.text


def test_the_users_own_aws_settings_hold_for_pywb(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text("[profile mine]\nregion = eu-west-1\ns3 =\n  use_accelerate_endpoint = false\n")
    store = store_of()
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    environment = ReplayServer(store, tmp_path)._environment(tmp_path)
    assert store.bucket == bucket
    with monkeypatch.context() as patch:
        patch.setenv("AWS_CONFIG_FILE", environment["AWS_CONFIG_FILE"])
        client = boto3.Session().client("s3")
    assert client.meta.region_name == "eu-west-1"
    assert client.meta.config.s3["addressing_style"] == "path"
    assert (tmp_path / "config").read_text().startswith("[profile mine]\nregion"), "that of the user stays"


@pytest.mark.long
def test_two_servers_do_not_share_a_folder(replaying: Replaying) -> None:
    second = attrs.evolve(replaying.server, port=free_port())
    with pytest.raises(ServiceFailed, match="with --cache"), second.running():
        pass
    with pytest.raises(ServiceFailed, match="--port"), attrs.evolve(replaying.server).running():
        pass


@pytest.mark.long
@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize(
    "url",
    ["http://[::1", "https://a.example?q", "https://a.example#f", "https://a.example:zz", "https://u:p@a.example"],
)
def test_an_invalid_origin_is_refused(url: str) -> None:
    done = CliRunner().invoke(main, ["replay", "--url", url, "--frame-url", "https://b.example"])
    assert done.exit_code == 2
    assert f"--url: {url!r} is no address" in done.output


def test_an_empty_archive_and_wrong_keys_are_reported(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-m", "pressmark", "replay", "--port", str(free_port()), "--cache", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, umask=0) as process:
        assert process.stdout
        said = [process.stdout.readline() for _ in range(2)]
        kept = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
        process.terminate()
        assert process.wait() == 0
    assert "Replaying at http://pywb.localhost:" in said[0]
    assert "Nothing is indexed yet: run `pressmark index SITE`" in said[1]
    assert {"config.yaml", "aws.config", "pywb.log", "collections", "collections.json", "lock"} <= kept.keys()
    assert set(kept.values()) == {0o600, 0o700}

    with monkeypatch.context() as patch:
        patch.setenv("PRESSMARK_WAYBACK", "/nowhere/wayback")
        with pytest.raises(UsageError, match=r"pressmark\[replay\]"), ReplayServer(store_of(), tmp_path).running():
            pass
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    done = CliRunner().invoke(main, ["replay", "--cache", str(tmp_path)])
    assert done.exit_code == 3
    assert f"bucket '{bucket}'" in done.output


def test_only_indexes_are_copied_and_they_follow_the_bucket(bucket: str, tmp_path: Path) -> None:
    store = store_of()
    assert store.bucket == bucket
    indexes = LocalIndexes(store, tmp_path / "collections")
    indexes.folder.mkdir()
    assert indexes.sync().sites == ()
    for key in (
        "index/news/2026-11.cdxj",
        "index/news/2026-11.merged",
        "index/../up/2026-11.cdxj",
        "index/.hidden/x.cdxj",
    ):
        with contextlib.suppress(BucketError):
            store.put(key, b"one", TEXT)
    assert (indexes.sync().sites, indexes.sync().written) == (("news",), 0)
    copy = tmp_path / "collections/news/indexes/2026-11.cdxj"
    assert copy.read_bytes() == b"one"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "collections.json", copy]
    store.put("index/news/2026-11.cdxj", b"two", TEXT)
    assert indexes.sync().written == 1
    assert copy.read_bytes() == b"two"
    (tmp_path / "collections.json").write_text("no JSON")
    assert indexes.sync().written == 1
    store.client.delete_object(Bucket=bucket, Key="index/news/2026-11.cdxj")
    assert indexes.sync().sites == ()
    assert not copy.exists()


def store_of() -> Store:
    return Store.open(Config.from_env(os.environ))


def when(document: Document) -> datetime:
    return datetime.fromisoformat(document.data["pressmark"]["captures"][0]["capturedAt"]).astimezone(UTC)
