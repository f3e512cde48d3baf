"""
A language model of scalars: it learns which character comes next.

`transformer` has the network, `characters` what makes numbers of text, `bigrams` the model to beat; `training` trains,
by programs of `programs`, and `generating` writes new text.
"""

from nn.language.bigrams import Bigrams
from nn.language.characters import Characters
from nn.language.documents import mean_loss
from nn.language.generating import generate
from nn.language.training import fit_documents
from nn.language.transformer import GPT, KeyValueCache

__all__ = ["GPT", "Bigrams", "Characters", "KeyValueCache", "fit_documents", "generate", "mean_loss"]
