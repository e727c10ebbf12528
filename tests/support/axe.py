"""Accessibility of a page by axe-core, which comes from npm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from support.chromium import Page

AXE = Path(__file__).resolve().parents[2] / "build/npm/node_modules/axe-core/axe.min.js"


def serious(page: Page) -> list[dict[str, Any]]:
    """Serious and critical violations of what is shown."""
    page.run(AXE.read_text("utf-8") + ";0")
    found: list[dict[str, Any]] = page.run(
        "axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations"
        ".map((v) => ({ id: v.id, impact: v.impact, nodes: v.nodes.map((n) => n.html) })))"
    )
    return [one for one in found if one["impact"] in ("serious", "critical")]
