"""Where the model lies that ships with the package."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).parent / "default"
