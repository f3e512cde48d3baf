"""The GPT of scalars, beside microgpt's printed losses and a transformer written with NumPy's matrices."""

import contextlib
import math
import os
import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nn
from autograd import Value, gradients, no_grad, record, take
from autograd.errors import ArgumentError, DivergenceError, OperandError
from autograd.testing import assert_gradients_close
from nn.language.programs import DocumentProgram

#: What microgpt prints: seed 42, its names, a document a step.
MICROGPT = {
    1: 3.3659669475848504, 2: 3.4242727838717717, 3: 3.177802125458052, 10: 3.2228882401182624, 50: 2.4049823340767382,
    100: 3.366930921178914, 500: 2.0644662067274577, 1000: 2.6496944697407585,
}  # fmt: skip

#: Where its names are, which are no part of this project.
NAMES = os.environ.get("CHAINRULE_NAMES", "")
HAS_NAMES = bool(NAMES) and Path(NAMES).is_file()
WHY_NOT = "needs microgpt's names.txt: CHAINRULE_NAMES says where it is"


# ---------------------------------------------------------------------- beside microgpt


@pytest.mark.no_cover
@pytest.mark.skipif(not HAS_NAMES, reason=WHY_NOT)
@pytest.mark.parametrize(
    ("programs", "steps", "tolerance"),
    [
        (False, 50, 1e-9),
        (True, 100, 1e-6),
        pytest.param(False, 1000, 1e-9, marks=pytest.mark.slow),
        pytest.param(True, 1000, 1e-6, marks=pytest.mark.slow),
    ],
)
def test_losses_are_microgpts(programs, steps, tolerance):
    documents = [line.strip() for line in Path(NAMES).read_text(encoding="utf-8").splitlines() if line.strip()]
    rng = random.Random(42)
    rng.shuffle(documents)
    characters = nn.Characters(documents)
    model = nn.GPT(len(characters), seed=rng)
    assert len(model.parameters()) == 4192
    optimizer = nn.Adam(model.parameters(), lr=0.01, betas=(0.85, 0.99))
    schedule = nn.LinearLR(optimizer, 1.0, 0.0, 1000)
    history = nn.fit_documents(
        model, [characters.encode(document) for document in documents[:1000]], steps=steps, optimizer=optimizer,
        schedule=schedule, shuffle=False, programs=programs, progress=False,
    )  # fmt: skip
    assert history.engine == ("programs" if programs else "eager")
    for step, loss in MICROGPT.items():
        if step <= steps:
            assert history["loss"][step - 1] == pytest.approx(loss, abs=tolerance), step


# ---------------------------------------------------------------------- the network


def tiny(**options):
    return nn.GPT(**{"vocab_size": 5, "n_embd": 4, "n_head": 2, "n_layer": 1, "block_size": 6, "seed": 0, **options})


def with_matrices(model, tokens):
    """Compute the logits with matrices, all tokens at once; and where each head of each layer looks."""
    looks = []

    def numbers(weights):
        return np.array([[weight.data for weight in row] for row in weights])

    def normed(x):
        return x / np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-5)

    def split(x, heads):
        return x.reshape(len(x), heads, -1).transpose(1, 0, 2)

    x = numbers(model.token_embedding.weight)[tokens] + numbers(model.position_embedding.weight)[: len(tokens)]
    x = normed(x)
    for block in model.blocks:
        attention = block.attention
        q, k, v = (
            split(normed(x) @ numbers(part.weight).T, attention.n_head)
            for part in (attention.query, attention.key, attention.value)
        )
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(q.shape[-1])
        scores[:, ~np.tri(len(tokens), dtype=bool)] = -np.inf
        shares = np.exp(scores - scores.max(axis=2, keepdims=True))
        shares /= shares.sum(axis=2, keepdims=True)
        looks.append(shares)
        x = x + (shares @ v).transpose(1, 0, 2).reshape(x.shape) @ numbers(attention.out.weight).T
        x = x + np.maximum(normed(x) @ numbers(block.wide.weight).T, 0) @ numbers(block.narrow.weight).T
    return x @ numbers(model.head.weight).T, looks


