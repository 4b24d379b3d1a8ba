"""The engine of this project: `descent.training.epoch.train_epoch` on a stack of seeds."""

import torch

from descent import model
from descent.data.prepared import load_prepared
from descent.optimizers.step import make_step
from descent.training.epoch import train_epoch
from descent.training.networks import Layers
from descent.training.orders import Orders
from descent.training.seeding import generator
from engines import BATCH_SIZE, HIDDEN, LEARNING_RATE, prepared_file


def prepare(folder, momentum, optimizer, seeds, hidden=HIDDEN):
    """Train `seeds` networks together with `optimizer`, named as in the configuration."""
    torch.set_num_threads(1)
    data = load_prepared(prepared_file(folder))
    initialization, shuffling = (
        [generator(0, purpose, optimizer, seed) for seed in range(seeds)]
        for purpose in ("initialization", "order")
    )
    orders = Orders(shuffling, len(data.train_images), ahead=False)
    sizes = model.layer_sizes(data.train_images.shape[1], hidden, data.n_classes)
    parameters = model.initialize(sizes, initialization)
    hyperparameters = {"lr": LEARNING_RATE} | ({"momentum": momentum} if momentum else {})
    step = make_step(optimizer, parameters, hyperparameters)

    def epoch():
        recorded = train_epoch(Layers(parameters), step, data, orders.next(), BATCH_SIZE)
        return recorded["train_loss"].numpy(), recorded["train_accuracy"].numpy()

    @torch.no_grad()
    def predict(test_images):
        images = torch.from_numpy(test_images).expand(seeds, -1, -1)
        return model.predict(model.forward(parameters, images)).numpy()

    return epoch, predict
