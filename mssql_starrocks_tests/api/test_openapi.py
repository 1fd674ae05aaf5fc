"""Schemathesis over the OpenAPI document: whatever is sent, the answer is one that the document tells of."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from mssql_starrocks.api.app import create_app
from mssql_starrocks_tests.api.conftest import TOKEN

HEALTH = list(HealthCheck)
EXAMPLES = {GenerationMode.POSITIVE: 5, GenerationMode.NEGATIVE: 10}
ALWAYS_RIGHT = ("/", "/config", "/health")  # they take nothing that could be wrong


@pytest.fixture(scope="module")
def opened(source, tmp_path_factory):
    from mssql_starrocks_tests.api.conftest import Api

    with Api(source, tmp_path_factory.mktemp("home")).opened() as client:
        yield client


@pytest.fixture(scope="module")
def document(opened):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return schemathesis.openapi.from_asgi("/openapi.json", create_app(opened.jobs, TOKEN), headers=headers)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
def test_every_answer_is_documented(document, mode):
    asked = []
    for operation in document.get_all_operations():

        @given(case=operation.ok().as_strategy(generation_mode=mode))
        @settings(
            max_examples=10 if mode is GenerationMode.NEGATIVE else 5,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=HEALTH,
        )
        def ask(case):
            case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"})
            asked.append(case.path)

        if mode is GenerationMode.POSITIVE or operation.ok().path not in ALWAYS_RIGHT:
            ask()
    assert len(set(asked)) == (13 if mode is GenerationMode.POSITIVE else 13 - len(ALWAYS_RIGHT))


def test_every_body_and_answer_has_an_example(opened):
    found = opened.get("/openapi.json").json()
    for name in ("MigrateTable", "MigrateSchema", "LoadFromLake", "Validate"):
        fields = found["components"]["schemas"][name]["properties"].values()
        assert any("examples" in field for field in fields), name
    assert "example" in found["components"]["schemas"]["Accepted"]
