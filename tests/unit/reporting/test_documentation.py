"""Where pages link to."""

from descent.reporting import documentation


def test_a_placeholder_is_no_address(monkeypatch):
    monkeypatch.setattr(documentation, "_ADDRESS", "https://example.org/YOU/optimizers")
    assert documentation.page("glossary.md") is None


def test_a_file_of_the_documentation_has_one(monkeypatch):
    monkeypatch.setattr(documentation, "_ADDRESS", "https://host/owner/descent")
    assert documentation.page("glossary.md#seed") == (
        "https://host/owner/descent/blob/main/docs/glossary.md#seed"
    )
