"""Lays nginx's base configuration and becomes nginx: ``python -m dz.local.nginx`` in the proxy worker's environment."""

from __future__ import annotations

import os

from dz import hosting


def main() -> None:
    proxy = hosting.proxy_of(hosting.settings())
    proxy.lay()
    os.execv(proxy.command[0], proxy.command)  # noqa: S606 - nginx takes this process's place


if __name__ == "__main__":
    main()
