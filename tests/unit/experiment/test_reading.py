"""Configuration files: nothing in them is lost, and what is wrong is one line with its place."""

import pytest
import yaml

from configurations import PROJECT
from descent.errors import ConfigurationError
from descent.experiment.reading import read


def said(folder, content, name="my.yaml"):
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigurationError) as error:
        read(file)
    assert "\n" not in str(error.value)
    return str(error.value).removeprefix(str(file))


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (
            "name: a\nseeds: [1]\nname: b\n",
            ", line 3: name is already in line 1, and only one of them would count; "
            "rename or remove one",
        ),
        (
            "comparisons:\n  pair:\n    ours: {lr: 1}\n    ours: {lr: 2}\n",
            ", line 4: ours is already in line 3, and only one of them would count; "
            "rename or remove one",
        ),
        (
            "training: {epochs: 1, epochs: 2}\n",
            ", line 1: epochs is already in line 1, and only one of them would count; "
            "rename or remove one",
        ),
        ("training:\n\tepochs: 1\n", ", line 2: a tab; YAML wants spaces"),
        (
            "name: a\nseeds: [0, 1\nname: b\n",
            ", line 3: expected ',' or ']', but got ':' "
            "(while parsing a flow sequence, which begins in line 2)",
        ),
        ("name: a\n  epochs: 2\n", ", line 2: mapping values are not allowed here"),
        ("", ": holds no keys; it needs lines such as `name: mnist`"),
        ("- a\n- b\n", ": holds no keys; it needs lines such as `name: mnist`"),
        ("name: a # caf\xe9\n".encode("latin-1"), ", line 1: not UTF-8; save it as UTF-8"),
        ("name: a\n".encode("utf-16"), ", line 1: not UTF-8; save it as UTF-8"),
        (
            '{"name": "a", "name": "b"}',
            ": name appears twice in one object; rename or remove one of them",
        ),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path, content, line):
    assert said(tmp_path, content) == line


@pytest.mark.parametrize(
    "content",
    [
        "name: a\r\nseeds: [0]\r\n",  # as Windows ends lines
        "\N{BYTE ORDER MARK}name: a\nseeds: [0]\n",
        '{\n\t"name": "a",\n\t"seeds": [0]\n}',
        "base: &base {name: a}\n<<: *base\nseeds: [0]\n",
    ],
)
def test_what_is_right_is_read(tmp_path, content):
    (tmp_path / "my.yaml").write_text(content, encoding="utf-8", newline="")
    read_back = read(tmp_path / "my.yaml")
    assert read_back["name"] == "a" and read_back["seeds"] == [0]


@pytest.mark.parametrize("file", sorted((PROJECT / "config").glob("*.yaml")), ids=lambda f: f.name)
def test_the_own_files_are_read_as_yaml_reads_them(file):
    assert read(file) == yaml.safe_load(file.read_text())
