"""Where things lie at run time: everything under ``var/`` of this project, or where GUIDEWAY_VAR says."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from guideway.settings import JAVA_OPTIONS

ROOT = Path(__file__).resolve().parents[2]
VAR = Path(os.environ.get("GUIDEWAY_VAR", ROOT / "var")).resolve()
BIN = Path(sys.executable).parent
AIRFLOW_HOME = VAR / "airflow"
RECORD = VAR / "run" / "services.json"
LOOPBACK = "127.0.0.1"


def job_environment() -> dict[str, str]:
    """The environment of every process started here: settings that are not stated get absolute defaults in ``var/``."""
    conf = ROOT / "infra" / "spark" / "conf"
    defaults = {
        "GUIDEWAY_LAKE": str(VAR / "lake"),
        "GUIDEWAY_LANDING": str(VAR / "landing"),
        "GUIDEWAY_REPORTS": str(VAR / "reports"),
        "GUIDEWAY_JARS": str(ROOT / "var" / "jars"),
        "GUIDEWAY_MLFLOW_URI": f"sqlite:///{VAR / 'mlflow' / 'mlflow.db'}",
        "GUIDEWAY_MLFLOW_ARTIFACTS": str(VAR / "mlflow" / "artifacts"),
        # not SPARK_CONF_DIR: Java shares no class archive with a folder of files on its class path
        "GUIDEWAY_SPARK_PROPERTIES": str(conf / "spark-defaults.conf"),
        "GUIDEWAY_JAVA_OPTIONS": f"{JAVA_OPTIONS} -Dlog4j2.configurationFile={conf / 'log4j2.properties'}"
        f" -XX:SharedArchiveFile={ROOT / 'var' / 'jars' / 'spark.jsa'}",
        "SPARK_LOCAL_IP": LOOPBACK,
        "AIRFLOW_CONN_SPARK_DEFAULT": '{"conn_type": "spark", "host": "local[*]"}',
        # numeric libraries must not start a thread pool in each of Spark's workers
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    fixed = {
        "AIRFLOW_HOME": str(AIRFLOW_HOME),
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "TZ": "UTC",
    }
    given = {name: value for name, value in os.environ.items() if name != "GUIDEWAY_AIRFLOW_DB"}  # may hold a password
    return defaults | given | fixed


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def port_near(preferred: int) -> int:
    """The preferred port, so that addresses stay the same from day to day, or a free one where it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, preferred))
        except OSError:
            return free_port()
    return preferred
