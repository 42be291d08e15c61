"""Settings from the environment and the folder's file."""

from pathlib import Path

import pytest

from ocop_workflow.settings import SettingsError, load_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine that runs the tests takes part."""
    import os  # noqa: PLC0415 -- beside its one use

    for name in [name for name in os.environ if name.startswith("OCOP_")]:
        monkeypatch.delenv(name)


def write(folder: Path, *lines: str) -> Path:
    (folder / "settings.env").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_load_settings_reads_the_folders_file(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "OCOP_SMTP_HOST=mail.office.example", "OCOP_SENDER_NAME=Văn phòng"))

    assert (settings.smtp_host, settings.sender_name, settings.data_dir) == (
        "mail.office.example",
        "Văn phòng",
        tmp_path,
    )


def test_load_settings_lets_the_environment_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCOP_SMTP_PORT", "2525")

    assert load_settings(write(tmp_path, "OCOP_SMTP_PORT=587")).smtp_port == 2525


def test_load_settings_takes_the_folder_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCOP_DATA_DIR", str(write(tmp_path, "OCOP_SCHEDULER=off")))
    settings = load_settings()

    assert (settings.data_dir, settings.scheduler) == (tmp_path, "off")


def test_load_settings_without_a_file_has_defaults_for_this_machine(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)

    assert (settings.smtp_host, settings.base_url, settings.smtp_password) == (
        "127.0.0.1",
        "http://127.0.0.1:8000",
        None,
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("OCOP_SMTP_HSOT=x", "OCOP_SMTP_HSOT: extra inputs are not permitted"),
        ("OCOP_SMTP_PORT=0", "OCOP_SMTP_PORT: input should be greater than or equal to 1"),
        ("OCOP_SMTP_TLS=maybe", "OCOP_SMTP_TLS: input should be 'none', 'starttls' or 'implicit'"),
        ("OCOP_SENDER_ADDRESS=nobody", "OCOP_SENDER_ADDRESS: value error, this is no e-mail address in ascii"),
    ],
)
def test_load_settings_names_the_variable_that_is_wrong(tmp_path: Path, line: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load_settings(write(tmp_path, line))

    assert sentence in str(refusal.value)
    assert str(tmp_path / "settings.env") in str(refusal.value)


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "OCOP_SMTP_PASSWORD=geheim"))

    assert "geheim" not in repr(settings)
    assert settings.smtp_password is not None
    assert settings.smtp_password.get_secret_value() == "geheim"