@st.composite
def models_with_documents(draw):
    heads = draw(st.integers(1, 3))
    model = nn.GPT(
        draw(st.integers(2, 5)), n_embd=heads * draw(st.integers(1, 2)), n_head=heads, n_layer=draw(st.integers(1, 2)),
        block_size=draw(st.integers(1, 5)), seed=draw(st.integers(0, 100)),
    )  # fmt: skip
    for parameter in model.parameters():
        parameter.data *= 8.0  # weights at the start are small: attention would be nearly even
    token = st.integers(0, len(model.token_embedding.weight) - 1)
    documents = st.lists(st.lists(token, min_size=2, max_size=model.block_size + 1), min_size=1, max_size=3)
    return model, draw(documents)


@given(models_with_documents())
@settings(max_examples=30)
def test_logits_and_losses_are_those_of_matrices(drawn):
    model, documents = drawn
    for tokens in documents:
        found = [[logit.data for logit in row] for row in model(tokens[:-1])]
        logits, looks = with_matrices(model, tokens[:-1])
        assert np.allclose(found, logits, rtol=1e-9, atol=1e-9)
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        expected = -np.log(probabilities[range(len(tokens) - 1), tokens[1:]])
        assert np.allclose([loss.data for loss in model.losses(tokens)], expected, rtol=1e-8, atol=1e-9)
        for layer, heads in enumerate(model.attention(tokens[:-1])):
            for head, weights in enumerate(heads):
                for place, row in enumerate(weights):
                    assert np.allclose(row, looks[layer][head, place, : place + 1], rtol=1e-9, atol=1e-12)
        assert model.loss(tokens).data == pytest.approx(expected.mean(), rel=1e-8, abs=1e-9)


def test_token_after_token_gives_the_same_bits():
    model, cache = tiny(), tiny().cache()
    whole = model([4, 0, 3, 2])
    parts = [*model([4], cache), *model([0, 3], cache), *model([2], cache)]
    assert [[a.data for a in row] for row in whole] == [[a.data for a in row] for row in parts]
    assert len(cache) == 4


def test_no_token_looks_ahead():
    before, after = (tiny()([4, 0, 3, last]) for last in (1, 2))
    assert [[a.data for a in row] for row in before[:3]] == [[a.data for a in row] for row in after[:3]]
    model = tiny()
    model([4, 0, 3])[1][0].backward()
    assert any(weight.grad for weight in model.position_embedding.weight[1])
    assert not any(weight.grad for weight in model.position_embedding.weight[2])


def test_gradients():
    model = nn.GPT(3, n_embd=2, n_head=2, block_size=2, seed=3)
    for parameter in model.parameters():
        parameter.data *= 8.0
    assert_gradients_close(lambda parameters: model.loss([2, 0, 1]), [model.parameters()])


def test_it_is_a_module(tmp_path):
    model = tiny()
    assert model.summary().splitlines()[-1].split() == ["total", "GPT", str(len(model.parameters()))]
    assert len(nn.GPT(27).parameters()) == 4192
    model.save(tmp_path / "gpt.safetensors")
    other = tiny(seed=1).load(tmp_path / "gpt.safetensors")
    assert other.state_dict() == model.state_dict()
    assert [a.data for row in other([1, 2]) for a in row] == [a.data for row in model([1, 2]) for a in row]
    assert repr(model).startswith("GPT(5, n_embd=4, n_head=2, n_layer=1, block_size=6")
    assert model([[1, 2], [3]])[1][0][0].data == model([3])[0][0].data


# ---------------------------------------------------------------------- programs


@given(models_with_documents())
@settings(max_examples=20)
def test_one_program_is_right_for_all_lengths(drawn):
    model, documents = drawn
    program = DocumentProgram(model, max(map(len, documents)) - 1)
    rows, theta = program.rows(documents), np.array([parameter.data for parameter in model.parameters()])
    found, gradient = program.gradient(rows, theta)
    losses = [model.loss(tokens) for tokens in documents]
    assert np.allclose(program.losses(rows, theta), [loss.data for loss in losses], rtol=1e-10, atol=1e-12)
    model.zero_grad()
    total = sum(losses, Value(0.0)) / len(losses)
    total.backward()
    assert found == pytest.approx(total.data, rel=1e-10, abs=1e-12)
    assert np.allclose(gradient, [parameter.grad for parameter in model.parameters()], rtol=1e-8, atol=1e-10)


def test_a_program_names_a_token_that_is_none():
    model = tiny()
    program = DocumentProgram(model, 3)
    rows, theta = program.rows([[4, 0, 5, 4]]), np.array([parameter.data for parameter in model.parameters()])
    with pytest.raises(IndexError, match="the index must be from 0 to 4, not 5"):
        program.losses(rows, theta)


