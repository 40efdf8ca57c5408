"""The command line, typed: a process a command, forked from one that has imported what commands import.

`LAKE` itself, for tests of what a process of its own alone shows: terminals, signals, environments of Python.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile

LAKE = Path(sys.executable).parent / "lake"
PATIENCE = 300  # seconds


def lake(*arguments, text=True, input=None, cwd=None, env=None, stdout=None) -> subprocess.CompletedProcess:
    """Run a command as `subprocess.run` does; its output is captured, or goes to the open file ``stdout``.

    It starts in 20 ms instead of 300, and ends as processes end. After PATIENCE it is killed: code -SIGALRM.
    """
    arguments = [str(argument) for argument in arguments]
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(input.encode() if isinstance(input, str) else input or b"")
        given.seek(0)
        if stdout:
            stdout.flush()
        server = _server()
        request = json.dumps([arguments, str(cwd or Path.cwd()), dict(os.environ if env is None else env)])
        socket.send_fds(server, [request.encode()], [file.fileno() for file in (given, stdout or out, err)])
        code = int(server.recv(16))
        said = [(file.seek(0), file.read())[1] for file in (out, err)]
    said = [part.decode().replace("\r\n", "\n") for part in said] if text else said
    return subprocess.CompletedProcess([LAKE, *arguments], code, *said)


@functools.cache
def _server() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, __file__, str(theirs.fileno())]
    alone = {"OPENBLAS_NUM_THREADS": "1"}  # a fork has the thread that forks, and no other
    process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=os.environ | alone, stdin=subprocess.DEVNULL)
    theirs.close()
    atexit.register(lambda: (ours.close(), process.wait()))
    return ours


def serve(number: int) -> None:
    """Fork a command for each request that comes, and answer with its exit code."""
    import importlib

    from lake import cli

    for name in (*(f"lake.cli.{name}" for name in cli._COMMANDS), "lake.build.run", "duckdb", "pyarrow.parquet"):
        importlib.import_module(name)
    sys.modules["duckdb"].default_connection().close()  # it has threads
    client = socket.socket(fileno=number)
    while True:
        request, files, *_ = socket.recv_fds(client, 1 << 20, 3)
        if not request:
            return
        process = os.fork()
        if process == 0:
            client.close()
            signal.alarm(PATIENCE)
            _become(json.loads(request), files)
            cli.main()  # raises SystemExit, which ends this process as every other
        for file in files:
            os.close(file)
        client.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))


def _become(request: list, files: list[int]) -> None:
    arguments, folder, environment = request
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = [str(LAKE), *arguments]


if __name__ == "__main__":
    serve(int(sys.argv[1]))
