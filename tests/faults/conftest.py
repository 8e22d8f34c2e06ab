"""One project for all faults: each test changes it, and a deployment of it installs nothing anew."""

from __future__ import annotations

import pytest

from tests import faultkit
from tests.faultkit import Site
from tests.platforms import Platform


@pytest.fixture(scope="session")
def site(platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Site:
    return faultkit.site(platform, tmp_path_factory.mktemp("repositories"), "faults")