def test_tokens_that_are_data_give_the_same():
    model, tokens = tiny(), [4, 0, 3, 2]
    for row, other in zip(model(tokens), model([Value(float(token)) for token in tokens]), strict=True):
        assert [a.data for a in row] == pytest.approx([b.data for b in other], rel=1e-14)


DOCUMENTS = [[4, 0, 1, 4], [4, 2, 2, 3, 0, 4], [4, 1, 4], [4, 0, 4]]


def test_training_by_programs_is_training():
    models, histories, optimizers = [], [], []
    for programs in (False, True):
        model = tiny()
        optimizer = nn.Adam(model.parameters(), lr=0.01)
        history = nn.fit_documents(
            model, DOCUMENTS, steps=12, batch_size=3, optimizer=optimizer, seed=1, programs=programs, progress=False
        )
        models.append([number for parameter in model.parameters() for number in (parameter.data, parameter.grad)])
        histories.append(history)
        optimizers.append(optimizer.state_dict())
    assert np.allclose(*models, rtol=1e-8, atol=1e-10)
    assert np.allclose(*(history["loss"] for history in histories), rtol=1e-9)
    assert [history.engine for history in histories] == ["eager", "programs"]
    assert optimizers[0]["state"][0]["t"] == optimizers[1]["state"][0]["t"] == 12
    assert histories[0]["lr"] == histories[1]["lr"] == pytest.approx([0.01 * (1 - i / 12) for i in range(12)])


@pytest.mark.parametrize("programs", [False, True])
def test_numbers_that_run_away_are_an_error(programs):
    model = tiny()
    model.head.weight[0][0].data = math.nan
    before = model.state_dict()["position_embedding.weight"]
    with pytest.raises(DivergenceError, match=r"in step 1 a number is not finite; try a lower learning rate"):
        nn.fit_documents(model, DOCUMENTS, steps=3, programs=programs, progress=False)
    assert model.state_dict()["position_embedding.weight"] == before


@pytest.mark.parametrize("programs", [False, True])
def test_documents_come_in_order_again_and_again(programs):
    model = tiny()
    each = [model.loss(document).data for document in DOCUMENTS]
    history = nn.fit_documents(
        model, DOCUMENTS, steps=3, batch_size=3, optimizer=nn.SGD(model.parameters(), lr=0.0), shuffle=False,
        programs=programs, progress=False,
    )  # fmt: skip
    expected = [sum(each[i] for i in chosen) / 3 for chosen in ([0, 1, 2], [3, 0, 1], [2, 3, 0])]
    assert history["loss"] == pytest.approx(expected, rel=1e-10)
    assert repr(history).startswith("History(3 steps; the last: loss=")


def test_an_update_that_runs_away_is_not_taken():
    model = tiny()
    before = model.state_dict()
    optimizer = nn.SGD(model.parameters(), lr=1e308)
    with pytest.raises(DivergenceError, match="in step 1 a number is not finite"):
        nn.fit_documents(model, DOCUMENTS, steps=3, optimizer=optimizer, programs=True, progress=False)
    assert model.state_dict() == before


@pytest.mark.parametrize("programs", [False, True])
def test_what_is_interrupted_keeps_its_steps(programs):
    class Interrupting(nn.LinearLR):
        def step(self):
            super().step()
            if self.last_epoch == 3:
                raise KeyboardInterrupt

    def trained(steps, kind):
        model = tiny()
        optimizer = nn.Adam(model.parameters(), lr=0.01)
        schedule = kind(optimizer, 1.0, 0.0, 10)
        with contextlib.suppress(KeyboardInterrupt):
            nn.fit_documents(
                model, DOCUMENTS, steps=steps, optimizer=optimizer, schedule=schedule, shuffle=False, programs=programs,
                progress=False,
            )  # fmt: skip
        return model.state_dict(), optimizer.state_dict()["state"]

    assert trained(10, Interrupting) == trained(3, nn.LinearLR)


