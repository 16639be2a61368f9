# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""Reads what --metrics-listen serves."""
import re

from support.checks import Failed, expect_equal, expect_in
from support.raw_http import request


class MetricsPort:
    """The address that --metrics-listen printed, as `request` wants it."""

    def __init__(self, gateway):
        match = re.search(r"^metrics on http://(.+):([0-9]+)/metrics$", gateway.stderr(), re.M)
        if not match:
            raise Failed(f"no metrics address on stderr: {gateway.stderr()!r}")
        self.host, self.port = match.group(1), int(match.group(2))
        self.authority = f"{self.host}:{self.port}"

    def read(self):
        answer = request(self, "GET", "/metrics")
        expect_equal(answer.status, 200, "GET /metrics")
        expect_in("text/plain; version=0.0.4", answer.header("Content-Type"), "Content-Type")
        samples = {}
        for line in answer.body.decode().splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                samples[name.removeprefix("backchannel_")] = int(value)
        return samples
