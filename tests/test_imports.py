"""Who may import whom: down only, rules and policies apart, and nothing heavy before it is asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "kmsim"
# Each layer may import those further down the list and, where it is a folder, itself.
LAYERS = (
    ("cli", "workshop", "viz"),
    ("studies",),
    ("report",),
    ("calibration",),
    ("lab", "evidence", "diffusion"),
    ("model",),
    ("beginning",),
    ("phases", "policies", "outcomes", "system", "scenario", "rules"),
    (
        "parameters",
        "posterior",
        "agents",
        "columns",
        "rng",
        "names",
        "errors",
        "jit",
        "fingerprint",
        "configuration",
        "table_file",
        "operating_system",
        "contents",
        "numba_settings",
        "compile_cache",
        "shipped_data",
        "bounds",
        "strict_yaml",
    ),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
SIMULATION = {name for names in LAYERS[LAYERS.index(("model",)) :] for name in names}
# What the house's plan does not say but the code needs, with the reason. Nothing may be added without one.
EXCEPTIONS = {
    ("policies.recruitment", "rules.schools"): "a round asks the rule for each school's rate of signing up",
    ("policies.recruitment", "rules.numbers"): "... in float32, as that rule takes it",
    ("lab.comparison", "report.figures"): "... and draws its own figures",
    (
        "lab.comparison",
        "report.report",
    ): "a comparison writes its own report (INTERFACE), imported when asked and not before",
}


def modules() -> dict[str, Path]:
    """Dotted name below kmsim -> file."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        parts = file.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] not in ("data", "configs"):
            found[".".join(part for part in parts if part != "__init__")] = file
    return found


def imports(file: Path, also_late: bool = True) -> set[str]:
    """What a file imports, in full; `import_module("x")` with a plain name counts. also_late: those inside functions too."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    only_for_types = {
        id(inside)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inside in ast.walk(node)
    }
    late = {
        id(inside)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inside in ast.walk(node)
    }
    found = set()
    for node in ast.walk(tree):
        if id(node) in only_for_types or (id(node) in late and not also_late):
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are written in full"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def inside(names: set[str]) -> set[str]:
    """The modules of kmsim among these: `kmsim.rules.numbers.exp` -> rules.numbers."""
    known = modules()
    out = set()
    for name in names:
        if name == "kmsim" or name.startswith("kmsim."):
            parts = name.split(".")[1:]
            while parts and ".".join(parts) not in known:
                parts.pop()
            out.add(".".join(parts))
    return out - {""}


def layer(module: str) -> str:
    return module.split(".")[0]


def test_every_module_has_its_layer():
    assert {layer(name) for name in modules() if name} <= set(LEVEL)


@pytest.mark.parametrize("module", [name for name in modules() if name])
def test_imports_point_down_only(module):
    for other in inside(imports(modules()[module])):
        here, there = layer(module), layer(other)
        if (module, other) in EXCEPTIONS:
            assert LEVEL[here] <= LEVEL[there] or other not in inside(imports(modules()[module], also_late=False))
            continue
        assert here == there or LEVEL[here] <= LEVEL[there], f"{module} imports {other}, which stands above it"


def test_the_model_is_the_only_place_that_joins_phases_and_policies():
    for name, file in modules().items():
        layers = {layer(other) for other in inside(imports(file))}
        if layer(name) in SIMULATION and name != "model":
            assert "model" not in layers, f"{name} imports the model"


@pytest.mark.parametrize("module", [name for name in modules() if layer(name) == "rules"])
def test_rules_never_import_each_other(module):
    rules = {other for other in inside(imports(modules()[module])) if layer(other) == "rules" and other != module}
    assert rules <= {"rules.numbers"}
    others = {other for other in inside(imports(modules()[module])) if layer(other) != "rules"}
    assert others <= {"jit"}, "a rule takes a record and numbers and knows nothing else"


def test_rules_and_policies_never_import_each_other():
    for name, file in modules().items():
        for other in inside(imports(file)):
            if layer(name) == "policies" and layer(other) == "rules":
                assert (name, other) in EXCEPTIONS, f"{name} imports {other}"
            assert not (layer(name) == "rules" and layer(other) == "policies")


def test_the_exceptions_are_all_needed():
    for name, other in EXCEPTIONS:
        assert other in inside(imports(modules()[name]))


def test_systems_and_outcomes_know_neither_rules_of_teachers_nor_policies():
    for name, file in modules().items():
        layers = {layer(other) for other in inside(imports(file))}
        if layer(name) == "system":
            assert not layers & {"phases", "policies", "outcomes", "rules", "scenario"}
        if layer(name) == "outcomes":
            assert not layers & {"phases", "policies", "system", "scenario"}


@pytest.mark.parametrize("module", [name for name in modules() if layer(name) in SIMULATION])
def test_nothing_in_the_simulation_imports_hydra_or_draws(module):
    outside = {name.split(".")[0] for name in imports(modules()[module])}
    assert not outside & {"hydra", "omegaconf", "matplotlib", "rich", "jinja2", "duckdb"}


def test_nothing_draws_but_from_counters():
    """No generator of Python's or NumPy's in the simulation; what Mesa's agent sets shuffle with is Mesa's."""
    for name, file in modules().items():
        if layer(name) in SIMULATION - {"columns"}:
            assert not {"random", "secrets"} & {other.split(".")[0] for other in imports(file)}, name
            assert "np.random" not in file.read_text(encoding="utf-8"), name


def test_only_columns_know_mesa_and_only_jit_knows_numba():
    for name, file in modules().items():
        outside = {other.split(".")[0] for other in imports(file)}
        if layer(name) in SIMULATION:
            assert "mesa" not in outside or layer(name) == "columns", f"{name} imports mesa"
            assert "numba" not in outside or name == "jit", f"{name} imports numba"


def test_one_module_reads_yaml():
    for name, file in modules().items():
        outside = {other.split(".")[0] for other in imports(file)}
        assert not outside & {"yaml", "ruamel", "oyaml", "strictyaml"} or name == "strict_yaml", name
        assert "OmegaConf.load" not in file.read_text(encoding="utf-8"), name
        assert "initialize_config" not in file.read_text(encoding="utf-8"), f"{name} lets Hydra read files"


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import kmsim", ("numba", "mesa", "pandas", "numpy", "scipy", "hydra", "matplotlib", "yaml", "ruamel")),
        (
            "import kmsim.parameters, kmsim.errors, kmsim.names, kmsim.configuration",
            ("numba", "mesa", "pandas", "hydra", "matplotlib"),
        ),
        ("from kmsim.model import Model", ("hydra", "omegaconf", "matplotlib", "rich", "jinja2")),
    ],
)
def test_what_is_heavy_is_loaded_only_when_asked_for(statement, absent):
    script = f"{statement}\nimport sys\nprint(*[name for name in {absent!r} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert run.stdout.split() == []
