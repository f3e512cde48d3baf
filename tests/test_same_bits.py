"""The same bits on every Python: CI runs the script on each, and this test on the one at hand."""

from same_bits import digest


def test_the_digest_is_the_same_on_every_python():
    assert digest() == "6977bda8781c011b3b1be30ae79c3c06f30ae3e9c72a5f9c7b9d4fa277736ea5"
