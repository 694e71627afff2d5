"""Wrong site files are reported once, even if no site has DAGs."""

from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

from pressmark.airflow.alerts.section import watch_site_files
from pressmark.local.newsroom.site_file import write_site_file
from tests.airflow.alerts.conftest import OPS, Tasks
from tests.airflow.alerts.servers import MailServer

pytestmark = pytest.mark.slow


def test_they_are_reported_once_and_once_when_all_is_well(
    tasks: Tasks, mail: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_site_file(tmp_path / "sites", "http://127.0.0.1:8765")
    monkeypatch.setenv("PRESSMARK_SITES", str(folder))
    tasks.run(watch_site_files)
    assert not mail.mails
    (folder / "mine.yml").write_text("site: mine\nhosts: [")
    for _ in range(2):
        with pytest.raises(AirflowFailException, match=r"mine\.yml: "):
            tasks.run(watch_site_files)
    assert mail.subjects(OPS) == ["[Pressmark] site files: a site file is wrong"]
    assert "mine.yml" in mail.mails[0][1].get_body(("html",)).get_content()  # type: ignore[union-attr]
    (folder / "other.yml").write_text("[")
    with pytest.raises(AirflowFailException, match=r"other\.yml: "):
        tasks.run(watch_site_files)
    assert mail.subjects(OPS)[1:] == ["[Pressmark] site files: 2 site files are wrong"]
    for name in ("mine", "other"):
        (folder / f"{name}.yml").unlink()
    for _ in range(2):
        tasks.run(watch_site_files)
    assert mail.subjects(OPS)[2:] == ["[Pressmark] over: site files: 2 site files are wrong"]
    monkeypatch.setenv("PRESSMARK_SITES", str(tmp_path / "nowhere"))
    with pytest.raises(AirflowFailException, match="no such folder"):
        tasks.run(watch_site_files)
    assert len(mail.mails) == 4
