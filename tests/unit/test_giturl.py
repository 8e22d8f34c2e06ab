"""Addresses of repositories: what is understood, what is refused, and that nothing secret is repeated."""

from __future__ import annotations

import pytest

from dz.errors import UserError
from dz.tasklib.build import giturl


@pytest.mark.parametrize(
    ("typed", "text", "host", "name"),
    [
        ("github.com/o/My_Shop", "https://github.com/o/My_Shop", "github.com", "my-shop"),
        ("https://github.com/o/r.git", "https://github.com/o/r.git", "github.com", "r"),
        ("https://GitHub.com/o/r/", "https://github.com/o/r", "github.com", "r"),
        ("https://git.example.com:8443/a/b/c.git", "https://git.example.com:8443/a/b/c.git", "git.example.com", "c"),
        ("git@github.com:o/r.git", "git@github.com:o/r.git", "github.com", "r"),
        ("git@host.example:/srv/r.git", "git@host.example:/srv/r.git", "host.example", "r"),
        ("ssh://git@host.example:2222/srv/r", "ssh://git@host.example:2222/srv/r", "host.example", "r"),
        ("  https://gitlab.com/g/s/3d.git\n", "https://gitlab.com/g/s/3d.git", "gitlab.com", "site-3d"),
        ("file:///srv/My%20Site/.git", "file:///srv/My%20Site/.git", "", "my-site"),
    ],
)
def test_an_address_is_understood_as_people_write_it(typed: str, text: str, host: str, name: str) -> None:
    url = giturl.parse(typed, file_urls=True)
    assert (url.text, url.host, url.project_name()) == (text, host, name)


@pytest.mark.parametrize(
    ("page", "text", "ref", "folder", "name"),
    [
        ("https://github.com/o/r/tree/main/shop/site/", "https://github.com/o/r", "main", "shop/site", "site"),
        ("github.com/o/r/tree/v1.2", "https://github.com/o/r", "v1.2", "", "r"),
        ("https://gitlab.com/g/s/r/-/tree/main/a%20b?ref_type=heads", "https://gitlab.com/g/s/r", "main", "a b", "a-b"),
        ("https://bitbucket.org/o/r/src/main/api", "https://bitbucket.org/o/r", "main", "api", "api"),
        ("https://git.example.org/o/r/src/branch/main/api#x", "https://git.example.org/o/r", "main", "api", "api"),
        ("https://git.example.org/r/tree/main", "https://git.example.org/r/tree/main", "", "", "main"),
    ],
)
def test_a_browsers_address_of_a_folder_is_repository_ref_and_folder(
    page: str, text: str, ref: str, folder: str, name: str
) -> None:
    url = giturl.parse(page)
    assert (url.text, url.ref, url.within, url.project_name()) == (text, ref, folder, name)


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "-oProxyCommand=touch /tmp/x",
        "--upload-pack=touch /tmp/x",
        "ext::sh -c touch%20/tmp/x",
        "fd::17",
        "git://github.com/o/r",
        "http://github.com/o/r",
        "ftp://h.example/r",
        "ssh://-oProxyCommand=x/r",
        "git@-oProxyCommand=x:r",
        "https://github.com/o/r\n[core]",
        "https://github.com/o/r\x00",
        "https://github.com/o/../../r",
        "https://github.com/%2e%2e/r",
        "https://github.com/-o/r",
        "https://github.com",
        "github.com/o",
        "https://github.com/o/r?x=1",
        "https://github.com/o/r/tree/main/../../etc",
        "https://github.com/o/r/tree/main/%0a",
        "https://github.com/-o/r/tree/main",
        "https://github.com/o/r#main",
        "https://h.example:99999/r",
        "https://h_x.example/r",
        "git@h.example:",
        "/srv/repo",
        "../repo",
        "github",
        "file://other.host/srv/repo",
        "file:///srv/../etc",
        "https://github.com/" + "a" * 600,
    ],
)
def test_an_address_that_could_do_more_than_name_a_repository_is_refused(hostile: str) -> None:
    with pytest.raises(UserError) as refused:
        giturl.parse(hostile, file_urls=True)
    assert refused.value.id == "repo.bad-url"


@pytest.mark.parametrize(
    "leaky",
    [
        "https://me:hunter2@github.com/o/r",
        "https://hunter2@github.com/o/r",
        "ssh://git:hunter2@h.example/r",
        "https://a:hunter2:b@h.example:x/r",
    ],
)
def test_a_password_in_the_address_is_refused_and_not_repeated(leaky: str) -> None:
    with pytest.raises(UserError) as refused:
        giturl.parse(leaky)
    assert refused.value.id == "repo.credentials-in-url"
    assert "hunter2" not in f"{refused.value.brief} {refused.value.next} {refused.value.facts}"


def test_a_folder_is_only_taken_where_the_operator_allows_it() -> None:
    with pytest.raises(UserError) as refused:
        giturl.parse("file:///srv/repo")
    assert refused.value.id == "repo.file-url"
    assert giturl.parse("file:///srv/a%20b", file_urls=True).folder == "/srv/a b"