def test_training_without_programs_says_why():
    class OwnGPT(nn.GPT):
        pass

    own = OwnGPT(5, n_embd=4, n_head=2, seed=0)
    history = nn.fit_documents(own, DOCUMENTS, steps=1, progress=False)
    assert history.why_eager == "OwnGPT is a network of your own, which may depend on more than a recording shows"
    hooked = tiny()
    hooked.head.register_forward_hook(lambda *_: None)
    assert "hook" in nn.fit_documents(hooked, DOCUMENTS, steps=1, progress=False).why_eager

    class Own(nn.Adam):
        def step(self):
            super().step()

    model = tiny()
    history = nn.fit_documents(model, DOCUMENTS, steps=2, optimizer=Own(model.parameters()), progress=False)
    assert (history.engine, history.why_eager) == ("eager", "Own takes its steps in a way of its own")
    with pytest.raises(ArgumentError, match="Own takes its steps in a way of its own"):
        nn.fit_documents(model, DOCUMENTS, optimizer=Own(model.parameters()), programs=True)


# ---------------------------------------------------------------------- text, counts, new text


@given(st.lists(st.text(min_size=1, max_size=3), min_size=1, max_size=3))
@settings(max_examples=30)
def test_what_is_encoded_can_be_decoded(documents):
    characters = nn.Characters(documents)
    assert len(characters) == len(set("".join(documents))) + 1
    for document in documents:
        tokens = characters.encode(document)
        assert tokens[0] == tokens[-1] == characters.bos
        assert characters.decode(tokens) == document


@given(st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=6), min_size=1, max_size=5))
def test_bigrams_count(documents):
    pairs = Counter(pair for document in documents for pair in pairwise(document))
    firsts = Counter(token for document in documents for token in document[:-1])
    model = nn.Bigrams(documents, 4)
    expected = [-math.log((pairs[a, b] + 1) / (firsts[a] + 4)) for document in documents for a, b in pairwise(document)]
    assert nn.mean_loss(model, documents) == pytest.approx(sum(expected) / len(expected))
    assert sum(model.probability(2, b) for b in range(4)) == pytest.approx(1.0)


def test_new_documents():
    model = tiny()
    drawn = nn.generate(model, 4, count=30, seed=3)
    assert drawn == nn.generate(model, 4, count=30, seed=3) != nn.generate(model, 4, count=30, seed=4)
    assert all(len(tokens) <= 6 and 4 not in tokens for tokens in drawn)
    cold = nn.generate(model, 4, count=5, temperature=1e-3, seed=0)
    likeliest = [4]
    with no_grad():
        while len(likeliest) <= model.block_size:
            logits = [logit.data for logit in model(likeliest)[-1]]
            likeliest.append(logits.index(max(logits)))
            if likeliest[-1] == 4:
                break
    assert cold == [[token for token in likeliest[1:7] if token != 4]] * 5


def test_shares_of_characters_follow_the_probabilities():
    model = tiny()
    firsts = Counter((tokens or [4])[0] for tokens in nn.generate(model, 4, count=1000, seed=0))
    logits = with_matrices(model, [4])[0][0]
    shares = np.exp(logits) / np.exp(logits).sum()
    assert all(abs(firsts[token] / 1000 - share) < 0.05 for token, share in enumerate(shares))


