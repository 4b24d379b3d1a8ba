"""Random streams: one for each purpose of each run, the same in every version."""

import torch

from descent.training.seeding import generator, stream_seed


def test_every_image_is_used_once_an_epoch_in_a_new_order_for_each_epoch_and_seed():
    orders = [
        torch.randperm(50, generator=order).tolist()
        for order in [generator(0, "order", "v", 0)] * 2 + [generator(0, "order", "v", 1)]
    ]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert orders[0] != orders[1] != orders[2]


def test_streams_differ_by_each_of_their_arguments_and_stay_what_they_are():
    streams = {
        stream_seed(*arguments)
        for arguments in [
            (0, "order", "sgd", 0),
            (1, "order", "sgd", 0),
            (0, "initialization", "sgd", 0),
            (0, "order", "momentum", 0),
            (0, "order", "sgd", 1),
        ]
    }
    assert len(streams) == 5
    assert stream_seed(0, "order", None, 0) not in streams
    # a published run must stay reproducible in later versions
    assert stream_seed(0, "order", "sgd_scratch", 0) == 17174269606290232149
    assert stream_seed(0, "order", None, 0) == 7983451878373509741
