"""Errors as Ray tells them of tasks."""

from __future__ import annotations

from typing import Any

import ray


def raising(error: Exception) -> Any:
    def get(*_: object, **__: object) -> None:
        raise error

    return get


def no_mizaj() -> Exception:
    """As Ray tells it where a task's function cannot be imported."""
    trace = "Traceback (most recent call last):\n  File ...\nModuleNotFoundError: No module named 'mizaj'"
    told = RuntimeError(f"The remote function failed to import on the worker:\n\n{trace}")
    where = {"proctitle": "ray::_do", "pid": 7, "ip": "192.0.2.7"}
    return ray.exceptions.RayTaskError("_do", trace, told, **where).as_instanceof_cause()
