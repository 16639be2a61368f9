# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Headless Chromium: opens a page of the test's, which sends what it finds back to the test."""
import http.server
import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading

from support.checks import Failed
from support.clients import clean_environment

SECONDS = 60
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync --disable-extensions --no-proxy-server"
).split()

# One after the other: they are to arrive in this order.
TELL = """
let told = Promise.resolve();
const tell = (value) => {
    told = told.then(() => fetch("/", { method: "POST", body: JSON.stringify(value) }));
};
"""


def missing():
    return None if shutil.which("chromium") else "chromium is not installed"


class Page:
    """Serves one page, `script`, on a loopback port of its own; what it gives to `tell(value)` arrives at `next()`."""

    def __init__(self):
        self.script = ""
        self.told = queue.Queue()
        page = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(f"<!doctype html><meta charset=utf-8><script>{TELL}\n{page.script}</script>".encode())

            def do_POST(self):
                page.told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.answer(b"")

            def answer(self, body):
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self, seconds=SECONDS):
        try:
            return self.told.get(timeout=seconds)
        except queue.Empty:
            raise Failed(f"the page told nothing for {seconds} s") from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Chromium:
    """Runs with a profile of its own until the end of the block."""

    def __init__(self, url, *flags):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.process = subprocess.Popen(
            ["chromium", *FLAGS, f"--user-data-dir={self.profile.name}", *flags, url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=clean_environment({"HOME": self.profile.name}),
            start_new_session=True,  # its helpers end with it
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.profile.cleanup()
