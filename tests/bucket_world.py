"""A real S3 server (moto) on a free port of this machine, for as long as it is needed."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3

_PATIENCE_S = 60


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Its endpoint, `http://127.0.0.1:PORT`; stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = "from moto.server import main; main()"
    arguments = [sys.executable, "-W", "ignore", "-c", command, "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment()
    )
    try:
        _wait(f"http://127.0.0.1:{port}/moto-api/")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}


def _wait(url: str) -> None:
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return


def client(endpoint: str) -> Any:
    """boto3, to put things there."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="tester",
        aws_secret_access_key="secret-of-the-tester",
    )


def environment(endpoint: str) -> dict[str, str]:
    """What a person sets to reach it."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": "secret-of-the-tester",
        "AWS_REGION": "us-east-1",
    }


def upload(endpoint: str, folder: Path, bucket: str, prefix: str = "") -> None:
    """Every file of a folder, under its relative path."""
    s3 = client(endpoint)
    s3.create_bucket(Bucket=bucket)
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            key = prefix + file.relative_to(folder).as_posix()
            s3.put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
