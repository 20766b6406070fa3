import json
import re

import pytest

from pde.cli import main
from pde.commands import demo
from pde.runs.run import SPREAD
from tests.reports.test_html import assert_fits_any_screen


@pytest.fixture
def small_demo(monkeypatch):
    for name, value in {
        "FINE": 17,
        "TRAINED": 5,
        "RESOLUTIONS": (5, 9),
        "TRAIN_SAMPLES": 20,
        "TEST_SAMPLES": 3,
        "EPOCHS": {"vit": 1, "fno": 2},
    }.items():
        monkeypatch.setattr(demo, name, value)


@pytest.mark.slow
def test_the_demo_ends_with_its_table_and_a_page_that_holds_everything(small_demo, tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 0
    printed = capsys.readouterr().out
    assert printed.rstrip().endswith(str(tmp_path / "demo" / "report.html"))
    assert "coarse solve" in printed
    evaluation = json.loads((tmp_path / "demo" / "evaluation.json").read_text())
    reports = evaluation["models"]
    assert [report["model"] for report in reports] == ["vit", "fno"]
    assert [row["resolution"] for row in reports[0]["rows"]] == [5, 9]
    page = (tmp_path / "demo" / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 3
    assert not re.search(r"(src|href)=.(http|/)", page)  # self-contained
    assert f"{evaluation['coarse']['rows'][1]['upscaled']['relative_l2']:.4f}" in page
    for report in reports:
        for row in report["rows"]:
            assert f"{row['direct']['relative_l2']:.4f}" in page
    assert_fits_any_screen(page, tables=1)
    for word in ("versions", "learning_rate", "generate:", SPREAD):
        assert word in page
