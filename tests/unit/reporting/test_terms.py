"""The terms of the report."""

from descent.reporting.html_tables import _COLUMNS
from descent.reporting.terms import OF_HEADINGS, TERMS, anchor


def test_headings_are_those_of_tables_and_their_terms_are_explained():
    headings = {heading for columns in _COLUMNS.values() for heading in columns}
    assert OF_HEADINGS.keys() <= headings
    assert set(OF_HEADINGS.values()) <= TERMS.keys()


def test_an_anchor_is_in_lower_case_with_hyphens():
    assert anchor("Equal to rounding") == "equal-to-rounding"
    assert len(set(map(anchor, TERMS))) == len(TERMS)


def test_an_explanation_is_made_of_sentences():
    assert all(text[0].isupper() and text.endswith(".") for text in TERMS.values())
