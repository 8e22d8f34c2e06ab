"""What the tests need of a fresh Debian or Ubuntu machine of the CI (root): ``python -m tests.machine``.

Nothing that is installed may start a service by itself: tests start their own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# What each package must have brought: a package that is there is not asked for again.
NEEDED = {
    "rabbitmq-server": "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "chromium": "/usr/bin/chromium",
    "openssh-server": "/usr/sbin/sshd",
    "nftables": "/usr/sbin/nft",
    "iproute2": "/usr/sbin/ip",
}
POLICY = Path("/usr/sbin/policy-rc.d")  # what Debian's packages ask before they start a service


def main() -> None:
    missing = [package for package, path in NEEDED.items() if not Path(path).exists()]
    if not missing:
        return
    if shutil.which("apt-get") is None:
        sys.exit(f"missing, and no apt-get to install them: {', '.join(missing)}")
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        _tried(["apt-get", "update", "-q"], env)
        _tried(["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing], env)
    finally:
        if ours:
            POLICY.unlink()
    if shutil.which("epmd"):
        subprocess.run(["epmd", "-kill"], check=False, capture_output=True, timeout=30)


def _tried(argv: list[str], env: dict[str, str]) -> None:
    """Mirrors stumble: three tries."""
    for left in (2, 1, 0):
        done = subprocess.run(argv, check=False, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900)
        if done.returncode == 0:
            return
        if not left:
            sys.exit(f"{' '.join(argv)}\n{done.stdout.decode(errors='replace')[-4000:]}")


if __name__ == "__main__":
    main()
