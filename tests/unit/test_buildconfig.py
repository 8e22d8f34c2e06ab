"""zoombuild.cfg: read and written alike, and nothing dangerous or misspelled gets in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dz.errors import UserError
from dz.tasklib.buildconfig import BuildConfig, from_guesses, merge, parse
from dz.tasklib.records import Basis, Guess

WORD = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
PATH = st.lists(WORD, min_size=1, max_size=3).map("/".join)
MODULE = st.lists(WORD, min_size=1, max_size=3).map(".".join)
CONFIGS = st.builds(
    BuildConfig,
    project_root=PATH | st.just(""),
    django_settings_module=MODULE | st.just(""),
    base_python_package=WORD,
    additional_python_path_dirs=st.lists(PATH, max_size=3).map(tuple),
    site_media_map=st.lists(st.tuples(PATH, PATH.map(lambda p: f"/{p}/")), max_size=3).map(tuple),
    installer=st.sampled_from(["requirements", "uv", "poetry", "none"]),
    pip_reqs=st.lists(PATH.map(lambda p: f"{p} 100%.txt"), max_size=3).map(tuple),
    python_version=st.sampled_from(["", "3.12", ">=3.10,<4", "^3.9"]),
    extras=st.lists(st.tuples(st.sampled_from(["extra", "group"]), WORD), max_size=3).map(tuple),
    processes=st.lists(
        st.tuples(WORD, st.sampled_from(["gunicorn x.wsgi -b :$PORT", "a = b; c # d", "x: y"])), max_size=3
    ).map(tuple),
    hooks=st.lists(st.sampled_from(["migrate", "loaddata a.json", "compress --force"]), max_size=3).map(tuple),
)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(CONFIGS)
def test_what_is_written_is_read_again(config: BuildConfig) -> None:
    assert parse(config.text()) == config


def test_the_file_of_the_mission_is_understood() -> None:
    config = parse(
        "; comment\n[project]\ndjango_settings_module = shop.settings\nbase_python_package=shop\n"
        "additional_python_path_dirs = apps\n    lib\nsite_media_map =\n  shop/my media /media/\n"
        "pip_reqs = requirements.txt\nhooks = syncdb\n"
    )
    assert config.additional_python_path_dirs == ("apps", "lib")
    assert config.site_media_map == (("shop/my media", "/media/"),)
    assert config.hooks == ("syncdb",)


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("[project]\ndjango_setting_module = a", "repo.config-unknown-key"),
        ("[projekt]\n", "repo.config-invalid"),
        ("[DEFAULT]\ninstaller = uv\n[project]\n", "repo.config-invalid"),
        ("installer = uv\n", "repo.config-invalid"),
        ("[project]\ninstaller = npm", "repo.config-invalid"),
        ("[project]\nproject_root = ../etc", "repo.config-invalid"),
        ("[project]\npip_reqs = /etc/passwd", "repo.config-invalid"),
        ("[project]\npip_reqs = -e", "repo.config-invalid"),
        ("[project]\ndjango_settings_module = os;x", "repo.config-invalid"),
        ("[project]\nsite_media_map = /etc /media/", "repo.config-invalid"),
        ("[project]\nsite_media_map = media", "repo.config-invalid"),
        ("[project]\nhooks = migrate\n    rm -rf /;", ""),
        ("[project]\nhooks = ;", "repo.config-invalid"),
        ("[project]\nextras = live", "repo.config-invalid"),
        ("[project]\nextras = extra --live", "repo.config-invalid"),
        ("[project]\n" + "# long\n" * 20_000, "repo.config-invalid"),
    ],
)
def test_what_cannot_be_is_refused_by_name(text: str, id: str) -> None:
    if not id:
        assert parse(text).hooks == ("migrate", "rm -rf /;")  # a management command called rm: its own business
        return
    with pytest.raises(UserError) as refused:
        parse(text)
    assert refused.value.id == id
    if id == "repo.config-unknown-key":
        assert "django_settings_module" in refused.value.next


def test_primary_guesses_make_the_config_and_what_a_person_confirmed_goes_over_it() -> None:
    def guess(field: str, value: str, *, primary: bool = True) -> Guess:
        return Guess(field=field, value=value, basis=Basis(), confidence=0.5, is_primary=primary)

    config = from_guesses(
        [
            guess("settings_module", "shop.settings"),
            guess("settings_module", "shop.dev", primary=False),
            guess("requirements_files", "a.txt\nb.txt"),
            guess("project_root", "../out"),
            guess("title", "Shop"),
        ]
    )
    assert config == BuildConfig(django_settings_module="shop.settings", pip_reqs=("a.txt", "b.txt"))
    merged = merge(config, {"settings_module": "shop.live", "python_version": "3.12"})
    assert (merged.django_settings_module, merged.value("pip_reqs")) == ("shop.live", "a.txt\nb.txt")
