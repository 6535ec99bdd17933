"""A canary in every secret: looked for wherever Handbill writes, found nowhere but in `.env`."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench import rig
from handbill.app import build
from handbill.inputs import AccountIn
from handbill.rehearsal import practice_keys
from handbill.services import connecting
from handbill.settings import load, variable

pytestmark = pytest.mark.process

CANARY = "canary7f3a"


def home_with_canaries(home: Path, url: str) -> list[str]:
    """Practice keys work for ada; bob's and the app's secrets are canaries throughout."""
    home.mkdir()
    secrets = {
        variable("apps.x.api_key"): f"{CANARY}-app-key",
        variable("apps.x.api_secret"): f"{CANARY}-app-secret",
        variable("tokens.bob.access_token"): f"12345-{CANARY}-token",
        variable("tokens.bob.access_token_secret"): f"{CANARY}-token-secret",
    }
    keys = {variable(f"tokens.ada.{k}"): v for k, v in practice_keys("ada").items()}
    env = home / ".env"
    env.touch(mode=0o600)
    env.write_text("".join(f"{key}={value}\n" for key, value in (secrets | keys).items()))
    (home / "config").mkdir()
    (home / "config" / "handbill.toml").write_text('log_level = "debug"\n')
    app = build(load(home, env={}))
    for name in ("ada", "bob"):
        connecting.add(app.desk, AccountIn(name=name, network="x", server=url))
    rig.queue(app, "ada", "Goes out.")
    rig.queue(app, "bob", "Is refused.")
    app.desk.engine.dispose()
    return [*secrets.values(), practice_keys("ada")["access_token_secret"]]


def run(home: Path, *command: str, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "handbill", *command],
        env=rig.environment(home, env),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.stdout + done.stderr


def test_no_secret_is_written_anywhere_but_in_env(home: Path, stage: rig.Stage) -> None:
    secrets = home_with_canaries(home, stage.url)
    seen: dict[str, str] = {}
    app = build(load(home, env={}))
    with rig.daemon(app) as daemon:
        rig.until(stage.accepted, "ada's post")
        rig.until(
            lambda: next(a for a in connecting.listing(app.desk) if a.name == "bob").paused_at,
            "bob's refusal",
        )
        seen["arguments"] = Path(f"/proc/{daemon.pid}/cmdline").read_text()
        seen["environment"] = Path(f"/proc/{daemon.pid}/environ").read_text()
        seen["process list"] = subprocess.run(
            ["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True
        ).stdout
        for file in home.glob("handbill.db*"):
            seen[file.name] = file.read_bytes().decode("latin-1")
    app.desk.engine.dispose()
    for file in [*home.glob("handbill.db*"), *home.glob("*.log")]:
        seen[f"{file.name} at the end"] = file.read_bytes().decode("latin-1")
    for command in (
        ["config", "show"],
        ["config", "show", "--json"],
        ["account", "list", "--json"],
        ["account", "check", "bob"],
        ["account", "add", "eve", "--network", "x"],
        ["status"],
        ["status", "--json"],
        ["history", "--json"],
        ["history", "--format", "csv"],
        ["queue", "list", "--json"],
        ["tick"],
    ):
        seen[" ".join(command)] = run(home, *command)
    rig.queue(app, "ada", "Meets a bug.")
    seen["a traceback"] = run(home, "tick", FAILPOINT="claim.after_commit:raise")
    assert "Traceback" in seen["a traceback"]
    broken = dict.fromkeys([variable("workers"), variable("apps.x.api_kee")], f"{CANARY}-value")
    for name, value in broken.items():
        seen[f"an error about {name}"] = run(home, "status", **{name: value})
    (home / ".env").chmod(0o644)
    seen["an open .env"] = run(home, "status")
    seen["repr"] = repr(app.settings) + repr(app) + repr(app.desk.connect)
    assert len(seen) >= 20
    secrets.append(f"{CANARY}-value")
    leaks = [(place, s) for place, text in seen.items() for s in secrets if s in text]
    assert leaks == []
