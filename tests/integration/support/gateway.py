# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Starts the gateway, or another server, as a child process and stops it again."""
import os
import re
import signal
import subprocess
import tempfile
import threading

from support.checks import Failed

ACCESS_KEY = "AKIDEXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SESSION_TOKEN = "FwoGZXIvYXdzEXAMPLEsessiontoken//////////wEaDEXAMPLE+/=="
REGION = "us-east-1"
KEYS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}
START_SECONDS = 20
STOP_SECONDS = 20


def clean_environment(extra=None):
    """The caller's environment without what AWS tools and HTTP clients would read from it."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and not name.lower().endswith("_proxy")
    }
    environment.update(extra or {})
    return environment


class Server:
    """A running program that tells on its first line where it listens."""

    def __init__(self, command, environment=None):
        self.errors_file = tempfile.TemporaryFile()
        self.stdout = ""
        self.started = threading.Event()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.errors_file,
            env=clean_environment(KEYS if environment is None else environment),
        )
        self.reader = threading.Thread(target=self.read_stdout, daemon=True)
        self.reader.start()
        self.started.wait(START_SECONDS)
        match = re.match(r"listening on (https?://(.+):([0-9]+)(?:/([^/\n]+))?)\n\Z", self.stdout)
        if not match:
            self.process.kill()
            self.process.wait()
            raise Failed(f"{command[0]} did not start; stdout: {self.stdout!r}, stderr: {self.stderr()!r}")
        self.endpoint, host, port, stage = match.groups()
        self.host = host.strip("[]")
        self.port = int(port)
        self.stage = stage or ""
        self.tls = None  # how the raw clients connect: an ssl.SSLContext, None: without TLS
        self.authority = f"{host}:{port}"

    def read_stdout(self):
        for line in self.process.stdout:
            self.stdout += line.decode("utf-8", "replace")
            self.started.set()
        self.started.set()

    def stderr(self):
        # not by seek(): the gateway writes to the same open file, and would go on from there
        descriptor = self.errors_file.fileno()
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode("utf-8", "replace")

    def path(self, rest=""):
        """The path of the stage, followed by what is given."""
        return (f"/{self.stage}" if self.stage else "") + rest or "/"

    def websocket_url(self):
        return self.endpoint.replace("http", "ws", 1)

    def running(self):
        return self.process.poll() is None

    def stop(self, number=signal.SIGTERM):
        """Sends the signal (None: none) and returns the exit code once it has ended."""
        if number is not None and self.running():
            self.process.send_signal(number)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed(f"{self.process.args[0]} did not end within {STOP_SECONDS} s; stderr: {self.stderr()}") from None
        self.reader.join(STOP_SECONDS)
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        status = self.stop()
        errors = self.stderr()
        self.process.stdout.close()
        self.errors_file.close()
        if kind is None and status != 0:
            raise Failed(f"{self.process.args[0]} ended with {status}; stderr: {errors}")


class Gateway(Server):
    """A running gateway. Give options as on its command line; the listener is a free loopback port unless given."""

    def __init__(self, path, *options, environment=None):
        listener = [] if "--listen" in options else ["--listen", "127.0.0.1:0"]
        super().__init__([path, *options, *listener], environment)


def run_to_end(path, *options, environment=None, seconds=20):
    """Runs a gateway that is expected to end by itself: (exit code, stdout, stderr)."""
    try:
        result = subprocess.run(
            [path, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean_environment(KEYS if environment is None else environment),
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Failed(f"{' '.join(options)}: still running after {seconds} s; stdout: {error.stdout!r}") from None
    return result.returncode, result.stdout.decode("utf-8", "replace"), result.stderr.decode("utf-8", "replace")
