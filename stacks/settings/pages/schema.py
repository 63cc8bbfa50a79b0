"""Writes the JSON Schema of the stack config, by which editors complete and check ``Pulumi.<stack>.yaml``.

python -m stacks.settings.pages.schema
"""

import json
from pathlib import Path
from typing import Any

from documents.arguments import read_arguments
from stacks.catalogues.secrets import catalogue
from stacks.settings.model import Settings
from stacks.settings.reading.parse import NAMESPACE, SUPPLIED_KEY

FILE = Path(__file__).parents[3] / "docs" / "stack-config.schema.json"


def stack_config_schema() -> dict[str, Any]:
    """The schema of a whole stack file: the ``medspasync:`` keys from the models, the supplied secrets by name."""
    model = Settings.model_json_schema(by_alias=True)
    supplied = [name for name, entry in catalogue().items() if entry.origin == "supplied"]
    secure = {"type": "object", "properties": {"secure": {"type": "string"}}, "required": ["secure"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack config of the MedSpaSync platform",
        "description": "A Pulumi.<stack>.yaml of this project.",
        "type": "object",
        "required": ["config"],
        "properties": {
            "config": {
                "type": "object",
                "required": [f"{NAMESPACE}:{key}" for key in model.get("required", [])],
                "properties": {
                    **{f"{NAMESPACE}:{key}": value for key, value in model["properties"].items()},
                    f"{NAMESPACE}:{SUPPLIED_KEY}": {
                        "description": "Supplied secrets, encrypted by `pulumi config set --secret`.",
                        "type": "object",
                        "properties": dict.fromkeys(supplied, secure),
                        "additionalProperties": False,
                    },
                },
                "patternProperties": {"^(azure-native|random|pulumi):": {}},
                "additionalProperties": False,
            }
        },
        "$defs": model.get("$defs", {}),
    }


def main() -> None:
    """Write the schema file."""
    FILE.write_text(json.dumps(stack_config_schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    read_arguments("stacks.settings.pages.schema", __doc__)
    main()
