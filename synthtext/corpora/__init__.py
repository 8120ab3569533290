"""Where texts come from. In a recipe, `use: text_file` means the class `TextFile` of this package."""

from synthtext.corpora.characters import Characters
from synthtext.corpora.corpus import Corpus, CorpusMixture, DrawnText, SearchableCorpus, clean_text
from synthtext.corpora.faker import Faker
from synthtext.corpora.fields import Code, Date, Email, Number, Price, WebAddress
from synthtext.corpora.insertion import comes_between, place_character
from synthtext.corpora.jieba_words import JiebaWords
from synthtext.corpora.language import is_charset_name, language_characters, languages, resolve_charset
from synthtext.corpora.look_alikes import LookAlikes
from synthtext.corpora.pattern import Pattern
from synthtext.corpora.template import Template
from synthtext.corpora.text_file import TextFile, split_of
from synthtext.corpora.words import Words

__all__ = [
    "Characters",
    "Code",
    "Corpus",
    "CorpusMixture",
    "Date",
    "DrawnText",
    "Email",
    "Faker",
    "JiebaWords",
    "LookAlikes",
    "Number",
    "Pattern",
    "Price",
    "SearchableCorpus",
    "Template",
    "TextFile",
    "WebAddress",
    "Words",
    "clean_text",
    "comes_between",
    "is_charset_name",
    "language_characters",
    "languages",
    "place_character",
    "resolve_charset",
    "split_of",
]
