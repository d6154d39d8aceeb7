"""OpenAPI 3.1, made from the operations' own types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visloop.app import Operation

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "what", "fix"],
            "properties": {name: {"type": "string"} for name in ("code", "what", "fix")},
        }
    },
}


def document(operations: Sequence[Operation[Any, Any]]) -> dict[str, Any]:
    """The whole description."""
    types = [each.request for each in operations] + [each.response for each in operations]
    schemas, parts = msgspec.json.schema_components(
        types, ref_template="#/components/schemas/{name}"
    )
    half = len(operations)
    paths = {
        "/api/v1/" + each.name.replace(".", "/"): {
            "post": _post(each, schemas[number], schemas[half + number])
        }
        for number, each in enumerate(operations)
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Visloop", "version": "1", "description": "Every verb of Visloop."},
        "paths": paths,
        "components": {
            "schemas": {**parts, "Error": _ERROR},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _post(
    operation: Operation[Any, Any], request: dict[str, Any], response: dict[str, Any]
) -> dict[str, Any]:
    return {
        "operationId": operation.name,
        "tags": [operation.permission.partition(".")[0]],
        "summary": operation.summary,
        "description": operation.description,
        "requestBody": {"content": {"application/json": {"schema": request}}},
        "responses": {
            "200": {
                "description": "done",
                "content": {"application/json": {"schema": response}},
            },
            "default": {
                "description": "what happened, and how to mend it",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    }
