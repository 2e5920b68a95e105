"""What is served is what the OpenAPI document says: checked with generated requests, good and bad, against every endpoint.

EXAMPLES bounds the requests to each endpoint; SEED chooses them: the same number, the same requests.
"""

import os
import pathlib
import random
import subprocess
import sys

import pytest

from conftest import SECRET, Node

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
]
"""Left out are those that ask for more than a document can say: which well-formed names are legal in a JID
(`positive_data_acceptance`), and that every other spelling be refused (`negative_data_rejection`): scalars are taken as loosely as
clients have always sent them."""

CONFIG = """
[throttle]
per_address = 0
per_name = 0
"""


@pytest.fixture
def node():
    node = Node(CONFIG)
    yield node
    assert node.stop() == 0, "".join(node.log)


def test_the_server_does_what_its_document_says(node, tmp_path):
    seed = os.environ.get("SEED", "1")
    seed = str(random.randrange(2**32)) if seed == "random" else seed
    command = [
        pathlib.Path(sys.executable).with_name("schemathesis"), "run", f"{node.url}/plugins/restapi/v1/openapi.yaml",
        "--header", f"Authorization:{SECRET}", "--checks", ",".join(CHECKS), "--seed", seed,
        "--max-examples", os.environ.get("EXAMPLES", "8"), "--generation-database", "none", "--no-color", "--warnings", "off",
        "--request-timeout", "20", "--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--output-sanitize", "false",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONHASHSEED": "0", "SCHEMATHESIS_HOOKS": ""}
    ended = subprocess.run(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    print(ended.stdout[-30_000:])
    assert ended.returncode == 0, f"seed {seed}"
