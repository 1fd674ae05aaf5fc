import dagster as dg
import pytest

from mssql_starrocks.errors import ConfigError
from mssql_starrocks.orchestration.resources import (
    GlueCatalogResource,
    MssqlResource,
    SparkResource,
    StarRocksResource,
    default_resources,
)
from mssql_starrocks.settings import LakeSettings, MssqlSettings, Settings, SparkSettings, StarRocksSettings


def test_fields_are_those_of_the_settings():
    pairs = [(MssqlResource, MssqlSettings), (StarRocksResource, StarRocksSettings), (SparkResource, SparkSettings)]
    for resource, settings in pairs:
        assert set(resource.model_fields) == set(settings.model_fields)
    renamed = {"region": "region_name", "endpoint": "endpoint_url"}
    renamed |= {f: f"aws_{f}" for f in ("access_key_id", "secret_access_key", "session_token")}
    assert {renamed.get(f, f) for f in LakeSettings.model_fields} | {"profile_name"} == set(
        GlueCatalogResource.model_fields
    )


def test_glue_fields_are_those_of_dagster_aws():
    from dagster_aws.utils import ResourceWithBoto3Configuration

    ours = {f for f in GlueCatalogResource.model_fields if f.startswith("aws_")} | {"region_name", "endpoint_url"}
    assert ours | {"profile_name"} <= set(ResourceWithBoto3Configuration.model_fields)


def test_environment_gives_the_same_as_settings(environment):
    environment.setenv("MSSQL_PORT", "14330")
    environment.setenv("MSSQL_TRUST_SERVER_CERTIFICATE", "yes")
    environment.setenv("SPARK_DRIVER_MEMORY", "3g")
    found, expected = default_resources(), Settings.load(dotenv=None)
    assert found["mssql"].settings() == expected.mssql
    assert found["lake"].settings() == expected.lake
    assert found["spark"].settings() == expected.spark
    assert found["starrocks"].settings() == expected.starrocks


def test_given_fields_win_over_the_environment():
    assert MssqlResource(host="other").settings().host == "other"


def test_secrets_are_variables_and_never_shown():
    shown = " ".join(map(repr, default_resources().values()))
    assert "canary" not in shown
    assert "MSSQL_PASSWORD" not in repr(MssqlResource(password="canary"))
    assert "canary" not in repr(MssqlResource(password="canary"))
    assert isinstance(default_resources()["mssql"].password, dg.EnvVar)


def test_every_missing_name_is_one_line(environment):
    environment.delenv("STARROCKS_HOST")
    environment.delenv("STARROCKS_USER")
    with pytest.raises(ConfigError) as caught:
        StarRocksResource().settings()
    assert [line.split()[0] for line in str(caught.value).splitlines()] == ["STARROCKS_HOST", "STARROCKS_USER"]


def test_a_wrong_value_names_its_variable(environment):
    environment.setenv("ICEBERG_CATALOG_TYPE", "hive")
    with pytest.raises(ConfigError, match=r"^ICEBERG_CATALOG_TYPE: "):
        default_resources()["lake"].settings()


def test_profile_of_the_aws_files(environment, tmp_path):
    (tmp_path / "credentials").write_text("[erp]\naws_access_key_id = AK\naws_secret_access_key = SK\n")
    environment.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    found = GlueCatalogResource(profile_name="erp").settings()
    assert (found.access_key_id, found.secret_access_key.get_secret_value()) == ("AK", "SK")
    with pytest.raises(ConfigError, match=r"profile_name: .*nobody"):
        GlueCatalogResource(profile_name="nobody").settings()


def test_s3_resource_of_dagster_aws(environment):
    environment.setenv("AWS_ACCESS_KEY_ID", "AK")
    client = GlueCatalogResource(region_name="eu-west-1", endpoint_url="http://127.0.0.1:1").s3().get_client()
    assert client.meta.region_name == "eu-west-1"
    assert client.meta.endpoint_url == "http://127.0.0.1:1"


def test_spark_starts_nothing_until_it_is_needed():
    resource = SparkResource(master="local[1]")
    source = resource.source()
    assert source is resource.source()
    assert source.settings.master == "local[1]"
    resource.teardown_after_execution(dg.build_init_resource_context())
