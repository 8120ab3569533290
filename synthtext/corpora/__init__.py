"""Sources of texts. In a recipe, `use: text_file` refers to the class `TextFile` of this package."""

from synthtext.corpora.characters import Characters
from synthtext.corpora.charset_options import CharsetOptions
from synthtext.corpora.confusables import Confusables
from synthtext.corpora.corpus import (
    Corpus,
    CorpusMixture,
    SampledText,
    SearchableCorpus,
    clean_text,
    insert_character,
    joins_texts,
)
from synthtext.corpora.faker import Faker
from synthtext.corpora.fields import Code, Date, Email, Number, Price, Template, WebAddress
from synthtext.corpora.fragments import Fragment, RunningText
from synthtext.corpora.language import is_charset_name, language_characters, resolve_charset
from synthtext.corpora.pattern import Pattern
from synthtext.corpora.text_file import TextFile, split_for_text
from synthtext.corpora.word_lists import languages
from synthtext.corpora.words import JiebaWords, Words

__all__ = [
    "Characters",
    "CharsetOptions",
    "Code",
    "Confusables",
    "Corpus",
    "CorpusMixture",
    "Date",
    "Email",
    "Faker",
    "Fragment",
    "JiebaWords",
    "Number",
    "Pattern",
    "Price",
    "RunningText",
    "SampledText",
    "SearchableCorpus",
    "Template",
    "TextFile",
    "WebAddress",
    "Words",
    "clean_text",
    "insert_character",
    "is_charset_name",
    "joins_texts",
    "language_characters",
    "languages",
    "resolve_charset",
    "split_for_text",
]
