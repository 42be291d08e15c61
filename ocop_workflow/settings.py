"""Settings of an installation: environment variables `OCOP_…`, and `settings.env` in the data folder."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from notifications.addresses import is_address
from notifications.catalogue import Language
from ocop_workflow.errors import InputError

SETTINGS_FILE = "settings.env"


class SettingsError(InputError):
    """A setting is unknown or has a value that can't be used."""


def _checked_address(text: str) -> str:
    if not is_address(text):
        raise ValueError("this is no e-mail address in ASCII")
    return text


class Settings(BaseSettings):
    """Everything an installation can be told from outside; the data folder itself is given by the caller.

    Times are in seconds. A misspelt key in `settings.env` is an error.
    """

    model_config = SettingsConfigDict(env_prefix="OCOP_", env_file_encoding="utf-8", extra="forbid")

    data_dir: Path | None = None
    config_dir: Path | None = None
    database_url: str | None = None
    base_url: str = Field(default="http://127.0.0.1:8000", pattern=r"^https?://[\x21-\x7e]+$")
    sender_name: str = "OCOP"
    sender_address: Annotated[str, AfterValidator(_checked_address)] = "ocop@localhost.invalid"
    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_tls: Literal["none", "starttls", "implicit"] = "starttls"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_timeout_seconds: float = Field(default=30, gt=0)
    smtp_connections: int = Field(default=4, ge=1, le=16)
    lease_seconds: float = Field(default=600, gt=0)
    scheduler: Literal["embedded", "prefect", "off"] = "embedded"
    language: Language = Language.EN


def load_settings(data_dir: Path | None = None) -> Settings:
    """Read the settings for a data folder; the environment wins over the folder's file.

    Raises:
        SettingsError: A key is unknown or a value wrong; the sentence names the variable.
    """
    probe = _read(None)
    folder = data_dir or probe.data_dir
    file = folder / SETTINGS_FILE if folder else None
    settings = _read(file if file and file.is_file() else None)
    return settings.model_copy(update={"data_dir": folder})


def _read(env_file: Path | None) -> Settings:
    try:
        return Settings(_env_file=env_file)
    except OSError as error:
        raise SettingsError(f"{env_file} can't be read; run this as the user that owns it") from error
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        name = name if name.startswith("OCOP_") else f"OCOP_{name}"
        place = f"{env_file}: " if env_file else ""
        raise SettingsError(f"{place}{name}: {first['msg'].lower()}; see `ocop init --help`") from error
