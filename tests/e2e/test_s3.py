"""With the bundle store on S3 an appserver that has nothing of a bundle fetches all of it; backups lie there too."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from dz.names import AppId
from tests import platforms, playing, stores
from tests.platforms import Platform


@pytest.fixture
def on_s3(s3: int) -> Iterator[Platform]:
    """A platform of its own: its workers are told of the store when they start."""
    told = stores.options(s3)
    running = platforms.start(
        "valkey",
        DZ_BUNDLE_STORE="s3://bundles/platform",
        DZ_STORE_ENDPOINT=told["aws_endpoint"],
        DZ_STORE_REGION=told["aws_region"],
        DZ_STORE_KEY=told["aws_access_key_id"],
        DZ_STORE_SECRET=told["aws_secret_access_key"],
    )
    try:
        yield running
    finally:
        platforms.stop(running)


def test_a_host_without_any_layer_fetches_them_from_s3(on_s3: Platform, tmp_path: Path) -> None:
    project = playing.words(on_s3, tmp_path, "far")
    with on_s3.parked("placement"):
        begun = project.begin()
        number = playing.latest(on_s3, project.name)["job"]
        playing.when(on_s3, number, "the bundle is stored", bundle_upload="succeeded", placement="running")
        ((key,),) = playing.ask_zoomdb(on_s3, "SELECT id FROM dz2_project WHERE name = %s", project.name)
        layers = on_s3.home / "layers" / AppId.of(key)
        assert list(layers.iterdir())
        shutil.rmtree(layers)
        shutil.rmtree(on_s3.home / "build" / AppId.of(key))
    playing.ended(begun, 0)
    assert project.page() == "1 first 0"
    assert not list((on_s3.home / "store").glob("**/*")) if (on_s3.home / "store").exists() else True
    log = on_s3.dz("job", str(number), "--log").out
    assert "env layer fetched" in log and "app layer fetched" in log

    assert on_s3.dz("db", "backup", project.name).code == 0
    back = on_s3.dz("db", "restore", project.name, "1", "--yes", "--json")
    assert (back.code, project.page()) == (0, "2 first 0"), back.err
    got = on_s3.dz("db", "download", project.name, "1", "-o", tmp_path / "far.dump", "--json")
    assert (got.code, (tmp_path / "far.dump").stat().st_size) == (0, got.json["size"]), got.err
    assert not list((on_s3.home / "backups").glob("*/*"))
