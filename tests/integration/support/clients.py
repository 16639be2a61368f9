# Copyright 2026 the backchannel authors. Boost Software License 1.0, see LICENSE.
"""The real AWS clients behind one interface: post, get and delete a connection and tell what the client made of it."""
import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.parse

from support.checks import Failed
from support.gateway import ACCESS_KEY, REGION, SECRET_KEY, clean_environment

HERE = pathlib.Path(__file__).resolve().parent.parent
NODE_MODULES = HERE / "node_modules"
CLIENT_SECONDS = 60


@dataclasses.dataclass
class Result:
    """status is None where a client hides it; error is the name of the exception, "" after success."""

    status: "int | None" = None
    error: str = ""
    connection: "dict | None" = None
    text: str = ""


@dataclasses.dataclass(frozen=True)
class Keys:
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY
    token: "str | None" = None
    root: "str | None" = None  # file with the certificate that the server's leads to
    attempts: int = 1  # that an SDK may make of one call

    def environment(self):
        variables = {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_MAX_ATTEMPTS": str(self.attempts),
            "AWS_PAGER": "",
        }
        if self.token is not None:
            variables["AWS_SESSION_TOKEN"] = self.token
        if self.root is not None:
            variables.update({"AWS_CA_BUNDLE": self.root, "NODE_EXTRA_CA_CERTS": self.root})
        return clean_environment(variables)


def as_on_the_wire(value):
    """What an SDK made of the connection, with the members named as in the service's answer."""
    if not isinstance(value, dict):
        return value
    return {name[:1].lower() + name[1:]: as_on_the_wire(member) for name, member in value.items()}


def run(command, environment=None, status=(0,), seconds=CLIENT_SECONDS):
    try:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment or clean_environment(),
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"{command[0]} did not end within {seconds} s") from None
    if status is not None and result.returncode not in status:
        raise Failed(f"{' '.join(map(str, command))} ended with {result.returncode}: {result.stdout!r} {result.stderr!r}")
    return result


class Client:
    """call() makes one operation: "post", "get" or "delete"; body is for post, bytes."""

    name = ""

    def missing(self):
        """Why the client cannot be used here, None if it can."""
        raise NotImplementedError

    def call(self, operation, endpoint, identifier, body=None, keys=Keys()):
        raise NotImplementedError


def commands(name):
    """Every program of that name on PATH, first come first."""
    found = [os.path.join(folder, name) for folder in os.get_exec_path()]
    return [path for path in found if os.access(path, os.X_OK) and os.path.isfile(path)]


def cli_version(path):
    if not os.access(path, os.X_OK):
        return ""
    return run([path, "--version"], status=None).stdout.decode("utf-8", "replace")


class AwsCli(Client):
    def __init__(self, major):
        self.major = major
        self.name = f"aws-cli v{major}"
        self.path = None

    def missing(self):
        # Debian's program first: another one of the same name may come before it on PATH.
        for path in ["/usr/bin/aws", *commands("aws")]:
            if self.path is None and cli_version(path).startswith(f"aws-cli/{self.major}."):
                self.path = path
        return None if self.path else f"no aws of version {self.major}"

    def call(self, operation, endpoint, identifier, body=None, keys=Keys()):
        command = [self.path, "apigatewaymanagementapi", f"{operation_name(operation)}-connection"]
        if operation == "post":
            command[2] = "post-to-connection"
        command += ["--endpoint-url", endpoint, "--connection-id", identifier, "--output", "json"]
        with tempfile.NamedTemporaryFile() as data:
            if operation == "post":
                data.write(body)
                data.flush()
                command += ["--data", f"fileb://{data.name}"]
            result = run(command, keys.environment(), status=None)
        if result.returncode == 0:
            connection = as_on_the_wire(json.loads(result.stdout)) if operation == "get" else None
            return Result(None, "", connection, result.stdout.decode())
        errors = result.stderr.decode("utf-8", "replace")
        match = re.search(r"An error occurred \((.+?)\)", errors)
        if not match:
            raise Failed(f"{self.name} {operation} ended with {result.returncode}: {errors}")
        return Result(None, match[1], None, errors)


