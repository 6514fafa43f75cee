"""What ``deploy/`` has for watching a server names the metrics that there are, and all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from prismd.telemetry.declared import METRICS

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
BY_NAME: Final = {one.name: one for one in METRICS}
PARTS: Final = re.compile(r"_(bucket|sum|count)$")
#: What a query may go by beside the labels of a metric: what Prometheus adds, and the bounds of buckets.
ADDED: Final = {"job", "instance", "le"}


def metric_of(name: str) -> str:
    whole = PARTS.sub("", name)
    return whole if whole in BY_NAME and BY_NAME[whole].kind == "histogram" else name


def dashboard() -> Any:
    return json.loads((DEPLOY / "grafana-dashboard.json").read_text())


def expressions() -> list[str]:
    return [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "prometheus-alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def named(expression: str) -> set[str]:
    return {metric_of(name) for name in re.findall(r"\bprismd_[a-z_]+", expression)}


def labels_used(expression: str) -> Iterator[str]:
    for matchers in re.findall(r"\{([^}]*)\}", re.sub(r'"[^"]*"', '""', expression)):
        yield from re.findall(r"(\w+)\s*[!=]", matchers)
    for grouped in re.findall(r"\bby \(([^)]*)\)", expression):
        yield from re.split(r",\s*", grouped)


def test_the_dashboard_shows_every_metric_and_no_other() -> None:
    assert set().union(*map(named, expressions())) == set(BY_NAME)


def test_alerts_go_by_metrics_that_there_are() -> None:
    for rule in rules():
        assert named(rule["expr"]) <= set(BY_NAME), rule["alert"]
        assert set(rule["annotations"]) == {"summary", "what_to_do"}
        assert rule["labels"]["severity"] in {"page", "ticket"}


@pytest.mark.parametrize("expression", [*expressions(), *(rule["expr"] for rule in rules())])
def test_a_query_goes_by_labels_that_its_metrics_have(expression: str) -> None:
    known = ADDED.union(*(BY_NAME[name].labels for name in named(expression)))
    assert set(labels_used(expression)) <= known
    assert expression.count("(") == expression.count(")")
    for name in re.findall(r"\bprismd_[a-z_]+", expression):
        kind = BY_NAME[metric_of(name)].kind
        rated = bool(re.search(rf"(rate|increase)\(\s*{name}\b", expression))
        assert rated == (kind != "gauge"), "counters are read by their rise, gauges as they are"


def test_panels_have_room_and_ids_of_their_own() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_prometheus_reads_the_rules_that_there_are() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus.yml").read_text())
    assert [name for name in config["rule_files"] if not (DEPLOY / name).exists()] == []
    [scrape] = config["scrape_configs"]
    assert scrape["job_name"] == "prismd"


def test_names_are_as_prometheus_wants_them() -> None:
    for one in METRICS:
        assert re.fullmatch(r"prismd_[a-z]+(_[a-z]+)*", one.name)
        assert one.name.endswith("_total") == (one.kind == "counter")
        assert bool(one.buckets) == (one.kind == "histogram")
        assert one.meaning.endswith(".")
        assert not set(one.labels) & {"team", "key", "path", "job", "instance"}
