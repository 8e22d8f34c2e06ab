"""When releases of the last commit's day may mend what the newest break: never those that have no part in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dz.errors import UserError
from dz.tasklib.build.ageing import changed, distributions, may_help, pinned


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("Django==4.2.1", True),
        ("  django == 4.2.1  # of its time", True),
        ("django[argon2]==4.2.1 ; python_version > '3'", True),
        ("django==4.2.1 --hash=sha256:00", True),
        ("django==4.2.1 \\", True),
        ("django==4.2", False),  # it has another release: this list is not in force
        ("django==4.2.*", False),
        ("django==4.2.1,<5", False),
        ("django>=4.2.1", False),
        ("django-filter==4.2.1", False),
    ],
)
def test_a_package_is_pinned_where_a_list_names_the_release_that_there_is(line: str, known: bool) -> None:
    assert pinned([line], {"django": "4.2.1"}) == ({"django"} if known else set())


def test_what_has_a_part_in_an_error_is_found_by_its_folders(tmp_path: Path) -> None:
    for name, files in {
        "Django-4.2.1": "django/apps/config.py,sha256=x,1\n",
        "python_dateutil-2.9": "dateutil/tz.py,,\n",
        "six-1.17": "six.py,,\n",
        "sqlparse-0.5": "sqlparse/__init__.py,,\n",
    }.items():
        folder = tmp_path / f"lib/python3.11/site-packages/{name}.dist-info"
        folder.mkdir(parents=True)
        (folder / "RECORD").write_text(f"../../../bin/x,,\n{files}{name}.dist-info/METADATA,,\n")
    assert distributions(tmp_path, ["django", "dateutil", "six"]) == {"django", "python-dateutil", "six"}
    assert distributions(tmp_path, []) == set()


def test_the_same_releases_help_as_little_as_before() -> None:
    before, after = {"django": "4.2.1", "six": "1.17", "gone": "1"}, {"django": "4.2.1", "six": "1.16"}
    assert not changed(before, after, {"django"})
    assert changed(before, after, {"django", "six"}) and changed(before, after, {"gone"})


def test_no_other_release_brings_what_a_host_lacks(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    told = {module: UserError("settings.module-missing", module=module) for module in ("allauth.urls", "shop.x", "x")}
    assert [module for module, error in told.items() if may_help(error, tmp_path)] == ["allauth.urls"]
    library = UserError("settings.library-missing", module="django.contrib.gis", library="GDAL")
    assert not may_help(library, tmp_path)
