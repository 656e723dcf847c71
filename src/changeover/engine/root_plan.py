"""The root: a description of the API.

It is the least that OpenAPI 2.0 asks for: the resources and what can be done with them, rights
apart.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from changeover.catalog.snapshot import Relation, Routine, Snapshot
from changeover.engine.answer import answer, require_known_preferences
from changeover.engine.plan_value import Body, Format, ReadNode, RootPlan
from changeover.engine.refusal import Refusal
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import Shape
from changeover.model.name import TableName

_FORMAT: Final = Format(body=Body.OPENAPI, content_type="application/openapi+json; charset=utf-8")
_KINDS: Final = ("openapi", "json", "any")
_TYPES: Final[Mapping[str, str]] = {
    "smallint": "integer",
    "integer": "integer",
    "bigint": "integer",
    "numeric": "number",
    "real": "number",
    "double precision": "number",
    "boolean": "boolean",
}


def resolve(shape: Shape, snapshot: Snapshot, settings: ApiSettings) -> RootPlan:
    """Return the description of one schema.

    Args:
        shape: A shape with the action ROOT.
        snapshot: What the database holds.
        settings: Whether there is a description.

    Raises:
        Refusal: PGRST107, 126.
    """
    if not settings.has_root:
        raise Refusal("PGRST126", "Root endpoint metadata is disabled")
    if not any(media.kind in _KINDS for media in shape.accept):
        wanted = ", ".join(media.text for media in shape.accept)
        raise Refusal("PGRST107", f"None of these media types are available: {wanted}")
    require_known_preferences(shape)
    root = ReadNode(relation=TableName(shape.schema, ""))
    return RootPlan(
        answer=answer(shape, settings, _FORMAT, root=root),
        document=json.dumps(
            _document(shape.schema, snapshot), ensure_ascii=False, separators=(",", ":")
        ),
    )


def _document(schema: str, snapshot: Snapshot) -> dict[str, Any]:
    relations = {
        name.name: one for name, one in snapshot.relations.items() if name.schema == schema
    }
    routines = {
        name.name: found for name, found in snapshot.routines.items() if name.schema == schema
    }
    paths = {"/" + name: _verbs(one) for name, one in sorted(relations.items())}
    paths |= {"/rpc/" + name: _calls(found) for name, found in sorted(routines.items())}
    return {
        "swagger": "2.0",
        "info": {"title": "PostgREST API", "version": "16.2"},
        "basePath": "/",
        "consumes": ["application/json", "text/csv"],
        "produces": ["application/json", "text/csv"],
        "paths": paths,
        "definitions": {name: _definition(one) for name, one in sorted(relations.items())},
    }


def _verbs(relation: Relation) -> dict[str, Any]:
    verbs = (
        ("get", True),
        ("post", relation.is_insertable),
        ("patch", relation.is_updatable),
        ("delete", relation.is_deletable),
    )
    tags = [relation.name.name]
    return {
        verb: {"tags": tags, "responses": {"200": {"description": "OK"}}}
        for verb, is_allowed in verbs
        if is_allowed
    }


def _calls(found: tuple[Routine, ...]) -> dict[str, Any]:
    verbs = ["post"] if all(one.volatility == "v" for one in found) else ["get", "post"]
    tags = ["(rpc) " + found[0].name.name]
    return {verb: {"tags": tags, "responses": {"200": {"description": "OK"}}} for verb in verbs}


def _definition(relation: Relation) -> dict[str, Any]:
    required = [one.name for one in relation.columns if not one.is_nullable]
    properties = {
        one.name: {"type": _TYPES.get(one.base_type, "string"), "format": one.type}
        for one in relation.columns
    }
    definition: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        definition["required"] = required
    if relation.comment is not None:
        definition["description"] = relation.comment
    return definition
