"""Shapes as well-known binary and text with Z and M: "OGC Methods on Geometry Instances", AsBinaryZM, AsTextZM."""

from mssql_starrocks_tests.golden.model import Golden, Value, v


def _shape(sql: str, form: object, srid: int) -> Value:
    return v(sql, form, srid=srid)


_ONE, _TWO, _THREE, _FOUR = "000000000000f03f", "0000000000000040", "0000000000000840", "0000000000001040"
_ZERO = "0000000000000000"
# byte order, type (1 point, 2 line, 3 polygon; 3001 a point with Z and M), count, coordinates
_POINT, _POINT_ZM = f"0101000000{_ONE}{_TWO}", f"01b90b0000{_ONE}{_TWO}{_THREE}{_FOUR}"
_LINE = f"010200000002000000{_ZERO}{_ZERO}{_ONE}{_TWO}"
_POLYGON = f"01030000000100000004000000{_ZERO}{_ZERO}{_ONE}{_ZERO}{_ONE}{_ONE}{_ZERO}{_ZERO}"
_GEOMETRIES = [
    ("geometry::STGeomFromText('POINT (1 2)', 4326)", _POINT, "POINT (1 2)", 4326),
    ("geometry::STGeomFromText('POINT (1 2 3 4)', 0)", _POINT_ZM, "POINT (1 2 3 4)", 0),
    ("geometry::STGeomFromText('LINESTRING (0 0, 1 2)', 7)", _LINE, "LINESTRING (0 0, 1 2)", 7),
    ("geometry::STGeomFromText('POLYGON ((0 0, 1 0, 1 1, 0 0))', 0)", _POLYGON, "POLYGON ((0 0, 1 0, 1 1, 0 0))", 0),
]
_GEOGRAPHIES = [("geography::STGeomFromText('POINT (1 2)', 4326)", _POINT, "POINT (1 2)", 4326)]
SHAPES = (
    Golden("c_geometry", "geometry", [_shape(sql, bytes.fromhex(raw), srid) for sql, raw, _, srid in _GEOMETRIES]),
    Golden("c_geography", "geography", [_shape(sql, bytes.fromhex(raw), srid) for sql, raw, _, srid in _GEOGRAPHIES]),
)
SHAPES_TEXT = (
    Golden("c_geometry", "geometry", [_shape(sql, text, srid) for sql, _, text, srid in _GEOMETRIES]),
    Golden("c_geography", "geography", [_shape(sql, text, srid) for sql, _, text, srid in _GEOGRAPHIES]),
)
