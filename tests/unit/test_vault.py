"""Secrets at rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from dz.errors import PlatformError
from dz2 import vault


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "keys"
    file.write_bytes(Fernet.generate_key())
    monkeypatch.setenv("DZ_KEYS_FILE", str(file))
    return file


def test_a_value_comes_back_and_never_shows_itself(keys: Path) -> None:
    secret = vault.unseal("p00000001", vault.Name.SECRET_KEY, vault.seal("p00000001", vault.Name.SECRET_KEY, "s3cret"))
    assert secret.reveal() == "s3cret"
    assert "s3cret" not in repr(secret)


@pytest.mark.parametrize("app_id, name", [("p00000002", vault.Name.SECRET_KEY), ("p00000001", vault.Name.DEPLOY_KEY)])
def test_a_value_moved_to_another_row_is_refused(keys: Path, app_id: str, name: vault.Name) -> None:
    blob = vault.seal("p00000001", vault.Name.SECRET_KEY, "s3cret")
    with pytest.raises(PlatformError, match="another place"):
        vault.unseal(app_id, name, blob)


def test_old_values_stay_readable_under_a_new_first_key_and_not_without_theirs(keys: Path) -> None:
    blob = vault.seal_variables("p00000001", {"A": "1"})
    new = Fernet.generate_key()
    keys.write_bytes(new + b"\n" + keys.read_bytes())
    assert vault.unseal_variables("p00000001", blob)["A"].reveal() == "1"
    keys.write_bytes(new)
    with pytest.raises(PlatformError, match="no key"):
        vault.unseal_variables("p00000001", blob)
