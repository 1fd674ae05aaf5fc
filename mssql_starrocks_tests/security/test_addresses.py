"""Secrets in addresses of settings: refused where they would be shown or kept, and masked where they may stand."""

import pytest

from mssql_starrocks.errors import ConfigError
from mssql_starrocks.settings import Settings, redacted

CANARY = "Zq9p-Canary"
BASE = {"MSSQL_HOST": "h", "MSSQL_USER": "u", "MSSQL_PASSWORD": "p", "MSSQL_DATABASE": "d", "STARROCKS_HOST": "s",
        "STARROCKS_USER": "u"}  # fmt: skip
REST, SQL = {"ICEBERG_CATALOG_TYPE": "rest"}, {"ICEBERG_CATALOG_TYPE": "sql"}
UNREADABLE = "cannot be read as an address.*percent-encoded"


def load(environment):
    return Settings.load({**BASE, **environment}, dotenv=None)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({**REST, "ICEBERG_CATALOG_URI": f"http://h/cat?token={CANARY}"}, "ICEBERG_CATALOG_URI: .*query"),
        ({**REST, "ICEBERG_CATALOG_URI": f"http://h/cat#{CANARY}"}, "ICEBERG_CATALOG_URI: .*fragment"),
        ({**REST, "ICEBERG_CATALOG_URI": f"http://u:{CANARY}@ss/w@host"}, UNREADABLE),
        ({**REST, "ICEBERG_CATALOG_URI": f"http://u:{CANARY}/w@host"}, UNREADABLE),
        ({**REST, "ICEBERG_CATALOG_URI": f"http://u:12/{CANARY}@host"}, UNREADABLE),
        ({**REST, "ICEBERG_CATALOG_URI": f"http://u:{CANARY}?w@host"}, "ICEBERG_CATALOG_URI: .*query"),
        ({**REST, "ICEBERG_CATALOG_URI": f"http://u:[{CANARY}@host"}, UNREADABLE),
        ({**REST, "ICEBERG_CATALOG_URI": f"http://u:{CANARY} w@host"}, UNREADABLE),
        ({**REST, "ICEBERG_CATALOG_URI": f"http://host:{CANARY}"}, UNREADABLE),
        ({**REST, "ICEBERG_CATALOG_URI": "http://host:99999"}, UNREADABLE),
        ({**REST, "ICEBERG_CATALOG_URI": f"u:{CANARY}@host"}, UNREADABLE),
        ({**SQL, "ICEBERG_CATALOG_URI": f"postgresql://u:{CANARY}@ss/w@host/db"}, UNREADABLE),
        ({**SQL, "ICEBERG_CATALOG_URI": f"postgresql://u:{CANARY}?w@host/db"}, UNREADABLE),
        ({**SQL, "ICEBERG_CATALOG_URI": f"postgresql://host:{CANARY}/db"}, UNREADABLE),
        ({"AWS_ENDPOINT_URL": f"https://store?key={CANARY}"}, "AWS_ENDPOINT_URL: .*query"),
        ({"AWS_ENDPOINT_URL": f"https://u:{CANARY}@store"}, "AWS_ENDPOINT_URL: .*AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ENDPOINT_URL": f"https://store:{CANARY}"}, UNREADABLE),
        ({"AWS_ENDPOINT_URL": "store:9000"}, UNREADABLE),
    ],
)
def test_an_address_that_may_hold_a_secret_in_a_wrong_place_is_refused_unseen(environment, message):
    with pytest.raises(ConfigError, match=message) as refused:
        load(environment)
    assert CANARY not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "environment",
    [
        {**REST, "ICEBERG_CATALOG_URI": "https://h:8181/api/catalog"},
        {**REST, "ICEBERG_CATALOG_URI": "http://[::1]:8181"},
        {**SQL, "ICEBERG_CATALOG_URI": "sqlite:////a folder/with@and#/catalog.db"},
        {**SQL, "ICEBERG_CATALOG_URI": "postgresql+psycopg2:///db?host=/run/postgresql"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9000"},
        {"AWS_ENDPOINT_URL": "https://store.example/path"},
    ],
)
def test_good_addresses_are_taken(environment):
    assert load(environment)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({**REST, "ICEBERG_CATALOG_URI": "https://u:Rest%40Canary-1@h/cat"}, ("Rest@Canary-1", "Rest%40Canary-1")),
        ({**REST, "ICEBERG_CATALOG_URI": "https://Token-Canary-2@h/cat"}, ("Token-Canary-2",)),
        ({**SQL, "ICEBERG_CATALOG_URI": "postgresql://u:Sql-Canary-3@h/db?sslmode=require"}, ("Sql-Canary-3",)),
        ({**SQL, "ICEBERG_CATALOG_URI": "postgresql://h/db?user=u&password=Sql%2FCanary-4"}, ("Sql/Canary-4",)),
    ],
)
def test_secrets_of_an_address_are_masked_in_what_others_say(environment, said):
    load(environment)
    for text in said:
        assert redacted(f"cannot log in with {text} there") == "cannot log in with *** there"
    assert redacted("sslmode=require") == "sslmode=require"


def test_a_wrong_value_given_from_python_is_not_shown():
    from mssql_starrocks.settings import LakeSettings

    with pytest.raises(ValueError, match="query") as refused:
        LakeSettings(catalog="rest", uri=f"http://h/cat?token={CANARY}", secret_access_key=CANARY)
    assert CANARY not in str(refused.value)
