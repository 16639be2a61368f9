# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""demo_once.py GATEWAY: connects a WebSocket client, manages it with the AWS CLI, and shows both sides."""
import asyncio
import json
import os
import re
import shlex
import sys

import websockets

AWS = "/usr/bin/aws"
MESSAGE = "Hello from the AWS CLI"
SECONDS = 60


def fail(what):
    sys.exit(f"scripts/demo --once: {what}")


async def run(*command, environment):
    """Shows the command, runs it, shows what it printed and returns that; a command that fails ends the demonstration."""
    print(f"$ {shlex.join(command)}", flush=True)
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, env=environment
    )
    output, _ = await asyncio.wait_for(process.communicate(), SECONDS)
    text = output.decode()
    print(text, end="" if text.endswith("\n") or not text else "\n", flush=True)
    if process.returncode != 0:
        fail(f"{command[0]} ended with {process.returncode}")
    return text


async def demonstrate(url, environment):
    def aws(operation, *arguments):
        command = [AWS, "apigatewaymanagementapi", operation, "--endpoint-url", f"http{url}", "--connection-id", identifier]
        return run(*command, *arguments, environment=environment)

    version = await run(AWS, "--version", environment=environment)
    if not version.startswith("aws-cli/2."):
        fail(f"{AWS} is not the AWS CLI v2")
    async with websockets.connect(f"ws{url}") as websocket:
        identifier = websocket.response_headers["X-Connection-Id"]
        print(f"client: connected to ws{url}, connection id {identifier}")
        greeting = await asyncio.wait_for(websocket.recv(), SECONDS)
        print(f"client: received {greeting!r}")
        if json.loads(greeting) != {"connectionId": identifier}:
            fail("the greeting does not tell the connection id")

        await aws("post-to-connection", "--data", MESSAGE, "--cli-binary-format", "raw-in-base64-out")
        received = await asyncio.wait_for(websocket.recv(), SECONDS)
        print(f"client: received {received!r}")
        if received != MESSAGE:
            fail("that is not what was posted")

        shown = json.loads(await aws("get-connection", "--output", "json"))
        if not shown.get("ConnectedAt") or shown.get("Identity", {}).get("SourceIp") != "127.0.0.1":
            fail("get-connection does not tell when and from where the client connected")

        await aws("delete-connection")
        try:
            unexpected = await asyncio.wait_for(websocket.recv(), SECONDS)
            fail(f"the client received {unexpected!r} after it was deleted")
        except websockets.ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            print(f"client: disconnected with code {code}")
            if code != 1000:
                fail("the code is not 1000")


async def main(gateway):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment.update(
        AWS_ACCESS_KEY_ID="AKIDDEMONSTRATION",
        AWS_SECRET_ACCESS_KEY=os.urandom(20).hex(),
        AWS_DEFAULT_REGION="us-east-1",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        AWS_PAGER="",
        NO_PROXY="127.0.0.1",
        no_proxy="127.0.0.1",
    )
    command = [gateway, "--listen", "127.0.0.1:0", "--stage", "prod", "--greet"]
    print(f"$ {shlex.join(command)}", flush=True)
    server = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=environment)
    try:
        line = (await asyncio.wait_for(server.stdout.readline(), SECONDS)).decode()
        print(line, end="", flush=True)
        match = re.fullmatch(r"listening on http(://\S+)\n", line)
        if not match:
            fail("the gateway did not start")
        await demonstrate(match[1], environment)
    finally:
        if server.returncode is None:
            server.terminate()
        status = await asyncio.wait_for(server.wait(), SECONDS)
    if status != 0:
        fail(f"the gateway ended with {status}")
    print("All of it happened: connected, posted, shown, deleted.")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
