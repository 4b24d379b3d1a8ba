"""The orders of the images: drawn ahead, they are the same, also from a checkpoint."""

import threading

import pytest
import torch

from descent.training import orders
from descent.training.orders import Orders, draw


def generators():
    return [torch.Generator().manual_seed(seed) for seed in (3, 4)]


def following(drawing, epochs=3):
    return [drawing.next().tolist() for _ in range(epochs)]


def test_each_seed_has_the_orders_of_its_own_stream():
    first, second = generators()
    drawn = draw([first, second], 70)
    assert drawn.dtype == torch.int32 and drawn.device.type == "cpu"
    fresh = generators()
    for _ in range(2):
        assert drawn.tolist() == [torch.randperm(70, generator=one).tolist() for one in fresh]
        drawn = draw([first, second], 70)


def test_orders_that_are_drawn_ahead_are_the_same():
    assert following(Orders(generators(), 70, ahead=True)) == following(
        Orders(generators(), 70, ahead=False)
    )


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("epochs", [0, 1, 2])
def test_the_state_leads_to_the_orders_that_come_next(ahead, epochs):
    drawing = Orders(generators(), 70, ahead)
    following(drawing, epochs)
    state = drawing.state()
    expected = following(drawing)
    for resumed_ahead in (False, True):
        resumed = Orders([torch.Generator() for _ in state], 70, resumed_ahead)
        resumed.load_state(state)
        assert following(resumed) == expected


def test_only_what_is_drawn_ahead_is_drawn_in_another_thread(monkeypatch):
    threads = []

    def recording(*arguments):
        threads.append(threading.current_thread() is threading.main_thread())
        return draw(*arguments)

    monkeypatch.setattr(orders, "draw", recording)
    following(Orders(generators(), 70, ahead=False))
    assert threads == [True] * 3
    threads.clear()
    drawing = Orders(generators(), 70, ahead=True)
    following(drawing, 2)
    drawing._drawn_ahead.result()
    assert threads == [True, False, False]
