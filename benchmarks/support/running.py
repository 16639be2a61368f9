# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Starts servers and puts load on them."""
import json
import re
import shlex
import socket
import subprocess
import time


class Failed(Exception):
    pass


def pinned(cpu, command):
    return (["taskset", "-c", str(cpu)] if cpu is not None else []) + command


def found(build, command):
    """The command as a list, its program taken from the build folder if it is there."""
    words = shlex.split(command)
    program = build / words[0]
    return [str(program), *words[1:]] if program.is_file() else words


class Server:
    """A server that listens; ended by `stop`."""

    def __init__(self, command, cpu=None, seconds=60, stderr=subprocess.DEVNULL):
        self.process = subprocess.Popen(
            pinned(cpu, command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True
        )
        until = time.monotonic() + seconds
        self.port = None
        while self.port is None and time.monotonic() < until:
            line = self.process.stdout.readline()
            if not line:
                raise Failed(f"{shlex.join(command)} ended with {self.process.wait()} before it listened")
            match = re.search(r"//(?:127\.0\.0\.1|localhost):(\d+)", line)
            self.port = int(match[1]) if match else None
        if self.port is None:
            self.stop()
            raise Failed(f"{shlex.join(command)} does not say where it listens")
        while not self.answers():  # some say so a moment before
            if time.monotonic() > until or self.process.poll() is not None:
                self.stop()
                raise Failed(f"{shlex.join(command)} does not listen")
            time.sleep(0.01)

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True

    @property
    def pid(self):
        return self.process.pid

    def stop(self, seconds=10):
        self.process.terminate()
        self.wait(seconds)

    def wait(self, seconds=10):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def put_load(load, server, arguments, cpu=None):
    """One run of the load generator: its figures. Faults end everything: figures of wrong deliveries are worth nothing."""
    command = pinned(cpu, [str(load), "--port", str(server.port), "--server-pid", str(server.pid), "--json", *arguments])
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        raise Failed(f"{shlex.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}".strip())
    result = json.loads(done.stdout)
    times = result.pop("times")
    return {**result, "p50_us": times["p50_us"], "p99_us": times["p99_us"]}