# ---------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: nn.GPT(0), ValueError, "GPT: vocab_size must be at least 1"),
        (lambda: nn.GPT(5, n_embd=2.5), TypeError, "GPT: n_embd must be an integer"),
        (lambda: nn.GPT(5, n_embd=6, n_head=4), ValueError, "n_head must divide n_embd, but 6 numbers"),
        (lambda: tiny()([0] * 7), ValueError, "7 tokens are more than this GPT can look at: .* block_size than 6"),
        (lambda: tiny()([5]), ValueError, "an index must be from 0 to 4, not 5"),
        (lambda: tiny()([Value(5.0)]), ValueError, "an index must be from 0 to 4, not 5"),
        (lambda: tiny()(["a"]), TypeError, "an index must be an integer, not str 'a'"),
        (lambda: tiny().loss([4]), ValueError, "at least two tokens, of which the second is foretold, not 1"),
        (lambda: tiny().loss([4, 5]), IndexError, "the index must be from 0 to 4, not 5"),
        (lambda: nn.Characters([]), ValueError, "documents must have at least one text"),
        (lambda: nn.Characters("emma"), TypeError, "must be a list of texts, not str 'emma'"),
        (lambda: nn.Characters(["emma", ""]), ValueError, "must not be empty, but number 1 is: leave it out"),
        (lambda: nn.Characters(["emma", 1]), TypeError, "must be texts, but number 1 is int 1"),
        (lambda: nn.Characters(["emma"]).encode("mia"), ValueError, "'mia' has 'i' at 1, which is none of the 3 char"),
        (lambda: nn.Characters(["emma"]).encode(""), ValueError, "document must not be empty"),
        (lambda: nn.Characters(["emma"]).decode([4]), ValueError, "a token must be from 0 to 3, not 4"),
        (lambda: nn.fit_documents(tiny(), []), ValueError, "documents must have at least one document"),
        (lambda: nn.fit_documents(tiny(), ["ab"]), TypeError, "must be lists of tokens, which are integers"),
        (lambda: nn.fit_documents(tiny(), [[4]]), ValueError, "at least two tokens, but number 0 has 1: leave it out"),
        (lambda: nn.fit_documents(tiny(), [[4, 0], [0] * 8]), ValueError, "number 1 has 8 tokens, .* block_size=7"),
        (lambda: nn.fit_documents(tiny(), [[4, 9]]), ValueError, "number 0 has the token 9, but this GPT has those"),
        (lambda: nn.fit_documents(tiny(), DOCUMENTS, steps=0), ValueError, "steps must be at least 1"),
        (lambda: nn.fit_documents(tiny(), DOCUMENTS, programs="no"), TypeError, "programs, .* must be True or False"),
        (lambda: nn.generate(tiny(), 4, temperature=0), ValueError, "temperature must be positive, not 0"),
        (lambda: nn.Bigrams([], 0), ValueError, "Bigrams: vocab_size must be at least 1"),
        (lambda: nn.mean_loss(nn.Bigrams([], 3), []), ValueError, "at least one document"),
        (lambda: nn.RMSNorm(2, elementwise_affine=1), TypeError, "elementwise_affine must be True or False"),
    ],
)  # fmt: skip
def test_bad_input(call, kind, said):
    with pytest.raises(kind, match=said):
        call()


def test_rmsnorm_without_weights():
    norm = nn.RMSNorm(2, eps=0.0, elementwise_affine=False)
    assert norm([3.0, -3.0]) == [1.0, -1.0]
    assert norm.parameters() == []
    assert repr(norm) == "RMSNorm(2, elementwise_affine=False)"


# ---------------------------------------------------------------------- take


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=5), st.data())
def test_take_is_indexing(numbers, data):
    index = data.draw(st.integers(0, len(numbers) - 1))
    leaves, at = [Value(number) for number in numbers], Value(float(index))
    out = take(leaves, at)
    assert out.data == numbers[index] == take(numbers, index) == take(leaves, index).data
    (out * 3.0).backward()
    assert [leaf.grad for leaf in leaves] == [3.0 * (place == index) for place in range(len(numbers))]
    assert at.grad == 0.0
    second = gradients(take([leaf**3 for leaf in leaves], at), leaves[index])
    assert second.data == pytest.approx(3 * numbers[index] ** 2)
    program = record(take(leaves, at), inputs=[*leaves, at])
    for other in range(len(numbers)):
        value, slopes = program.value_and_grad([*numbers, float(other)])
        assert value == numbers[other]
        assert slopes.tolist() == [*(float(place == other) for place in range(len(numbers))), 0.0]


def test_what_is_not_taken_sends_nothing_back():
    x = Value(0.0)
    take([x.sqrt(), x + 1.0], 1).backward()
    assert x.grad == 1.0


@pytest.mark.parametrize("index", [3.0, -1.0, -0.5])
def test_no_such_element(index):
    leaves = [Value(1.0), Value(2.0), Value(3.0)]
    with pytest.raises(IndexError, match=r"take\(1.0, 2.0, 3.0, .*\): the index must be from 0 to 2, not "):
        take(leaves, index)
    at = Value(0.0)
    program = record(take(leaves, at), inputs=[at], params=leaves)
    with pytest.raises(IndexError, match="the index must be from 0 to 2"):
        program([index])
    assert math.isnan(program([index], check=False))


def test_an_embedding_of_an_index_that_is_data():
    embedding, index = nn.Embedding(3, 2, seed=0), Value(1.0)
    program = record(embedding(index), inputs=[index], params=embedding.parameters())
    for row in range(3):
        assert program([row]) == [weight.data for weight in embedding.weight[row]]
    with pytest.raises((OperandError, IndexError)):
        embedding(Value(3.0))
