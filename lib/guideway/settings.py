"""Settings: the command line wins over ``GUIDEWAY_*`` variables, those over ``guideway.toml``, that over defaults."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from guideway.errors import ConfigurationError

JAVA_OPTIONS = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m"
"""Java's first compiler only, with room for all it compiles (alone it gets a fifth of that): samples do not pass Java,
and what is left to it ends before the second compiler has paid (docs/benchmarks.md)."""

INTERPRETED = "-Dspark.sql.codegen.wholeStage=false -Dspark.sql.codegen.factoryMode=NO_CODEGEN"
"""For plans of few rows: Spark works them out as they are, and compiles no Java of its own for each of them."""


class Settings(BaseSettings):
    """Where things are and how much of the machine a job may use."""

    model_config = SettingsConfigDict(env_prefix="GUIDEWAY_", toml_file="guideway.toml", extra="ignore", frozen=True)

    lake: str = Field("var/lake", description="folder or s3a:// address of the Delta lake")
    landing: str = Field("var/landing", description="folder or s3a:// address where files are delivered")
    staging: str | None = Field(
        None, description="folder delivered objects pass through, seen by every node (default: the system's temporary)"
    )
    reports: str = Field("var/reports", description="folder of published reports")
    profiles: str | None = Field(None, description="folder of source profiles besides the packaged ones")
    rulebooks: str | None = Field(None, description="folder of rule books besides the packaged ones")
    planning: str | None = Field(None, description="folder of planning data besides the packaged")
    network_name: str = Field("Network", description="name of the network, as the report prints it")
    mlflow_uri: str = Field("sqlite:///var/mlflow/mlflow.db", description="MLflow tracking and registry address")
    mlflow_artifacts: str = Field("var/mlflow/artifacts", description="folder or s3:// address of model artifacts")
    model_approval: bool = Field(False, description="a person approves a model before it serves")
    retrain_days: float = Field(
        28.0, ge=0, description="train again when the champion is this old, drifted, or other limits apply; 0: always"
    )
    jars: str = Field("var/jars", description="folder of the pinned Delta JARs")
    master: str = Field("local[*]", description="Spark master when not started by spark-submit")
    driver_memory: str = Field("3g", description="memory of the Spark driver")
    java_options: str = Field(JAVA_OPTIONS, description="options of the driver's Java")
    shuffle_partitions: int = Field(8, ge=1, description="partitions of a Spark shuffle")
    lock_wait_seconds: float = Field(600.0, ge=0, description="how long a job waits for another writer")
    settle_seconds: float = Field(5.0, ge=0, description="age below which a delivered file may still be growing")
    watch_state: str | None = Field(
        None, description="folder of what the live watch has seen (default: _watch in a lake that is a folder)"
    )
    events: str | None = Field(
        None, description="folder of run events and Prometheus text (default: _events in a lake that is a folder)"
    )
    openlineage_url: str | None = Field(None, description="address run events are also sent to, such as Marquez")
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")

    @property
    def profile_folders(self) -> tuple[Path, ...]:
        """Folders of source profiles besides the packaged ones."""
        return (Path(self.profiles),) if self.profiles else ()

    @property
    def rulebook_folders(self) -> tuple[Path, ...]:
        """Folders of rule books besides the packaged ones."""
        return (Path(self.rulebooks),) if self.rulebooks else ()

    @property
    def events_folder(self) -> Path | None:
        """Folder of run events; None where there is none."""
        if self.events:
            return Path(self.events)
        lake = local_path(self.lake)
        return lake / "_events" if lake else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line, environment, then ``guideway.toml``."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**overrides: object) -> Settings:
    """Settings with the overrides that are not None.

    Raises:
        ConfigurationError: a value is not allowed; the message names the setting.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"setting {name!r}: {first['msg']} (got {first.get('input')!r})") from error


def local_path(address: str) -> Path | None:
    """The folder behind a lake address, or None where it is an object store."""
    if "://" in address and not address.startswith("file://"):
        return None
    return Path(address.removeprefix("file://")).resolve()
