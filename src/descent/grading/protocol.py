"""Messages between judge and worker: a header in JSON, then raw numbers. Nothing is unpickled."""

import json
import struct

import torch

_SIZES = struct.Struct("<II")
SIZES = _SIZES.size

#: No header or payload is larger, in bytes.
LARGEST_HEADER, LARGEST_PAYLOAD = 1 << 18, 1 << 24


def pack(header, payload=b""):
    """Return a message as bytes.

    Parameters
    ----------
    header : dict
        Of what JSON can write, and of tuples.
    payload : bytes
    """
    text = json.dumps(_encoded(header)).encode()
    return b"".join([_SIZES.pack(len(text), len(payload)), text, payload])


def sizes(start):
    """Read how long header and payload are from the first `SIZES` bytes of a message.

    Raises
    ------
    ValueError
        If this is no message.
    """
    header, payload = _SIZES.unpack(start)
    if header > LARGEST_HEADER or payload > LARGEST_PAYLOAD:
        raise ValueError("the message is too long")
    return header, payload


def unpack(text):
    """Read a header.

    Raises
    ------
    ValueError
        If it is no JSON object.
    """
    try:
        header = _decoded(json.loads(text))
    except RecursionError:
        raise ValueError("the header is nested too deeply") from None
    if not isinstance(header, dict):
        raise ValueError("the header is no object")
    return header


def _encoded(value):
    """Mark tuples, because JSON has only lists and some optimizers ask which it is."""
    if isinstance(value, tuple):
        return {"(tuple)": [_encoded(item) for item in value]}
    if isinstance(value, list):
        return [_encoded(item) for item in value]
    if isinstance(value, dict):
        return {key: _encoded(item) for key, item in value.items()}
    return value


def _decoded(value):
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if isinstance(value, dict):
        if [*value] == ["(tuple)"] and isinstance(value["(tuple)"], list):
            return tuple(_decoded(item) for item in value["(tuple)"])
        return {key: _decoded(item) for key, item in value.items()}
    return value


def can_be_sent(value):
    """Tell whether a value is made of numbers, texts, lists and the like alone."""
    if isinstance(value, list | tuple):
        return all(map(can_be_sent, value))
    return value is None or type(value) in (bool, int, float, str)


def to_bytes(tensors):
    """Return the numbers of tensors, which have one dtype, one after the other."""
    if not tensors:
        return b""
    return torch.cat([tensor.detach().reshape(-1) for tensor in tensors]).numpy().tobytes()


def from_bytes(payload, like):
    """Cut a payload into tensors.

    Parameters
    ----------
    payload : bytes
    like : list of torch.Tensor
        Tensors of the shapes and the one dtype that are expected.

    Returns
    -------
    list of torch.Tensor

    Raises
    ------
    ValueError
        If the payload has another length.
    """
    expected = sum(tensor.numel() * tensor.element_size() for tensor in like)
    if len(payload) != expected:
        raise ValueError(f"{len(payload)} bytes in place of {expected}")
    if not expected:
        return [torch.empty_like(tensor) for tensor in like]
    numbers = torch.frombuffer(bytearray(payload), dtype=like[0].dtype)
    parts = numbers.split([tensor.numel() for tensor in like])
    return [part.view(tensor.shape) for part, tensor in zip(parts, like, strict=True)]
