"""Views keep properties and options by id: they follow renames, and never mean what took over a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.api.making import make_list

if TYPE_CHECKING:
    import httpx

    from tests.api.conftest import Api

KIND = {"type": "select_str"}


def ok(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json() if answer.content else {}
    return found


class Board:
    """A select property of deals with the options Lead, Won and Lost, and one deal of each."""

    def __init__(self, api: Api) -> None:
        self.api = api
        options = [{"value": value} for value in ("Lead", "Won", "Lost")]
        self.prop = ok(api.send("POST", "/deal/properties", json={"name": "Phase", **KIND, "options": options}), 201)
        self.path = f"/deal/properties/{self.prop['id']}"
        self.options = {option["slug"]: option["id"] for option in self.prop["options"]}
        self.deals = {slug: self.deal(phase=slug) for slug in self.options}

    def deal(self, **values: Any) -> str:
        return str(ok(self.api.send("POST", "/deal", json={"default": values}), 201)["id"])

    def view(self, **members: Any) -> str:
        made = ok(self.api.send("POST", "/deal/views", json={"name": "x", "view_type": "grid", **members}), 201)
        return f"/deal/views/{made['id']}"

    def rename(self, option: str, **to: str) -> None:
        ok(self.api.send("PATCH", f"{self.path}/options/{self.options[option]}", json={**KIND, **to}))

    def add(self, **option: str) -> None:
        ok(self.api.send("POST", f"{self.path}/options", json={**KIND, **option}), 201)

    def remove(self, slug: str) -> None:
        ok(self.api.send("PATCH", f"/deal/{self.deals[slug]}", json={"default": {"phase": None}}))
        gone = self.api.send("DELETE", f"{self.path}/options/{self.options[slug]}", params=KIND)
        assert gone.status_code == 204, gone.text

    def shown(self, view: str) -> list[str]:
        return [row["id"] for row in ok(self.api.send("GET", f"{view}/records"))["data"]]

    def read(self, view: str) -> dict[str, Any]:
        found = ok(self.api.send("GET", view))
        listed = ok(self.api.send("GET", "/deal/views"))["data"]
        assert [one for one in listed if one["id"] == found["id"]] == [found]
        both = self.api.send("GET", f"{view}?include=records")
        assert both.status_code == 400 or both.json()["view"] == found
        return found


@pytest.fixture
def board(api: Api) -> Board:
    return Board(api)


@pytest.mark.parametrize("written", ["won", "Won", "id"])
@pytest.mark.parametrize("operator", ["=", "in"])
def test_a_filter_follows_its_option(board: Board, written: str, operator: str) -> None:
    value: Any = board.options["won"] if written == "id" else written
    asked = [value] if operator == "in" else value
    view = board.view(
        filter=[{"phase": {operator: asked}}], group_by="phase", group_hidden_option_ids=[value, {"x": value}]
    )
    board.rename("won", slug="signed", value="Signed")
    now = value if written == "id" else "signed"
    assert board.read(view)["filter"] == [{"phase": {operator: [now] if operator == "in" else now}}]
    assert board.read(view)["group_hidden_option_ids"] == [now, {"x": now}]
    assert board.shown(view) == [board.deals["won"]]
    # Another option takes over both names; the view stays with its own.
    board.add(value="Won", slug="won")
    other = board.deal(phase="won")
    assert board.shown(view) == [board.deals["won"]]
    assert other not in board.shown(view)
    changed = ok(board.api.send("PATCH", view, json={"name": "y", "sort": [{"name": "asc"}]}))
    assert (
        changed["filter"] == board.read(view)["filter"] == [{"phase": {operator: [now] if operator == "in" else now}}]
    )
    # What was read can be sent back, and means the same.
    ok(board.api.send("PATCH", view, json={"filter": changed["filter"]}))
    assert board.shown(view) == [board.deals["won"]]


def test_options_that_swap_their_names_keep_their_views(board: Board) -> None:
    views = {slug: board.view(filter=[{"phase": {"=": slug}}]) for slug in ("won", "lost")}
    board.rename("won", slug="between", value="Between")
    board.rename("lost", slug="won", value="Won")
    board.rename("won", slug="lost", value="Lost")
    for slug, other in (("won", "lost"), ("lost", "won")):
        assert board.shown(views[slug]) == [board.deals[slug]]
        assert board.read(views[slug])["filter"] == [{"phase": {"=": other}}]


def test_an_option_that_is_gone_is_met_by_nothing_whatever_its_name_means_now(board: Board) -> None:
    view = board.view(filter=[{"phase": {"in": ["won", "Lost"]}}])
    board.remove("won")
    assert board.shown(view) == [board.deals["lost"]]
    board.add(value="Won", slug="won")
    other = board.deal(phase="won")
    assert board.shown(view) == [board.deals["lost"]]
    shown = board.read(view)["filter"]
    assert shown == [{"phase": {"in": [board.options["won"], "Lost"]}}]
    ok(board.api.send("PATCH", view, json={"filter": shown}))
    assert board.shown(view) == [board.deals["lost"]]
    ok(board.api.send("PATCH", view, json={"filter": [{"phase": {"=": "won"}}]}))
    assert board.shown(view) == [other]


def test_a_property_that_is_gone_is_not_the_next_one_with_its_name(board: Board) -> None:
    api = board.api
    score = ok(api.send("POST", "/deal/properties", json={"name": "Score", "type": "num"}), 201)
    everything: dict[str, Any] = {
        "select": ["score", "name"],
        "filter": [{"score": {">": "1"}}],
        "sort": [{"score": "asc"}],
        "group_by": "score",
        "column_layout": {"score": {"width": 3, "order": ["name", "score"]}},
        "aggregation_prop_def_id": "score",
    }
    views = {part: board.view(**{part: value}) for part, value in everything.items()}
    assert api.send("DELETE", f"/deal/properties/{score['id']}?type=num").status_code == 204
    for part, view in views.items():
        # Its last name stays as long as nothing else has it.
        assert board.read(view)[part] == everything[part]
    again = ok(api.send("POST", "/deal/properties", json={"name": "Score", "type": "num"}), 201)
    assert again["slug"] == "score"
    board.deal(score=7)
    for part, view in views.items():
        assert board.read(view)[part] == _replaced(everything[part], "score", score["id"])
        answer = api.send("GET", f"{view}/records")
        if part in {"select", "filter", "sort"}:
            assert (answer.status_code, answer.json()["error"]["errors"][0]["field"]) == (400, f".view.{part}[0]")
            assert "has been deleted" in answer.json()["error"]["message"]
        else:
            assert answer.status_code == 200
        assert ok(api.send("PATCH", view, json={"name": "Renamed"}))[part] == board.read(view)[part]
        assert ok(api.send("PATCH", view, json={part: everything[part]}))[part] == everything[part]
        assert api.send("GET", f"{view}/records").status_code == 200


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {new if key == old else key: _replaced(one, old, new) for key, one in value.items()}
    if isinstance(value, list):
        return [_replaced(one, old, new) for one in value]
    return new if value == old else value


def test_a_path_goes_on_through_its_own_reference(api: Api) -> None:
    asked = {"name": "Partner", "type": "ref_organization"}
    partner = ok(api.send("POST", "/deal/properties", json=asked), 201)
    body = {"name": "x", "view_type": "grid", "filter": [{"partner.name": {"=": "Acme"}}], "select": ["partner.id"]}
    view = f"/deal/views/{ok(api.send('POST', '/deal/views', json=body), 201)['id']}"
    assert api.send("DELETE", f"/deal/properties/{partner['id']}?type=ref_organization").status_code == 204
    assert ok(api.send("GET", view))["filter"] == body["filter"]
    ok(api.send("POST", "/deal/properties", json=asked), 201)
    shown = ok(api.send("GET", view))
    assert "partner" not in str(shown["filter"]) + str(shown["select"])
    assert partner["id"] in str(shown["filter"])
    assert api.send("GET", f"{view}/records").status_code == 400


def test_a_property_of_a_list_does_not_take_over_what_a_view_says(api: Api) -> None:
    flow = make_list(api, "deal_flow")["id"]
    body = {"name": "x", "view_type": "grid", "list_id": flow, "filter": [{"amount": {"=": "5"}}], "select": ["name"]}
    view = f"/deal/views/{ok(api.send('POST', '/deal/views', json=body), 201)['id']}"
    own = {"name": "Own amount", "slug": "amount", "type": "num", "list_id": flow}
    ok(api.send("POST", "/deal/properties", json=own), 201)
    of_all = {"default": {"amount": 5}, "list": {flow: {"amount": 6}}}
    of_list = {"default": {"amount": 6}, "list": {flow: {"amount": 5}}}
    first = ok(api.send("POST", "/deal", json=of_all), 201)["id"]
    ok(api.send("POST", "/deal", json=of_list), 201)
    assert [row["id"] for row in ok(api.send("GET", f"{view}/records"))["data"]] == [first]


def test_views_of_an_earlier_version_keep_their_meaning(board: Board) -> None:
    view = board.view(filter=[{"phase": {"=": "won"}}], sort=[{"phase": "asc"}])
    with board.api.runtime.of_all_teams() as connection:
        connection.execute("UPDATE view SET names = NULL WHERE team_id = %s", (board.api.team_id(),))
    assert board.shown(view) == [board.deals["won"]]
    before = board.read(view)
    board.rename("won", slug="signed", value="Signed")
    board.add(value="Won", slug="won")
    board.deal(phase="won")
    assert board.shown(view) == [board.deals["won"]]
    assert board.read(view) == before | {"filter": [{"phase": {"=": "signed"}}]}


def test_views_of_a_list_follow_its_stages(api: Api) -> None:
    flow = make_list(api, "deal_flow")
    stage = {**KIND, "list_id": flow["id"]}
    body = {"name": "x", "view_type": "list", "list_id": flow["id"], "filter": [{"status": {"=": "sourced"}}]}
    view = f"/deal/views/{ok(api.send('POST', '/deal/views', json=body), 201)['id']}"
    deal = ok(api.send("POST", "/deal", json={"list": {flow["id"]: {"status": "sourced"}}}), 201)["id"]
    [prop] = ok(api.send("GET", "/deal/properties", params={"list_id": flow["id"]}))["deal"].values()
    option = next(one["id"] for one in prop["options"] if one["slug"] == "sourced")
    path = "/deal/properties/app_stage/options"
    ok(api.send("PATCH", f"{path}/{option}", json={**stage, "slug": "found", "value": "Found"}))
    ok(api.send("POST", path, json={**stage, "slug": "sourced", "value": "Sourced"}), 201)
    ok(api.send("POST", "/deal", json={"list": {flow["id"]: {"status": "sourced"}}}), 201)
    assert ok(api.send("GET", view))["filter"] == [{"status": {"=": "found"}}]
    assert [row["id"] for row in ok(api.send("GET", f"{view}/records"))["data"]] == [deal]
