"""The inspector of one run renders in Mesa's page, steps, and stops at the end; without its extra it says how to get it."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from kmsim import viz
from kmsim.errors import KmsimError

needs_extra = pytest.mark.skipif(
    any(find_spec(name) is None for name in viz.NEEDS),
    reason="the extra `viz` is not installed: pip install 'kmsim[viz]'",
)


@pytest.fixture
def model():
    return viz.InspectedModel(system="village", policy="coaching", years=2, funded_years=1)


def test_without_the_extra_it_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(viz, "find_spec", lambda name: None)
    with pytest.raises(KmsimError, match=r"needs solara, altair: pip install 'kmsim\[viz\]'"):
        viz.inspector(system="village")


def test_it_steps_to_the_end_and_says_that_it_is_over(model):
    for _ in range(20):
        model.step()
    assert model.tick == 12
    assert model.running is False


@pytest.mark.parametrize("draw", [viz.schools_figure, viz.curves_figure])
def test_figures_can_be_drawn_at_any_tick(model, draw):
    for _ in range(3):
        assert draw(model).axes
        model.step()


@needs_extra
@pytest.mark.filterwarnings("ignore")
def test_it_renders():
    import solara

    page = viz.inspector(system="village", policy="coaching", years=2, funded_years=1)
    box, rendered = solara.render(page, handle_error=False)
    try:
        import ipyvuetify

        assert rendered.find(ipyvuetify.Btn).widgets
        assert rendered.find(solara.widgets.Image if hasattr(solara.widgets, "Image") else ipyvuetify.Html)
        assert box.children
    finally:
        rendered.close()
