"""Start Airflow, MLflow, the report site and Spark Connect on this machine's loopback address and leave them running.

Prints addresses and log-ins. What was started is recorded in ``var/run``; ``python -m infra.local.down`` ends it.
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from functools import partial

from infra.local import connect_server, mlflow_server
from infra.local.airflow_api import wait_until
from infra.local.airflow_home import Login, airflow_login, prepare_airflow
from infra.local.airflow_services import await_airflow, migrate_database, start_airflow
from infra.local.places import BIN, LOOPBACK, RECORD, VAR, job_environment, port_near
from infra.local.processes import Service, record, recorded, start, stop


def start_report_site(env: dict[str, str]) -> Service:
    """Serve the folder of published reports as static files."""
    port = port_near(8000)
    command = [str(BIN / "python"), "-m", "http.server", str(port), "--bind", LOOPBACK]
    command += ["--directory", env["GUIDEWAY_REPORTS"]]
    address = f"http://{LOOPBACK}:{port}"
    return start("reports", command, env, VAR / "log" / "reports.log", outlive=True, address=address)


def start_all() -> list[Service]:
    """Start everything and wait until it answers; ends what it started where something does not."""
    env = job_environment()
    (VAR / "reports").mkdir(parents=True, exist_ok=True)
    port = port_near(8080)
    login = prepare_airflow(port, interactive=True)
    services: list[Service] = []
    try:
        migrate_database(env, VAR / "log" / "airflow-db.log")
        services += start_airflow(env, port, outlive=True)
        airflow = list(services)
        services.append(mlflow_server.start_server(env))
        services.append(start_report_site(env))
        services.append(connect_server.start_server(env))
        record(RECORD, services)
        await_airflow(airflow, port, login, ["ingest_archive"])
        for service in services[len(airflow) :]:
            wait_until(partial(_answers, service.address), 120, f"{service.name} did not answer")
    except BaseException:
        stop(services)
        RECORD.unlink(missing_ok=True)
        raise
    return services


def _answers(address: str) -> bool:
    if address.startswith("sc://"):
        return connect_server.listens(address)
    try:
        urllib.request.urlopen(address, timeout=5).close()  # noqa: S310 - loopback http
    except urllib.error.HTTPError as error:
        return error.code == 401
    except OSError:
        return False
    return True


def main() -> int:
    """Start what does not run yet; print where it is."""
    services = recorded(RECORD)
    if not services:
        try:
            services = start_all()
        except (RuntimeError, TimeoutError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    logins: dict[str, Login] = {"airflow-api": airflow_login(), "mlflow": mlflow_server.login()}
    for service in services:
        if service.address:
            login = logins.get(service.name)
            words = f"log-in {login.user} / {login.password}" if login else "open to this machine"
            words = f"token {connect_server.token()}" if service.name == "connect" else words
            print(f"{service.name:<12} {service.address}  {words}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
