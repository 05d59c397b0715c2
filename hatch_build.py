"""Hatch's hook: whoever builds a wheel or an sdist builds the front end, or gets neither."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontEndHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs build_front.py; an editable install does without, `make front` builds there."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the files are collected; an exception fails the build."""
        if version == "editable":
            return
        # By path: the root is not importable from a build backend.
        spec = importlib.util.spec_from_file_location("build_front", Path(self.root, "build_front.py"))
        if spec is None or spec.loader is None:
            raise FileNotFoundError("build_front.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look themselves up
        spec.loader.exec_module(module)
        module.FrontEnd().build()
