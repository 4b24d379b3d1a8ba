import pytest
import torch

from descent.grading import protocol


def test_a_header_comes_back_with_its_tuples():
    header = {"betas": (0.9, (0.5, None)), "names": ["a"], "deep": {"of": [(1,)]}}
    message = protocol.pack(header, b"123")
    n_header, n_payload = protocol.sizes(message[: protocol.SIZES])
    assert n_payload == 3
    assert protocol.unpack(message[protocol.SIZES :][:n_header]) == header


@pytest.mark.parametrize("text", [b"no JSON", b"[1]", b"\xff", b"[" * 100_000, b'"x"'])
def test_what_is_no_header_is_refused(text):
    with pytest.raises(ValueError):
        protocol.unpack(text)


def test_a_message_that_is_too_long_is_refused():
    with pytest.raises(ValueError):
        protocol.sizes(b"\xff" * protocol.SIZES)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tensors_come_back_bit_for_bit(dtype):
    tensors = [torch.randn(3, 2, dtype=dtype).mT, torch.tensor(float("nan"), dtype=dtype)]
    back = protocol.from_bytes(protocol.to_bytes(tensors), tensors)
    assert all(torch.equal(a, b) or a.isnan().all() for a, b in zip(back, tensors, strict=True))


def test_numbers_of_another_size_are_refused():
    with pytest.raises(ValueError, match="4 bytes in place of 8"):
        protocol.from_bytes(b"1234", [torch.zeros(2)])


@pytest.mark.parametrize(
    ("value", "can"), [((1, [None, "x", 0.5]), True), (object(), False), ([torch.ones(1)], False)]
)
def test_only_plain_values_can_be_sent(value, can):
    assert protocol.can_be_sent(value) == can
