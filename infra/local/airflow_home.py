"""An Airflow of this project's own under ``var/airflow``: its configuration, secrets and log-in, for the owner only."""

from __future__ import annotations

import base64
import configparser
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from infra.local.places import AIRFLOW_HOME, LOOPBACK, ROOT

USER = "guideway"
DEFAULT_DATABASE = f"sqlite:///{AIRFLOW_HOME / 'airflow.db'}"


@dataclass(frozen=True)
class Login:
    """A generated log-in."""

    user: str
    password: str


def prepare_airflow(port: int, *, interactive: bool) -> Login:
    """Write the configuration for an API server on this port; secrets and log-in are made once and kept.

    Args:
        port: loopback port of the API server.
        interactive: whether people work with it: a DAG with a schedule of its own then waits for somebody to start it,
            and a changed DAG file is soon noticed.
    """
    AIRFLOW_HOME.mkdir(parents=True, exist_ok=True)
    AIRFLOW_HOME.chmod(0o700)
    kept = kept_secrets(AIRFLOW_HOME / "secrets.json")
    login = Login(USER, kept["password"])
    write_private(AIRFLOW_HOME / "passwords.json", json.dumps({login.user: login.password}) + "\n")
    config = configparser.ConfigParser(interpolation=None)
    config.read_dict(_configuration(port, kept, interactive))
    with _open_private(AIRFLOW_HOME / "airflow.cfg") as stream:
        config.write(stream)
    return login


def database_address() -> str:
    """The address of Airflow's database, as SQLAlchemy writes it."""
    return os.environ.get("GUIDEWAY_AIRFLOW_DB") or DEFAULT_DATABASE


def airflow_login() -> Login:
    """The log-in of the prepared Airflow."""
    return Login(USER, kept_secrets(AIRFLOW_HOME / "secrets.json")["password"])


def _configuration(port: int, kept: dict[str, str], interactive: bool) -> dict[str, dict[str, object]]:
    return {
        "core": {
            "dags_folder": ROOT / "dags",
            "plugins_folder": ROOT / "infra" / "airflow" / "plugins",
            "load_examples": False,
            "executor": "LocalExecutor",
            "parallelism": 2,
            "dags_are_paused_at_creation": interactive,
            "execution_api_server_url": f"http://{LOOPBACK}:{port}/execution/",
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": AIRFLOW_HOME / "passwords.json",
            "fernet_key": kept["fernet_key"],
        },
        "database": {"sql_alchemy_conn": database_address()},
        "api": {"host": LOOPBACK, "port": port, "base_url": f"http://{LOOPBACK}:{port}", "secret_key": kept["session"]},
        "api_auth": {"jwt_secret": kept["jwt"]},
        # after a power cut the tasks of the scheduler that died are given up at the next look, not after five minutes
        "scheduler": {"scheduler_idle_sleep_time": 0.5, "orphaned_tasks_check_interval": 30},
        # such a task can be there before the API server listens
        "workers": {"execution_api_retries": 10},
        "dag_processor": {
            "parsing_processes": 1,
            "refresh_interval": 30,
            "min_file_process_interval": 60 if interactive else 3600,
        },
        "logging": {"base_log_folder": AIRFLOW_HOME / "logs", "logging_level": "INFO"},
        "usage_data_collection": {"enabled": False},
    }


def kept_secrets(path: Path) -> dict[str, str]:
    """Secrets of a service, made the first time and read from the file afterwards."""
    if not path.exists():
        made = {name: secrets.token_urlsafe(64) for name in ("session", "jwt")}
        made["fernet_key"] = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        made["password"] = secrets.token_urlsafe(12)
        write_private(path, json.dumps(made))
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return kept


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from the first byte on."""
    with _open_private(path) as stream:
        stream.write(text)


def _open_private(path: Path) -> IO[str]:
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")
