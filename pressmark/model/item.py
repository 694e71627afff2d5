"""The item that a spider passes to the pipelines: an article and the captures it was read from."""

import attrs

from pressmark.model.article import Article
from pressmark.model.capture import Receipt
from pressmark.model.document import Document


@attrs.frozen(kw_only=True)
class Reading:
    """One article that was read in this run."""

    article: Article
    day: str
    """`YYYY/MM/DD`, from the article's URL."""
    receipts: tuple[Receipt, ...]
    """Of the exchanges it was read from, in the order of its pages."""
    document: Document | None = None
    """Built by the `validate` step."""
