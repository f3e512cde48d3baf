"""Text as numbers: a token for each character, and one that stands before the first and after the last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autograd.errors import ArgumentError, OperandError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Characters:
    """
    The characters of some documents, each with a number: its token. The last token, `bos`, begins and ends a document.

    Parameters
    ----------
    documents
        Texts; each character in them gets a token, in the order of the alphabet.

    Raises
    ------
    TypeError
        They are not a list of texts.
    ValueError
        There is no text, or an empty one.

    Examples
    --------
    >>> characters = Characters(["emma", "ava"])
    >>> characters, len(characters), characters.bos
    (Characters('aemv'), 5, 4)
    >>> characters.encode("eva")
    [4, 1, 3, 0, 4]
    >>> characters.decode([4, 1, 3, 0, 4])
    'eva'
    """

    def __init__(self, documents: Iterable[str]) -> None:
        given = texts(documents, "Characters: documents")
        self.alphabet = "".join(sorted(set().union(*given)))
        self.bos = len(self.alphabet)
        self._tokens = {character: token for token, character in enumerate(self.alphabet)}

    def __len__(self) -> int:
        return len(self.alphabet) + 1

    def encode(self, document: str) -> list[int]:
        """
        Give the tokens of a text, with `bos` at both ends.

        Parameters
        ----------
        document
            The text.

        Returns
        -------
        list of int

        Raises
        ------
        TypeError
            It is no text.
        ValueError
            It is empty, or has a character that has no token.
        """
        (document,) = texts([document], "encode: document")
        for place, character in enumerate(document):
            if character not in self._tokens:
                msg = (
                    f"encode: {document!r} has {character!r} at {place}, which is none of the {len(self.alphabet)} "
                    f"characters {self.alphabet!r}: leave it out, or make Characters of documents that have it"
                )
                raise ArgumentError(msg)
        return [self.bos, *(self._tokens[character] for character in document), self.bos]

    def decode(self, tokens: Sequence[int]) -> str:
        """
        Give the text of tokens; `bos` is no character of it.

        Parameters
        ----------
        tokens
            The tokens.

        Returns
        -------
        str

        Raises
        ------
        ValueError
            There is no such token.
        """
        for token in tokens:
            if not 0 <= token < len(self):
                msg = f"decode: a token must be from 0 to {len(self) - 1}, not {token}"
                raise ArgumentError(msg)
        return "".join(self.alphabet[token] for token in tokens if token != self.bos)

    def __repr__(self) -> str:
        return f"Characters({self.alphabet!r})"


def texts(documents: Iterable[str], role: str) -> list[str]:
    """
    See that documents are texts, and none of them empty.

    Parameters
    ----------
    documents
        What was given.
    role
        What it is for; the messages begin with it.

    Returns
    -------
    list of str

    Raises
    ------
    TypeError, ValueError
        They are not.
    """
    if isinstance(documents, str) or not hasattr(documents, "__iter__"):
        msg = f"{role} must be a list of texts, not {type(documents).__name__} {documents!r}"
        raise OperandError(msg)
    given = list(documents)
    if not given:
        msg = f"{role} must have at least one text"
        raise ArgumentError(msg)
    for place, document in enumerate(given):
        if not isinstance(document, str):
            msg = f"{role} must be texts, but number {place} is {type(document).__name__} {document!r}"
            raise OperandError(msg)
        if not document:
            msg = f"{role} must not be empty, but number {place} is: leave it out"
            raise ArgumentError(msg)
    return given
