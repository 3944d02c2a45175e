"""A PostgreSQL server of the test's own: on a free port, in a folder that goes away."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from tools import postgres

USER = "diet"
# It refuses to run as root: Debian's package makes a user for it.
AS_WHOM = {}
if hasattr(os, "geteuid") and os.geteuid() == 0:
    AS_WHOM = {"user": "postgres", "group": "postgres", "extra_groups": []}


@contextlib.contextmanager
def server():
    """Yield the address of a running server, "diet@127.0.0.1:port"."""
    programs = postgres.find()
    assert programs, "there is no PostgreSQL: run tools/postgres.py"
    # Not pytest's folder, which only the user of the tests may enter.
    folder = Path(tempfile.mkdtemp(prefix="labcode-postgres-"))
    try:
        if AS_WHOM:
            shutil.chown(folder, AS_WHOM["user"], AS_WHOM["group"])
        data, port = folder / "data", free_port()
        begin = [programs / "initdb", "-D", data, "-U", USER, "--auth=trust", "--no-sync"]
        begin += ["--encoding=UTF8", "--locale=C"]
        subprocess.run(begin, cwd=folder, check=True, stdout=subprocess.DEVNULL, **AS_WHOM)
        command = [programs / "postgres", "-D", data, "-p", str(port)]
        for setting in ("listen_addresses=127.0.0.1", f"unix_socket_directories={folder}"):
            command += ["-c", setting]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **AS_WHOM)
        try:
            wait_for_answer(process, port, folder / "log")
            yield f"{USER}@127.0.0.1:{port}"
        finally:
            stop(process)
    finally:
        shutil.rmtree(folder)


def make_database(address, name):
    """Make an empty database, and return its URL."""
    with psycopg.connect(f"postgresql://{address}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql+psycopg://{address}/{name}"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def wait_for_answer(process, port, log):
    end = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(f"postgresql://{USER}@127.0.0.1:{port}/postgres").close()
            return
        except psycopg.OperationalError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.1)


def stop(process):
    """End it at once, whoever is still connected."""
    process.send_signal(getattr(signal, "SIGQUIT", signal.SIGTERM))
    process.wait(60)