def operation_name(operation):
    return {"post": "post-to", "get": "get", "delete": "delete"}[operation]


class Boto3(Client):
    name = "boto3"

    def missing(self):
        try:
            import boto3  # noqa: F401
        except ImportError:
            return "python3-boto3 is not installed"
        return None

    @staticmethod
    def open(endpoint, keys=Keys(), **retries):
        import boto3
        import botocore.config

        # Nothing of the caller's configuration may reach the client.
        os.environ.update({name: os.devnull for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")})
        session = boto3.session.Session(
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret_key,
            aws_session_token=keys.token,
            region_name=REGION,
        )
        config = botocore.config.Config(retries=retries or {"total_max_attempts": keys.attempts}, proxies={})
        return session.client("apigatewaymanagementapi", endpoint_url=endpoint, config=config, verify=keys.root)

    def call(self, operation, endpoint, identifier, body=None, keys=Keys()):
        import botocore.exceptions

        client = self.open(endpoint, keys)
        try:
            if operation == "post":
                answer = client.post_to_connection(ConnectionId=identifier, Data=body)
            elif operation == "get":
                answer = client.get_connection(ConnectionId=identifier)
            else:
                answer = client.delete_connection(ConnectionId=identifier)
        except botocore.exceptions.ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return Result(status, error.response["Error"]["Code"], None, str(error))
        status = answer.pop("ResponseMetadata")["HTTPStatusCode"]
        return Result(status, "", as_on_the_wire(answer) or None)


class Curl(Client):
    name = "curl --aws-sigv4"

    def missing(self):
        path = shutil.which("curl")
        if not path:
            return "curl is not installed"
        return None if b"--aws-sigv4" in run([path, "--help", "all"]).stdout else "this curl has no --aws-sigv4"

    @staticmethod
    def arguments(endpoint, identifier, keys=Keys()):
        command = ["curl", "--silent", "--show-error", "--include", "--max-time", "30", "--globoff"]
        command += ["--aws-sigv4", f"aws:amz:{REGION}:execute-api", "--user", f"{keys.access_key}:{keys.secret_key}"]
        if keys.token is not None:
            command += ["--header", f"x-amz-security-token: {keys.token}"]
        if keys.root is not None:
            command += ["--cacert", keys.root]
        return [*command, f"{endpoint}/@connections/{urllib.parse.quote(identifier, safe='')}"]

    @staticmethod
    def parse(output):
        """The last of the answers that curl printed."""
        while True:
            head, _, body = output.partition(b"\r\n\r\n")
            status = int(head.split(b" ", 2)[1])
            if status >= 200:
                break
            output = body
        lines = head.decode("latin-1").split("\r\n")[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        connection = json.loads(body) if body.startswith(b"{") else None
        return Result(status, headers.get("x-amzn-errortype", ""), connection, body.decode("utf-8", "replace"))

    def call(self, operation, endpoint, identifier, body=None, keys=Keys()):
        command = self.arguments(endpoint, identifier, keys)
        with tempfile.NamedTemporaryFile() as data:
            if operation == "post":
                data.write(body)
                data.flush()
                command += ["--data-binary", f"@{data.name}"]
            elif operation == "delete":
                command += ["--request", "DELETE"]
            return self.parse(run(command).stdout)


def node_missing(package):
    if not shutil.which("node"):
        return "node is not installed"
    return None if (NODE_MODULES / package).is_dir() else f"{package} is not installed (npm ci in tests/integration)"


class JavaScript(Client):
    name = "aws-sdk-js v3"

    def missing(self):
        return node_missing("@aws-sdk/client-apigatewaymanagementapi")

    def call(self, operation, endpoint, identifier, body=None, keys=Keys()):
        with tempfile.NamedTemporaryFile() as data:
            data.write(body or b"")
            data.flush()
            command = ["node", str(HERE / "node" / "manage.mjs"), operation, endpoint, identifier, data.name]
            answer = json.loads(run(command, keys.environment()).stdout)
        return Result(answer["status"], answer["error"], as_on_the_wire(answer["connection"]), answer["message"])


class Newman(Client):
    name = "newman (Postman)"
    # Newman 6 sometimes never ends after it has sent a file, against any server; the request itself has been made then.
    file_seconds, file_attempts = 10, 5

    def missing(self):
        return node_missing("newman")

    def call(self, operation, endpoint, identifier, body=None, keys=Keys()):
        variables = {
            "endpoint": endpoint,
            "connectionId": identifier,
            "accessKey": keys.access_key,
            "secretKey": keys.secret_key,
            "sessionToken": keys.token or "",
            "region": REGION,
        }
        folder_name, seconds, attempts = operation, CLIENT_SECONDS, 1
        try:
            variables["body"] = (body or b"").decode()
        except UnicodeDecodeError:  # Postman's texts are UTF-8; other bytes are sent as a file
            folder_name, seconds, attempts = "post-file", self.file_seconds, self.file_attempts
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "body.bin").write_bytes(body or b"")
            environment = {"name": "test", "values": [{"key": key, "value": value} for key, value in variables.items()]}
            pathlib.Path(folder, "environment.json").write_text(json.dumps(environment), encoding="utf-8")
            export = pathlib.Path(folder, "result.json")
            command = ["node", str(NODE_MODULES / "newman" / "bin" / "newman.js"), "run"]
            command += [str(HERE / "node" / "postman_collection.json"), "--folder", folder_name, "--working-dir", folder]
            command += ["--environment", str(pathlib.Path(folder, "environment.json"))]
            command += ["--reporters", "json", "--reporter-json-export", str(export)]
            while attempts:
                attempts -= 1
                try:
                    result = run(command, status=None, seconds=seconds)
                    break
                except Failed:
                    if not attempts:
                        raise
            if not export.exists():
                raise Failed(f"newman wrote no result: {result.stdout!r} {result.stderr!r}")
            (execution,) = json.loads(export.read_text(encoding="utf-8"))["run"]["executions"]
        if "response" not in execution:
            raise Failed(f"newman got no answer: {execution.get('requestError')}")
        response = execution["response"]
        headers = {header["key"].lower(): header["value"] for header in response["header"]}
        text = bytes(response["stream"]["data"]).decode("utf-8", "replace")
        connection = json.loads(text) if operation == "get" and response["code"] == 200 else None
        return Result(response["code"], headers.get("x-amzn-errortype", ""), connection, text)


class AwsCurl(Client):
    name = "awscurl"

    def missing(self):
        return None if shutil.which("awscurl") else "awscurl is not installed"

    def call(self, operation, endpoint, identifier, body=None, keys=Keys()):
        url = f"{endpoint}/%40connections/{urllib.parse.quote(identifier, safe='')}"
        method = {"post": "POST", "get": "GET", "delete": "DELETE"}[operation]
        command = ["awscurl", "--service", "execute-api", "--region", REGION, "--include", "-X", method, url]
        with tempfile.NamedTemporaryFile() as data:
            if operation == "post":
                data.write(body)
                data.flush()
                command += ["--data-binary", "--data", f"@{data.name}"]
            result = run(command, keys.environment(), status=None)
        output = (result.stdout + result.stderr).decode("utf-8", "replace")
        error = re.search(r"x-amzn-errortype'?: *'?(\w+)", output, re.IGNORECASE)
        connection = re.search(r"\{\"connectedAt.*\}", output)
        return Result(None, error[1] if error else "", json.loads(connection[0]) if connection else None, output)


ALL = [AwsCli(2), Boto3(), Curl(), JavaScript(), Newman(), AwsCli(1), AwsCurl()]
