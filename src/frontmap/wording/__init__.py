"""What pages and sheets say, in every language there is: one file of words for each."""

from frontmap.wording.language import Language, language, languages
from frontmap.wording.pages import page_words
from frontmap.wording.table import Cell, Table

__all__ = ["Cell", "Language", "Table", "language", "languages", "page_words"]
