"""Where the files of sites listen, once nginx listens elsewhere."""

from __future__ import annotations

from pathlib import Path

from dz.names import HostName
from dz.seams.proxy.nginx import Nginx
from tests.contract.test_proxy import site
from tests.servers import nginx_binary


def test_sites_that_are_there_listen_where_the_platform_listens_by_now(tmp_path: Path) -> None:
    """dz up --listen may have said another address: the old one stayed open to the world, and no reload came through."""
    world, here = (Nginx(nginx_binary(), tmp_path / "nginx", listen) for listen in ("0.0.0.0:8801", "127.0.0.1:8802"))
    rests = site(2, hostnames=(HostName("other.localhost"),), upstreams=(), resting=True)
    for one in (site(), rests):
        world.apply(one.app_id, one)
    here.lay()
    assert here.applied() == {one.app_id: here.digest_of(one) for one in (site(), rests)}
    assert "0.0.0.0" not in "".join(file.read_text() for file in (tmp_path / "nginx").rglob("*.conf"))
    before = (tmp_path / "nginx/sites").resolve()
    here.lay()
    assert (tmp_path / "nginx/sites").resolve() == before, "nothing is done twice"
