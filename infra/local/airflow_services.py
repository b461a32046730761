"""Start Airflow's API server, scheduler and DAG processor, and wait until they can be used."""

from __future__ import annotations

import json
import subprocess
from importlib.metadata import version
from pathlib import Path

from infra.local.airflow_api import AirflowApi, wait_until
from infra.local.airflow_home import DEFAULT_DATABASE, Login, database_address, write_private
from infra.local.places import AIRFLOW_HOME, BIN, LOOPBACK, ROOT, VAR
from infra.local.processes import Service, start

_COMPONENTS = {
    "airflow-api": ["api-server", "--host", LOOPBACK, "--workers", "1"],
    "airflow-scheduler": ["scheduler", "--skip-serve-logs"],
    "airflow-dag-processor": ["dag-processor"],
}
_TRIGGERER = {"airflow-triggerer": ["triggerer", "--skip-serve-logs"]}
_SECONDS_TO_START = 300.0


def migrate_database(env: dict[str, str], log: Path) -> None:
    """Bring Airflow's database to the installed version's schema; does nothing where it has been done.

    Raises:
        RuntimeError: it cannot be; the message names the log.
    """
    stamp, state = AIRFLOW_HOME / "migrated", f"{version('apache-airflow')} {database_address()}"
    is_new_file = database_address() == DEFAULT_DATABASE and not (AIRFLOW_HOME / "airflow.db").exists()
    if not is_new_file and stamp.exists() and stamp.read_text(encoding="utf-8") == state:
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as stream:
        command = [str(BIN / "airflow"), "db", "migrate"]
        if subprocess.run(command, env=env, stdout=stream, stderr=stream, check=False).returncode != 0:
            raise RuntimeError(f"airflow db migrate failed: see {log}")
    write_private(stamp, state)


def start_airflow(env: dict[str, str], port: int, *, outlive: bool = False) -> list[Service]:
    """Start the components; ``env`` must point at a prepared AIRFLOW_HOME.

    Those that outlive this process wait for files, too, which takes a triggerer.
    """
    services = []
    for name, arguments in (_COMPONENTS | _TRIGGERER if outlive else _COMPONENTS).items():
        is_api = name == "airflow-api"
        command = [str(BIN / "airflow"), *arguments, *(["--port", str(port)] if is_api else [])]
        address = f"http://{LOOPBACK}:{port}" if is_api else ""
        services.append(start(name, command, env, VAR / "log" / f"{name}.log", outlive=outlive, address=address))
    return services


def await_airflow(services: list[Service], port: int, login: Login, dag_ids: list[str]) -> AirflowApi:
    """The API, once the components are healthy, the DAGs parsed and the pools made.

    Raises:
        RuntimeError: a component ended.
        TimeoutError: it takes too long.
    """
    api = AirflowApi(f"http://{LOOPBACK}:{port}", login)

    def ready() -> bool:
        for service in services:
            if service.process() is None:
                raise RuntimeError(f"{service.name} ended: see {VAR / 'log' / service.name}.log")
        return api.is_healthy() and all(api.has_dag(dag_id) for dag_id in dag_ids)

    wait_until(ready, _SECONDS_TO_START, "Airflow was not ready")
    pools = json.loads((ROOT / "infra" / "airflow" / "pools.json").read_text(encoding="utf-8"))
    for name, pool in pools.items():
        api.ensure_pool(name, **pool)
    return api
