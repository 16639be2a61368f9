# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""What the fault tests share: the load client as a process, what the kernel knows of a process, and waiting."""
import json
import os
import pathlib
import queue
import signal
import subprocess
import threading
import time

from support.checks import Failed, expect, expect_equal
from support.gateway import KEYS, clean_environment


def wait_for(condition, seconds, what, pause=0.05):
    """Waits until the condition holds, and returns how long that took."""
    began = time.monotonic()
    while not condition():
        expect(time.monotonic() - began < seconds, f"{what}: not within {seconds} s")
        time.sleep(pause)
    return time.monotonic() - began


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise Failed(f"process {pid} has no memory")


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def if_allowed(*prefix):
    """That prefix of a command, or none if this machine does not run commands so."""
    try:
        allowed = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        allowed = False
    return prefix if allowed else ()


def before_others(level):
    """A prefix with which a program runs before whatever else the machine does.

    Not for one that may be busy all the time: the kernel by default stops those for 50 ms of each second."""
    return if_allowed("chrt", "--fifo", str(level))


def on_processor(index):
    """A prefix with which a program runs on that processor of those that are to be had; none if there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return if_allowed("taskset", "--cpu-list", str(usable[index])) if len(usable) > 1 else ()


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Client:
    """A running load client; `options` are its own, numbers allowed. It is killed when the `with` ends."""

    def __init__(self, context, mode, gateway, *options, seconds=120, prefix=()):
        command = [*prefix, context.client, mode, "--port", str(gateway.port), "--seconds", str(seconds)]
        command += [str(option) for option in options]
        self.seconds = seconds
        self.lines = queue.Queue()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=clean_environment(KEYS)
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def next_result(self, seconds):
        try:
            line = self.lines.get(timeout=seconds)
        except queue.Empty:
            raise Failed(f"the load client says nothing for {seconds} s") from None
        if line is None:
            raise Failed(f"the load client ended with {self.process.wait()} and without a result")
        return json.loads(line)

    def snapshot(self, seconds=30):
        """What a listening client has seen so far; its latencies begin anew."""
        self.process.send_signal(signal.SIGUSR1)
        return self.next_result(seconds)

    def result(self):
        """Waits for the end."""
        answer = self.next_result(self.seconds + 30)
        expect_equal(self.process.wait(30), 0, "the load client's exit code")
        return answer

    def stop(self):
        """Ends a listening client."""
        self.process.send_signal(signal.SIGTERM)
        return self.result()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.reader.join(10)
        self.process.stdout.close()


class Readers(Client):
    """WebSockets that verify what they receive, ready when this returns."""

    def __init__(self, context, gateway, connections, *options, seconds=120, prefix=(), ready=60):
        self.ids_file = context.temporary("ids")
        self.received_file = context.temporary("received")
        super().__init__(
            context, "listen", gateway, "--connections", connections, "--ids", self.ids_file,
            "--received", self.received_file, *options, seconds=seconds, prefix=prefix,
        )
        try:
            wait_for(lambda: self.process.poll() is not None or self.ids_file.exists(), ready,
                     "all readers are connected")
        except Failed:
            self.kill()
            raise
        if self.process.poll() is not None:
            raise Failed(f"the load client ended: {self.next_result(1)}")

    def ids(self):
        return self.ids_file.read_text(encoding="ascii").split()

    def received(self):
        """Every "id number" that came, after `stop`."""
        return self.received_file.read_text(encoding="ascii").splitlines()


def post(context, gateway, ids, *options, seconds=120, prefix=()):
    """Callers that post to these ids: a Client; `accepted_file` is there after its end.

    Several of them on one gateway number their messages from different starts."""
    context.numbers += 10_000
    options = ["--first", context.numbers, *options]
    path = context.temporary("targets")
    path.write_text("\n".join(ids) + "\n", encoding="ascii")
    accepted = context.temporary("accepted")
    client = Client(context, "post", gateway, "--ids", path, "--accepted", accepted, *options, seconds=seconds,
                    prefix=prefix)
    client.accepted_file = accepted
    return client


def accepted(client):
    return client.accepted_file.read_text(encoding="ascii").splitlines()


def expect_good(result, what):
    """Nothing doubled, reordered, misrouted or damaged."""
    wrong = {name: count for name, count in result["messages"].items() if name != "good"}
    expect_equal(wrong, {}, f"{what}: messages that are not as they were sent")


def milliseconds(result, which="p99_us", of="latency"):
    return result[of][which] / 1000
