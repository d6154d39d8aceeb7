"""The language of questions, held against whatever relations the rooms above bring; columns to ask."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.query.checking import check as check
    from visloop.query.columns.blocks import Builder as Builder
    from visloop.query.columns.blocks import assemble as assemble
    from visloop.query.columns.blocks import counts as counts
    from visloop.query.columns.files import Files as Files
    from visloop.query.columns.files import Whole as Whole
    from visloop.query.columns.joining import Layout as Layout
    from visloop.query.columns.joining import Outline as Outline
    from visloop.query.columns.joining import cut as cut
    from visloop.query.columns.joining import joined as joined
    from visloop.query.columns.keeping import Kept as Kept
    from visloop.query.columns.records import Block as Block
    from visloop.query.columns.values import Column as Column
    from visloop.query.columns.values import Numbers as Numbers
    from visloop.query.columns.values import Order as Order
    from visloop.query.columns.values import Texts as Texts
    from visloop.query.completing import Candidate as Candidate
    from visloop.query.completing import Completion as Completion
    from visloop.query.completing import complete as complete
    from visloop.query.counting import Facet as Facet
    from visloop.query.counting import counted_by as counted_by
    from visloop.query.counting import facet as facet
    from visloop.query.errors import QueryWrong as QueryWrong
    from visloop.query.errors import Span as Span
    from visloop.query.executing import Found as Found
    from visloop.query.executing import Source as Source
    from visloop.query.executing import run as run
    from visloop.query.language.grammar import parse as parse
    from visloop.query.moments import span as span
    from visloop.query.plan import Checked as Checked
    from visloop.query.plan import Joined as Joined
    from visloop.query.plan import Of as Of
    from visloop.query.plan import Plan as Plan
    from visloop.query.plan import Test as Test
    from visloop.query.relations.asking import MOST_ROWS as MOST_ROWS
    from visloop.query.relations.asking import Answer as Answer
    from visloop.query.relations.asking import Listed as Listed
    from visloop.query.relations.asking import ask as ask
    from visloop.query.relations.asking import column_of as column_of
    from visloop.query.relations.records import Relation as Relation
    from visloop.query.relations.records import named as named
    from visloop.query.relations.records import recorded as recorded
    from visloop.query.schema import Field as Field
    from visloop.query.schema import Level as Level
    from visloop.query.schema import Schema as Schema
    from visloop.query.spreading import Histogram as Histogram
    from visloop.query.spreading import spread as spread
    from visloop.query.views import View as View
    from visloop.query.views import ViewNotFound as ViewNotFound
    from visloop.query.views import find_view as find_view
    from visloop.query.views import known_views as known_views
    from visloop.query.views import list_views as list_views
    from visloop.query.views import remove_view as remove_view
    from visloop.query.views import save_view as save_view

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "moments": ("span",),
        "checking": ("check",),
        "columns.blocks": ("Builder", "assemble", "counts"),
        "columns.files": ("Files", "Whole"),
        "columns.joining": ("Layout", "Outline", "cut", "joined"),
        "columns.keeping": ("Kept",),
        "columns.records": ("Block",),
        "columns.values": ("Column", "Numbers", "Order", "Texts"),
        "completing": ("Candidate", "Completion", "complete"),
        "counting": ("Facet", "counted_by", "facet"),
        "errors": ("QueryWrong", "Span"),
        "executing": ("Found", "Source", "run"),
        "language.grammar": ("parse",),
        "plan": ("Checked", "Joined", "Of", "Plan", "Test"),
        "relations.asking": ("MOST_ROWS", "Answer", "Listed", "ask", "column_of"),
        "relations.records": ("Relation", "named", "recorded"),
        "views": (
            "View",
            "ViewNotFound",
            "find_view",
            "known_views",
            "list_views",
            "remove_view",
            "save_view",
        ),
        "spreading": ("Histogram", "spread"),
        "schema": ("Field", "Level", "Schema"),
    },
)
