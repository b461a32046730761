"""An MLflow server on the loopback address, with a generated log-in, over the tracking database the jobs use."""

from __future__ import annotations

from infra.local.airflow_home import Login, kept_secrets, write_private
from infra.local.places import BIN, LOOPBACK, VAR, port_near
from infra.local.processes import Service, start

HOME = VAR / "mlflow"
USER = "guideway"


def login() -> Login:
    """The log-in, made the first time."""
    HOME.mkdir(parents=True, exist_ok=True)
    HOME.chmod(0o700)
    return Login(USER, kept_secrets(HOME / "secrets.json")["password"])


def start_server(env: dict[str, str]) -> Service:
    """Start the server; it outlives this process. Only log-ins of its user store get in."""
    port = port_near(5000)
    who = login()
    _write_auth_config(who)
    command = [str(BIN / "mlflow"), "server", "--host", LOOPBACK, "--port", str(port), "--workers", "1"]
    command += ["--app-name", "basic-auth", "--allowed-hosts", f"{LOOPBACK}:{port},localhost:{port}"]
    command += ["--backend-store-uri", env["GUIDEWAY_MLFLOW_URI"]]
    command += ["--artifacts-destination", env["GUIDEWAY_MLFLOW_ARTIFACTS"]]
    own = {
        "MLFLOW_AUTH_CONFIG_PATH": str(HOME / "auth.ini"),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": kept_secrets(HOME / "secrets.json")["session"],
        # seven more processes that nothing here uses
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    address = f"http://{LOOPBACK}:{port}"
    return start("mlflow", command, env | own, VAR / "log" / "mlflow.log", outlive=True, address=address)


def _write_auth_config(who: Login) -> None:
    lines = {
        "default_permission": "NO_PERMISSIONS",
        "database_uri": f"sqlite:///{HOME / 'users.db'}",
        "admin_username": who.user,
        "admin_password": who.password,
        "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
    }
    write_private(HOME / "auth.ini", "[mlflow]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items()))
