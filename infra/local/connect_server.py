"""A Spark Connect server over the lake: SQL and data frames for analysts, behind a token, on the loopback address.

``make up`` starts it in the background. In a container it is the process itself:
``python -m infra.local.connect_server --host 0.0.0.0 --token-file FILE``.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from pathlib import Path

from guideway.doctor import pinned_jars
from guideway.lake.endpoint import TOKEN
from guideway.lake.session import SQL_SETTINGS
from guideway.object_store import is_object_store, spark_settings
from guideway.settings import load_settings
from infra.local.airflow_home import kept_secrets
from infra.local.places import BIN, LOOPBACK, VAR, job_environment, port_near
from infra.local.processes import Service, start

HOME = VAR / "connect"
PREFERRED_PORT = 15002


def token() -> str:
    """The token, made the first time and kept in a file only its owner can read."""
    HOME.mkdir(parents=True, exist_ok=True)
    HOME.chmod(0o700)
    return kept_secrets(HOME / "secrets.json")["password"]


def start_server(env: dict[str, str]) -> Service:
    """Start the server; it outlives this process. Who has no token is refused."""
    port = port_near(PREFERRED_PORT)
    # by the environment, because command lines can be seen by everybody on the machine
    own = env | {TOKEN: token()}
    address = f"sc://{LOOPBACK}:{port}"
    return start(
        "connect", _command(env, LOOPBACK, port), own, VAR / "log" / "connect.log", outlive=True, address=address
    )


def listens(address: str) -> bool:
    """Whether something takes connections at ``sc://host:port``."""
    host, port = address.removeprefix("sc://").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        return False
    return True


def _command(env: dict[str, str], host: str, port: int) -> list[str]:
    places = load_settings(lake=env["GUIDEWAY_LAKE"], landing=env["GUIDEWAY_LANDING"])
    store = spark_settings() if is_object_store(places.lake) else {}
    settings = (
        SQL_SETTINGS
        | store
        | {
            "spark.connect.grpc.binding.address": host,
            "spark.connect.grpc.binding.port": str(port),
            "spark.driver.extraJavaOptions": f"{env['GUIDEWAY_JAVA_OPTIONS']} -Duser.timezone=UTC",
            "spark.sql.warehouse.dir": str(HOME / "warehouse"),
            "spark.jars": ",".join(str(Path(env["GUIDEWAY_JARS"], name).resolve()) for name in pinned_jars(places)),
        }
    )
    command = [str(BIN / "spark-submit"), "--master", "local[*]", "--name", "guideway-connect"]
    command += ["--properties-file", env["GUIDEWAY_SPARK_PROPERTIES"]]
    for name, value in settings.items():
        command += ["--conf", f"{name}={value}"]
    return [*command, "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]


def main() -> None:
    """Become the server; the token comes from a file or from the variable, never from the command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.connect_server", description=__doc__)
    parser.add_argument("--host", default=LOOPBACK, help=f"address to listen on (default: {LOOPBACK})")
    parser.add_argument("--port", type=int, default=PREFERRED_PORT, help=f"port (default: {PREFERRED_PORT})")
    parser.add_argument("--token-file", type=Path, help=f"file of the token (default: the variable {TOKEN})")
    options = parser.parse_args()
    env = job_environment()
    if options.token_file:
        env[TOKEN] = options.token_file.read_text(encoding="utf-8").strip()
    if not env.get(TOKEN):
        sys.exit(f"error: no token: give --token-file or set {TOKEN}")
    command = _command(env, options.host, options.port)
    os.execve(command[0], command, env)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
