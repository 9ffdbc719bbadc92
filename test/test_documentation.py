"""The documentation says what is so: tables, links, commands and quoted messages are checked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from functools import lru_cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
import io
from pathlib import Path
import re
from types import ModuleType

from mobileone_ros.settings import PARAMETERS
import pytest

ROOT = Path(__file__).parents[1]
PAGES = [*sorted(ROOT.glob('README*.md')), *sorted((ROOT / 'docs').glob('*.md'))]
GAP = '…'


def page_name(page: Path) -> str:
    return page.name


def load(path: Path) -> ModuleType:
    """Return the module in a file that is in no package."""
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def executables() -> dict[str, str]:
    """Return the module of each executable, as setup.py has them."""
    tree = ast.parse((ROOT / 'setup.py').read_text(encoding='utf-8'))
    values = [
        node.value for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == 'EXECUTABLES'
    ]
    found: dict[str, str] = ast.literal_eval(values[0])
    return found


@lru_cache
def help_of(name: str) -> str:
    """Return what an executable prints for --help."""
    printed = io.StringIO()
    with redirect_stdout(printed), suppress(SystemExit):
        import_module(executables()[name]).main(['--help'])
    return printed.getvalue()


def commands_of(page: Path) -> Iterator[str]:
    """Yield the commands in a page's console blocks and in its running text, one a line."""
    text = page.read_text(encoding='utf-8')
    for block in re.findall(r'```console\n(.*?)```', text, re.DOTALL):
        joined = block.replace('\\\n', ' ')
        yield from (line.split(' #')[0] for line in joined.splitlines())
    yield from re.findall(r'`([^`\n]*(?:ros2|scripts/|python3)[^`\n]*)`', text)


def literals_of(folder: Path) -> Iterator[str]:
    """Yield every text of the sources, what an f-string fills in replaced by a gap."""
    for path in folder.rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            if isinstance(node, ast.JoinedStr):
                yield ''.join(
                    str(part.value) if isinstance(part, ast.Constant) else GAP
                    for part in node.values
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_the_tables_of_parameters_are_those_of_the_declarations() -> None:
    page = (ROOT / 'docs' / 'parameters.md').read_text(encoding='utf-8')
    with_tables = load(ROOT / 'docs' / 'generate_parameters.py').with_tables

    assert page == with_tables(page), 'run python3 docs/generate_parameters.py'


def test_the_generated_tables_have_every_parameter() -> None:
    page = (ROOT / 'docs' / 'parameters.md').read_text(encoding='utf-8')

    rows = re.findall(r'^\| `(\w+)` \|', page, re.MULTILINE)
    assert sorted(set(rows) - {'use_sim_time'}) == sorted(spec.name for spec in PARAMETERS)


@pytest.mark.parametrize('page', PAGES, ids=page_name)
def test_every_link_to_a_file_of_this_repository_leads_there(page: Path) -> None:
    text = re.sub(r'```.*?```', '', page.read_text(encoding='utf-8'), flags=re.DOTALL)
    targets = {target.split('#')[0] for target in re.findall(r'\]\(([^)\s]+)\)', text)}

    missing = [
        target for target in targets
        if target and '://' not in target and not (page.parent / target).exists()
    ]
    assert missing == []


@pytest.mark.parametrize('page', PAGES, ids=page_name)
def test_every_executable_and_launch_file_that_is_run_is_there(page: Path) -> None:
    for command in commands_of(page):
        for name in re.findall(r'(?:ros2 run mobileone_ros|scripts/run) ([a-z]\w*)', command):
            assert name in executables(), command
        for name in re.findall(r'ros2 launch mobileone_ros (\S+)', command):
            assert (ROOT / 'launch' / name).is_file(), command
        for name in re.findall(r'(?<![\w/])scripts/\w+|(?<=python3 )\w\S+\.py', command):
            assert (ROOT / name).is_file(), command


@pytest.mark.parametrize('page', PAGES, ids=page_name)
def test_every_option_that_is_given_to_an_executable_exists(page: Path) -> None:
    for command in commands_of(page):
        called = re.search(r'(?:ros2 run mobileone_ros|scripts/run) ([a-z]\w*)([^|&;]*)', command)
        if called is None:
            continue
        name, words = called.groups()
        own, _, ros_arguments = words.partition('--ros-args')
        for option in re.findall(r'(?<!\S)(--[a-z][\w-]*)', own):
            assert option in help_of(name), command
        if name == 'classifier':
            for parameter in re.findall(r"-p '?(\w+):=", ros_arguments):
                assert parameter in {spec.name for spec in PARAMETERS}, command


def test_what_troubleshooting_quotes_is_what_the_code_says() -> None:
    page = (ROOT / 'docs' / 'troubleshooting.md').read_text(encoding='utf-8')
    said = list(literals_of(ROOT / 'mobileone_ros'))
    quotes = re.findall(r'^> (.+)$', page, re.MULTILINE)

    assert len(quotes) > 20
    assert [quote for quote in quotes if not any(quote in text for text in said)] == []


def test_the_pattern_of_composition_is_that_of_the_example() -> None:
    page = (ROOT / 'docs' / 'composition.md').read_text(encoding='utf-8')
    pattern = page[page.index('## The pattern'):page.index('## What the node promises')]
    example = (ROOT / 'examples' / 'composition' / 'robot.py').read_text(encoding='utf-8')
    blocks = re.findall(r'```python\n(.*?)```', pattern, re.DOTALL)

    assert blocks
    assert [block for block in blocks if block not in example] == []
