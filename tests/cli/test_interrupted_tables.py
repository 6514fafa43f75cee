"""An import of a table that was interrupted goes on with what was decided, and asks nothing again."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.scripted import Import
from tests.scripted_prism import Fault, ScriptedPrism


def test_an_interrupted_import_of_a_table_goes_on_with_its_mapping(
    run: Import, prism: ScriptedPrism, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("E-mail,First Name\n" + "".join(f"p{n}@x.org,P{n}\n" for n in range(30)))
    config = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    prism.faults.extend([Fault(drop="after")] * 9)
    assert run(path, "--batch-rows", "10", **config).exit_code == 2
    keys = set(prism.keys)
    # Now the properties would suggest another mapping; the one that was begun with stays.
    assert prism.properties is not None
    prism.properties["e_mail"] = "str"
    result = run(path, "--batch-rows", "10", "--json", **config)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["resumed"]
    assert prism.keys[9] in keys
    assert prism.records == [{"email": f"p{n}@x.org", "first_name": f"P{n}"} for n in range(30)]


def test_the_same_file_with_another_mapping_is_not_begun_in_silence(
    run: Import, prism: ScriptedPrism, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("E-mail,First Name\na@x.org,Ann\nb@x.org,Bo\n")
    config = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    prism.faults.extend([Fault(drop="after")] * 9)
    assert run(path, **config).exit_code == 2
    result = run(path, "--map", "First Name=name", **config)
    assert result.exit_code == 2
    assert "other options" in result.stderr
